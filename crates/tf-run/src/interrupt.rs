//! Asking a running Terraform to stop.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A handle to stop Terraform, shared between the one who runs it and the one who sees Ctrl-C.
///
/// Terraform has its own process group, so nothing reaches it but what is sent here. Where several of them run, all are told.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    asked: bool,
    running: BTreeSet<Pid>,
}

impl Interrupt {
    /// Asks once: a running Terraform finishes the step it is at, saves and ends; none is started
    /// after this. Asking again has no effect.
    pub fn ask(&self) {
        let mut state = self.state();
        if !state.asked {
            state.asked = true;
            state.signal();
        }
    }

    /// Tells a running Terraform a second time. It then ends at once and **loses what is in flight**:
    /// for a user who was told so and said yes.
    pub fn insist(&self) {
        let mut state = self.state();
        state.asked = true;
        state.signal();
    }

    /// Whether somebody asked.
    pub fn is_asked(&self) -> bool {
        self.state().asked
    }

    /// Starts a process unless somebody asked; from then on it gets the signals.
    ///
    /// Asking and starting exclude each other, so no request falls between them.
    pub(crate) fn start<T>(
        &self,
        spawn: impl FnOnce() -> io::Result<(T, Pid)>,
    ) -> io::Result<Option<T>> {
        let mut state = self.state();
        if state.asked {
            return Ok(None);
        }
        let (started, pid) = spawn()?;
        state.running.insert(pid);
        Ok(Some(started))
    }

    /// The process has ended and is about to be reaped: its number means nothing any more.
    pub(crate) fn ended(&self, pid: Pid) {
        self.state().running.remove(&pid);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn signal(&self) {
        for pid in &self.running {
            // It fails only where the process has just ended, and then there is nothing to stop.
            kill(*pid, Signal::SIGINT).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_started_once_somebody_asked() {
        let interrupt = Interrupt::default();
        interrupt.ask();
        let started = interrupt
            .start(|| -> io::Result<((), Pid)> { unreachable!() })
            .unwrap();
        assert_eq!(started, None);
    }
}
