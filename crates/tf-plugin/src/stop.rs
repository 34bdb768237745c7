//! Telling a running handler to come to a halt.
//!
//! Terraform never cuts a call short. It asks (`StopProvider`, on the first Ctrl-C), it dies, or it gives
//! up on the process. In all three cases the handler runs on and decides itself what can still be done well.

use tokio::sync::watch;

/// Why a handler should come to a halt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StopReason {
    /// Terraform asked for it and waits for the answer: finish the step, return what there is.
    Asked,
    /// Nobody waits any more: finish the call in flight, start no other step.
    CallerGone,
}

/// A handler's view of the wish to stop. A stop is never taken back, but [`StopReason::Asked`] may turn into
/// [`StopReason::CallerGone`].
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<Option<StopReason>>);

/// The other end: asks the handlers of one caller to stop.
#[derive(Debug, Clone)]
pub struct Stopper(watch::Sender<Option<StopReason>>);

impl Stop {
    /// A handle that never asks, for calls outside a server.
    pub fn never() -> Self {
        Stopper::new().handle()
    }

    /// Says whether to start no further step.
    pub fn is_stopped(&self) -> bool {
        self.reason().is_some()
    }

    /// Why to stop, if so.
    pub fn reason(&self) -> Option<StopReason> {
        *self.0.borrow()
    }

    /// Waits until a stop is asked for. Cancel safe; for use in `select!`.
    pub async fn stopped(&self) -> StopReason {
        let mut receiver = self.0.clone();
        loop {
            if let Some(reason) = *receiver.borrow_and_update() {
                return reason;
            }
            if receiver.changed().await.is_err() {
                // The asking end is gone without having asked: nobody ever will.
                return std::future::pending().await;
            }
        }
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::never()
    }
}

impl Stopper {
    /// A new pair; get the other end from [`Stopper::handle`].
    pub fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// The view of a handler.
    pub fn handle(&self) -> Stop {
        Stop(self.0.subscribe())
    }

    /// Asks to stop.
    pub fn stop(&self, reason: StopReason) {
        self.0.send_if_modified(|current| {
            let change = *current != Some(reason) && *current != Some(StopReason::CallerGone);
            if change {
                *current = Some(reason);
            }
            change
        });
    }
}

impl Default for Stopper {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::{Stop, StopReason, Stopper};

    #[tokio::test]
    async fn a_stop_is_seen_by_every_handle_and_only_gets_worse() {
        let stopper = Stopper::new();
        let (early, stop) = (stopper.handle(), stopper.handle());
        assert!(!stop.is_stopped());
        stopper.stop(StopReason::Asked);
        assert_eq!(early.stopped().await, StopReason::Asked);
        stopper.stop(StopReason::CallerGone);
        stopper.stop(StopReason::Asked);
        assert_eq!(stop.stopped().await, StopReason::CallerGone);
        drop(stopper);
        assert_eq!(stop.reason(), Some(StopReason::CallerGone));
    }

    #[test]
    fn a_handle_without_a_server_never_stops() {
        assert_eq!(Stop::never().reason(), None);
    }
}
