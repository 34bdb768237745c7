//! The one place where em-infra writes files.
//!
//! Owns: modes, durability, exclusive locks and digests. Every function says what is on disk when
//! the power fails in the middle of it. Refuses: to overwrite in place, to follow a default mode,
//! to know what the bytes mean.

mod append;
mod atomic;
mod create;
mod digest;
mod dir;
mod error;
mod lock;
mod mode;

pub use append::Appender;
pub use atomic::create_atomic;
pub use create::{create_new, new_file};
pub use digest::Digest;
pub use dir::{Published, absolute, create_private_dir, create_private_dirs, publish_dir};
pub use error::{Error, Result};
pub use lock::{ExclusiveLock, lock, try_lock};
pub use mode::Mode;
