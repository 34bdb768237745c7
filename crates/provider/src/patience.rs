//! How long things may take, and the one place that waits between two looks.

use std::time::Duration;

use tf_plugin::{Stop, StopReason};

/// For a clone; a full copy of a large disk takes its time.
pub(crate) const CLONE: Duration = Duration::from_hours(1);
/// For a clone whose task cannot be seen, which may be that of another user or none.
pub(crate) const UNSEEN_CLONE: Duration = Duration::from_secs(5);
/// For any other task of the host.
pub(crate) const TASK: Duration = Duration::from_mins(10);
/// For a lock that somebody else holds, as a backup does.
pub(crate) const LOCK: Duration = Duration::from_mins(30);
/// For the guest to shut down before the plug is pulled, in seconds.
pub(crate) const SHUTDOWN_SECONDS: u32 = 180;
/// For a control plane that was restarted to answer again before the next one is shut down.
pub(crate) const PEER_ANSWERS: Duration = Duration::from_mins(5);
/// For a control plane that is not running to be started by the same apply.
pub(crate) const PEER_STARTS: Duration = Duration::from_secs(5);
/// So often a step is tried again whose answer was lost or that met a lock of the host.
pub(crate) const TRIES: u32 = 5;

/// Pauses that grow from a twentieth of a second to two seconds.
#[derive(Debug, Default)]
pub(crate) struct Pauses {
    taken: u32,
    waited: Duration,
}

impl Pauses {
    /// Waits a little longer than last time.
    #[expect(
        clippy::disallowed_methods,
        reason = "the host has no way to say that a lock was lifted: it has to be asked again"
    )]
    pub(crate) async fn pause(&mut self) {
        let pause = Duration::from_millis(50 << self.taken.min(5)).min(Duration::from_secs(2));
        self.taken += 1;
        self.waited += pause;
        tokio::time::sleep(pause).await;
    }

    /// Returns how long was waited so far.
    pub(crate) fn waited(&self) -> Duration {
        self.waited
    }
}

/// Is ready when nobody waits for the answer any more. When Terraform only asked to stop, the step
/// at hand is finished first.
pub(crate) async fn abandoned(stop: Stop) {
    if stop.stopped().await != StopReason::CallerGone {
        std::future::pending::<()>().await;
    }
}
