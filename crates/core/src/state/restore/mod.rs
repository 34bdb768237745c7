//! Putting a kept state in place of the live one: a plan first, then, confirmed, its execution.
//!
//! The plan reads and compares. The execution holds Terraform's lock, keeps what it replaces in the vault, writes in
//! place (never another inode: a Terraform that waits for the lock has the old one open), raises the serial above every
//! one that was ever seen (or stale plans would fit again), and records begin and end.

mod execute;
mod live;
mod plan;
mod source;

pub use execute::{ConfirmedRestore, RestoreError, Restored};
pub use live::{Block, Live, LiveMachine};
pub(super) use plan::plan_of;
pub use plan::{Basis, PlanError, RestorePlan, RestoreRequest, plan};
pub use source::Source;
