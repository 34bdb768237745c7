//! Claims of the README, each proven by a run that counts.
//!
//! A proof prints what it counted and ends with a one-line summary; it fails where the claim does not hold.

mod fidelity;

use crate::failure::Failure;

/// What can be proven.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Claim {
    /// The simulated host answers as recordings of Proxmox VE 9.2 and 8.4 do.
    Fidelity,
}

/// How much of a proof runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What can be waited for.
    Quick,
    /// Everything.
    Full,
}

/// Runs one proof.
pub(crate) fn run(claim: Claim, extent: Extent) -> Result<(), Failure> {
    match (claim, extent) {
        // Every recording is replayed in seconds: there is no shorter run.
        (Claim::Fidelity, Extent::Quick | Extent::Full) => fidelity::run(),
    }
}
