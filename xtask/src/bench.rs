//! Long runs: how fast things are, and what happens to the simulated host and to `check` when they get anything at all.

mod check;
mod gate;
mod measure;
mod plan;
mod snapshot;

use std::process::Command;
use std::time::{Duration, Instant};

use clap::ValueEnum as _;

use crate::failure::Failure;
use crate::interop::run_step;

/// Cases of one round; every round draws with a seed of its own.
const ROUND: &str = "5000";

/// What is sent anything at all.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// The simulated host: raw requests.
    Requests,
    /// `em-infra check`: variable files, down to what is shown of them.
    Inputs,
}

impl Target {
    /// The tests, in the words of `cargo test`.
    const fn tests(self) -> [&'static str; 5] {
        match self {
            Self::Requests => ["--package", "pve-sim", "--test", "fuzz", "--"],
            Self::Inputs => ["--package", "em-infra", "--bins", "--", "check::fuzz"],
        }
    }

    const fn cases(self) -> &'static str {
        match self {
            Self::Requests => "requests answered",
            Self::Inputs => "texts judged",
        }
    }
}

/// What has figures.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Part {
    /// The simulated host: memory of 1,000 machines, reads a second.
    Sim,
    /// `em-infra check`, by lines and faults.
    Check,
    /// The provider: its start, its memory, and plans beside `terraform_data`.
    Plan,
    /// A snapshot of a state.
    Snapshot,
    /// The gate beside the bare four commands.
    Gate,
}

/// Prints the figures of release builds, of all parts where none is named; they count on an idle machine only.
pub(crate) fn run(parts: &[Part]) -> Result<(), Failure> {
    let parts = if parts.is_empty() {
        Part::value_variants()
    } else {
        parts
    };
    parts.iter().try_for_each(|part| match part {
        Part::Sim => simulated(),
        Part::Check => check::run(),
        Part::Plan => plan::run(),
        Part::Snapshot => snapshot::run(),
        Part::Gate => gate_overhead().map(drop),
    })
}

fn simulated() -> Result<(), Failure> {
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--release", "--locked"]);
    command.args(["--package", "pve-sim", "--example", "bench"]);
    run_step(command)
}

/// Prints what the gate costs beyond the four commands; answers whether it is within its bound.
pub(crate) fn gate_overhead() -> Result<bool, Failure> {
    gate::run()
}

/// Runs rounds of random cases until the time is over.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stderr,
    reason = "a run by the clock that says where it is"
)]
pub(crate) fn fuzz(target: Target, span: Duration) -> Result<(), Failure> {
    let started = Instant::now();
    let mut rounds = 0_u64;
    while started.elapsed() < span {
        let mut command = Command::new("cargo");
        command
            .args(["test", "--quiet", "--locked"])
            .args(target.tests())
            .env("PROPTEST_CASES", ROUND);
        run_step(command)?;
        rounds += 1;
        let passed = started.elapsed().as_secs();
        let cases = target.cases();
        eprintln!("xtask: {rounds} rounds of {ROUND} {cases} in {passed} s");
    }
    Ok(())
}
