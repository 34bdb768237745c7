//! The client against a peer that plays written answers: recorded bytes, broken ones, and none.

mod answers;
mod login;
mod outcomes;
mod peer;
mod tasks;
mod trust;

use pve_api::{NodeName, VmId};

fn node() -> NodeName {
    NodeName::new("pve").expect("a name")
}

fn vmid(number: u32) -> VmId {
    VmId::new(number).expect("a VMID")
}
