//! Who is still there: the connections, the handlers, and the wish to end.

use std::time::Duration;

use tokio::sync::watch;

use super::environment::Mode;
use crate::stop::StopReason;

/// Terraform waits 60 s for the handshake line and connects at once; one that has not by then is dead.
const PATIENCE: Duration = Duration::from_mins(1);

/// Why serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ended {
    /// The last connection closed and no handler runs.
    LastConnectionClosed,
    /// Terraform, or a signal, said so.
    Told,
    /// Nobody ever connected.
    NobodyCame,
}

/// Counts what keeps the process alive.
#[derive(Clone, Debug)]
pub(crate) struct Life(watch::Sender<State>);

#[derive(Debug, Default)]
struct State {
    connections: usize,
    handlers: usize,
    /// Somebody has been connected.
    met: bool,
    ending: Option<StopReason>,
}

/// Keeps the process alive.
#[must_use]
pub(crate) struct Guard {
    life: Life,
    leave: fn(&mut State),
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.life.0.send_modify(self.leave);
    }
}

impl Life {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(State::default()))
    }

    /// A connection whose client has proven who it is.
    pub(super) fn connection(&self) -> Guard {
        self.0.send_modify(|state| {
            state.connections += 1;
            state.met = true;
        });
        Guard {
            life: self.clone(),
            leave: |state| state.connections -= 1,
        }
    }

    /// A running handler.
    pub(crate) fn handler(&self) -> Guard {
        self.0.send_modify(|state| state.handlers += 1);
        Guard {
            life: self.clone(),
            leave: |state| state.handlers -= 1,
        }
    }

    /// Ends the process as soon as no handler runs; handlers are told why.
    pub(crate) fn end(&self, reason: StopReason) {
        self.0
            .send_modify(|state| state.ending = state.ending.or(Some(reason)));
    }

    /// Waits until the process is to end.
    pub(crate) async fn ending(&self) -> StopReason {
        match self.wait(|state| state.ending.is_some()).await {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }

    /// Waits until no handler runs.
    pub(super) async fn quiet(&self) {
        self.wait(|state| state.handlers == 0).await;
    }

    /// Waits until nothing keeps the process alive.
    pub(super) async fn over(&self, mode: Mode) -> Ended {
        let told = match mode {
            Mode::Managed => {
                if self.nobody_comes().await {
                    return Ended::NobodyCame;
                }
                self.wait(State::is_deserted).await
            }
            Mode::Reattach => {
                self.wait(|state| state.is_deserted() && state.ending.is_some())
                    .await
            }
        };
        if told.is_some() {
            Ended::Told
        } else {
            Ended::LastConnectionClosed
        }
    }

    async fn nobody_comes(&self) -> bool {
        let met = self.wait(|state| state.met || state.ending.is_some());
        tokio::time::timeout(PATIENCE, met).await.is_err()
    }

    /// Waits for a state and says whether the end was asked for by then.
    async fn wait(&self, until: impl Fn(&State) -> bool) -> Option<StopReason> {
        let mut receiver = self.0.subscribe();
        loop {
            {
                let state = receiver.borrow_and_update();
                if until(&state) {
                    return state.ending;
                }
            }
            // `self` holds the sender: the channel cannot close meanwhile.
            if receiver.changed().await.is_err() {
                return std::future::pending().await;
            }
        }
    }
}

impl State {
    fn is_deserted(&self) -> bool {
        self.connections == 0 && self.handlers == 0
    }
}

#[cfg(test)]
mod tests {
    use super::{Ended, Life, Mode, PATIENCE};
    use crate::stop::StopReason;

    /// Whether it is over now, the clock standing still.
    async fn over(life: &Life, mode: Mode) -> Option<Ended> {
        tokio::time::timeout(PATIENCE / 2, life.over(mode))
            .await
            .ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_nobody_calls_gives_up() {
        assert_eq!(Life::new().over(Mode::Managed).await, Ended::NobodyCame);
        assert_eq!(over(&Life::new(), Mode::Reattach).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn connections_and_handlers_keep_it_alive() {
        let life = Life::new();
        let (first, second) = (life.connection(), life.connection());
        let handler = life.handler();
        drop(first);
        assert_eq!(over(&life, Mode::Managed).await, None);
        drop(second);
        assert_eq!(over(&life, Mode::Managed).await, None);
        drop(handler);
        assert_eq!(
            over(&life, Mode::Managed).await,
            Some(Ended::LastConnectionClosed)
        );
        assert_eq!(over(&life, Mode::Reattach).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_told_but_not_before_its_handlers() {
        let life = Life::new();
        let handler = life.handler();
        life.end(StopReason::Asked);
        life.end(StopReason::CallerGone);
        assert_eq!(life.ending().await, StopReason::Asked);
        assert_eq!(over(&life, Mode::Managed).await, None);
        drop(handler);
        assert_eq!(over(&life, Mode::Managed).await, Some(Ended::Told));
        assert_eq!(over(&life, Mode::Reattach).await, Some(Ended::Told));
    }
}
