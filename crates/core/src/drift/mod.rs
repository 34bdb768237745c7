//! Drift: what is on the host against what the state says and the configuration wants.
//!
//! Terraform compares only the objects in its state, through the provider that made them. This looks
//! without either: every VM that the inputs want or the state holds is read from the host and compared,
//! and VMs that stand beside them are named (one that an interrupted run left behind, a copy of one of
//! ours, a stranger on a VMID that is meant for us), which no plan can show. Reads only.

mod compare;
mod history;
mod look;
mod mismatch;
mod unmanaged;

pub use compare::{Held, compare};
pub use history::Task;
pub use look::{Drift, DriftError, Found, Histories, look};
pub(crate) use look::{Ground, ground, uuids};
pub use mismatch::{Apply, Mismatch, Wrong};
pub use unmanaged::{Kind, Territory, Unmanaged, leftovers, unmanaged};
