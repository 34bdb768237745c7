//! Long runs: how fast things are, and what happens to the simulated host when it is sent anything at all.

mod gate;
mod measure;
mod plan;
mod snapshot;

use std::process::Command;
use std::time::{Duration, Instant};

use crate::failure::Failure;
use crate::interop::run_step;

/// Requests of one round; every round draws with a seed of its own.
const ROUND: &str = "5000";

/// Prints the figures of a release build; they count on an idle machine only.
pub(crate) fn run() -> Result<(), Failure> {
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--release", "--locked"]);
    command.args(["--package", "pve-sim", "--example", "bench"]);
    run_step(command)?;
    plan::run()?;
    snapshot::run()?;
    gate_overhead().map(drop)
}

/// Prints what the gate costs beyond the four commands; answers whether it is within its bound.
pub(crate) fn gate_overhead() -> Result<bool, Failure> {
    gate::run()
}

/// Runs rounds of random requests until the time is over.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a run by the clock that says where it is"
)]
pub(crate) fn fuzz(span: Duration) -> Result<(), Failure> {
    let started = Instant::now();
    let mut rounds = 0_u64;
    while started.elapsed() < span {
        let mut command = Command::new("cargo");
        command
            .args(["test", "--quiet", "--locked", "--package", "pve-sim"])
            .args(["--test", "fuzz"])
            .env("PROPTEST_CASES", ROUND);
        run_step(command)?;
        rounds += 1;
        let passed = started.elapsed().as_secs();
        eprintln!("xtask: {rounds} rounds of {ROUND} requests answered in {passed} s");
    }
    Ok(())
}
