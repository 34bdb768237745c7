//! Drift: what is on the host against what the state says and the configuration wants.
//!
//! Terraform compares only the objects in its state. What stands beside them (a VM that an interrupted
//! run left behind, a copy of one of ours, a stranger on a VMID that is meant for us) no plan can show.

mod unmanaged;

pub use unmanaged::{Kind, Territory, Unmanaged, leftovers, unmanaged};
