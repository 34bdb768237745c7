//! Signals that end other programs.
//!
//! A terminal sends Ctrl-C to the whole process group, so the provider gets it together with Terraform. Terraform
//! then asks the provider to stop, and saves what it answers: a provider that dies of the signal loses the object
//! it is making. SIGHUP is the same with a closed terminal. SIGTERM comes to the whole group when a service
//! manager ends a job: handlers are asked to stop and their answers still go out.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::environment::Mode;

pub(super) struct Signals {
    mode: Mode,
    interrupt: Signal,
    terminate: Signal,
    /// Held, never read: a signal that somebody listens to does not kill.
    _hangup: Signal,
}

impl Signals {
    pub(super) fn take(mode: Mode) -> io::Result<Self> {
        Ok(Self {
            mode,
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            _hangup: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the signal that ends this process.
    pub(super) async fn end(mut self) {
        let ended = match self.mode {
            Mode::Managed => self.terminate.recv().await,
            Mode::Reattach => tokio::select! {
                ended = self.terminate.recv() => ended,
                ended = self.interrupt.recv() => ended,
            },
        };
        if ended.is_none() {
            std::future::pending::<()>().await;
        }
    }
}
