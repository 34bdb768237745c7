//! Claims of the README, each proven by a run that counts.
//!
//! A proof prints what it counted and ends with a one-line summary; it fails where the claim does not hold.

mod fidelity;
mod gate;
mod handoff;
mod inputs;
mod life;

use crate::failure::Failure;

/// What can be proven.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Claim {
    /// The simulated host answers as recordings of Proxmox VE 9.2 and 8.4 do.
    Fidelity,
    /// What the bootstrap gets is complete, valid and stable, and read by parsers that are not ours.
    Handoff,
    /// A bad input is refused before the first write, with the same code by every layer.
    Inputs,
    /// After an apply that was disturbed anywhere, a plain rerun ends where an undisturbed one would have.
    Survival,
    /// VMs of others are never written to, however much they look like ours.
    Identity,
    /// After an apply the next plan is empty, with and without refresh.
    Idempotency,
    /// A lost or damaged state is back with one command, whatever is killed when, and no VM is built anew.
    State,
    /// The gate catches planted defects, passes clean environments, and costs little beyond the four commands.
    Gate,
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
        // Each looks at all there is in seconds: there is no shorter run.
        (Claim::Fidelity, Extent::Quick | Extent::Full) => fidelity::run(),
        (Claim::Handoff, Extent::Quick | Extent::Full) => handoff::run(),
        (Claim::Inputs, extent) => inputs::run(extent),
        (Claim::Survival, extent) => life::run(&life::SURVIVAL, extent),
        (Claim::Identity, extent) => life::run(&life::IDENTITY, extent),
        (Claim::Idempotency, extent) => life::run(&life::IDEMPOTENCY, extent),
        (Claim::State, extent) => life::run(&life::STATE, extent),
        (Claim::Gate, extent) => gate::run(extent),
    }
}
