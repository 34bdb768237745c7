//! The one place where em-infra writes files.
//!
//! Owns: modes, durability, locks and digests. Every function says what is on disk when the power
//! fails in the middle of it. Refuses: to overwrite in place (but for [`LockedFile::rewrite`], whose
//! file others hold open), to follow a default mode, to know what the bytes mean.

mod append;
mod atomic;
mod create;
mod digest;
mod dir;
mod error;
mod kill_point;
mod lock;
mod locked;
mod mode;
mod remove;

pub use append::Appender;
pub use atomic::create_atomic;
pub use create::{create_complete, create_new, new_file};
pub use digest::Digest;
pub use dir::{Published, absolute, create_private_dir, create_private_dirs, publish_dir};
pub use error::{Error, Result};
#[cfg(feature = "kill-points")]
pub use kill_point::{changes_so_far, kill_before_change};
pub use lock::{ExclusiveLock, lock, try_lock};
pub use locked::{Attempt, LockedFile, holder};
pub use mode::Mode;
pub use remove::{remove_file, remove_tree, tighten};
