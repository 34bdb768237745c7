//! A place to die: tests kill the process before a chosen change to the file system.
//!
//! Every function of this crate that changes something passes here before each change. Without the
//! feature `kill-points` this is nothing at all.

/// Passed before each change to the file system.
#[cfg(not(feature = "kill-points"))]
pub(crate) fn reach() {}

#[cfg(feature = "kill-points")]
pub use armed::*;

#[cfg(feature = "kill-points")]
mod armed {
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

    use nix::sys::signal::{Signal, raise};

    static CHANGES: AtomicU64 = AtomicU64::new(0);
    static LAST: AtomicU64 = AtomicU64::new(u64::MAX);

    /// Makes the process end as by `kill -9` before its change number `number`, counted from 0.
    pub fn kill_before_change(number: u64) {
        CHANGES.store(0, SeqCst);
        LAST.store(number, SeqCst);
    }

    /// How many changes there were since the last [`kill_before_change`].
    pub fn changes_so_far() -> u64 {
        CHANGES.load(SeqCst)
    }

    pub(crate) fn reach() {
        if CHANGES.fetch_add(1, SeqCst) == LAST.load(SeqCst) {
            raise(Signal::SIGKILL).expect("a process may end itself");
        }
    }
}
