//! Local state operations: what the live state is, what the vault keeps of it, and how it is put back.
//!
//! Owns: reading state files, their hazards, the vault, restoring. Refuses: to encode a state anew, to replace a state
//! file by another inode, to remove a state that is not in the vault. Secrets: a state holds them in clear, so the
//! copies do too (0600 in 0700); nothing else that is written here holds a value of a state or a secret input.

mod apply_journal;
mod content;
mod diff;
mod hazard;
mod inspect;
mod instance;
mod locked;
mod normal;
mod outlook;
mod place;
pub mod rebuild;
pub mod restore;
mod run_lock;
mod scratch;
mod serial;
mod snapshot;
mod stamp;
pub mod vault;

pub use apply_journal::{ApplyJournal, InDoubt, in_doubt, settle};
pub use content::{Content, State, Unusable};
pub use diff::{Change, Difference, difference};
pub use hazard::{Hazard, Weight};
pub use inspect::{InspectError, Inspection};
pub use instance::{Instance, Machine};
pub use locked::{Holder, Lock, LockError, LockedState, Who};
pub use outlook::{Outlook, OutlookError, OutlookRequest};
pub use place::{Backend, Place};
pub use run_lock::{RunLock, RunLockError};
pub use serial::{SerialError, with_serial};
pub use snapshot::{Judgement, SnapshotError, SnapshotRequest, Taken, snapshot};
