//! Development commands of the em-infra workspace: `cargo xtask --help`.

mod bench;
mod check_schema;
mod ci;
mod clusters;
mod failure;
mod folder;
mod generate;
mod interop;
mod interop_schemas;
mod mutate;
mod prove;
mod simulated_host;
mod tidy;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use pve_sim::PveVersion;

use crate::bench::{Part, Target};
use crate::generate::Generation;
use crate::prove::{Claim, Extent};

/// Development commands of the em-infra workspace.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Task {
    /// Runs everything that has to hold before a change lands.
    Ci,
    /// Prints the figures of design and README from release builds: they count on an idle machine only.
    Bench {
        /// Which of them; all where none is named.
        #[arg(value_enum)]
        parts: Vec<Part>,
    },
    /// Sends the simulated host raw requests made at random, or `check` texts, and fails where one is not answered.
    Fuzz {
        /// Variable files for `check`, not requests for the host.
        #[arg(long)]
        inputs: bool,
        /// How long, at least.
        #[arg(long, default_value_t = 10)]
        minutes: u64,
    },
    /// Compares the simulator's parameter tables with a published API schema of Proxmox VE.
    CheckSchema {
        /// Which tables: `8.4` or `9.2`.
        #[arg(long, value_name = "RELEASE", value_parser = check_schema::release)]
        pve: PveVersion,
        /// The schema: a JSON list of methods with `method`, `path` and `parameters`.
        path: PathBuf,
    },
    /// Writes the files that are made from the table of inputs: Terraform variables, schemas, references.
    Generate {
        /// Write nothing; fail where a file is stale.
        #[arg(long)]
        check: bool,
    },
    /// Runs parsers, schemas and clients by others on what em-infra writes and simulates, and the gate with Terraform 1.10, 1.12 and 1.15.
    Interop,
    /// Changes one thing at a time in the rules of the inputs and looks whether a test notices.
    Mutate {
        /// How long, at most. The next run goes on where this one was cut, as long as sources and tests stay as they are.
        #[arg(long, default_value_t = 90)]
        minutes: u64,
    },
    /// Proves one claim of the README with a run, and prints what was counted; the last line is the summary.
    Prove {
        /// Which claim.
        #[arg(value_enum)]
        claim: Claim,
        /// The long run, where a claim has one.
        #[arg(long)]
        full: bool,
    },
    /// Checks the architecture invariants of ARCHITECTURE.md.
    Tidy,
    /// Validates talhelper's and Talos' configuration, as em-infra renders it, against the schemas they publish.
    InteropSchemas {
        /// talhelper's `talconfig.json`.
        #[arg(long, value_name = "PATH")]
        talconfig: PathBuf,
        /// Talos' `config.schema.json`, once for each minor.
        #[arg(long, value_name = "PATH")]
        talos: Vec<PathBuf>,
    },
}

#[expect(
    clippy::print_stderr,
    reason = "the one place of xtask that reports a failure"
)]
fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Bench { parts } => bench::run(&parts),
        Task::Fuzz { inputs, minutes } => {
            let target = if inputs {
                Target::Inputs
            } else {
                Target::Requests
            };
            bench::fuzz(target, Duration::from_secs(minutes.saturating_mul(60)))
        }
        Task::CheckSchema { pve, path } => check_schema::run(pve, &path),
        Task::Ci => ci::run(),
        Task::Generate { check: false } => generate::run(Generation::Write),
        Task::Generate { check: true } => generate::run(Generation::Check),
        Task::Interop => interop::run(),
        Task::Mutate { minutes } => mutate::run(Duration::from_secs(minutes.saturating_mul(60))),
        Task::Prove { claim, full: false } => prove::run(claim, Extent::Quick),
        Task::Prove { claim, full: true } => prove::run(claim, Extent::Full),
        Task::Tidy => tidy::run(),
        Task::InteropSchemas { talconfig, talos } => interop_schemas::run(&talconfig, &talos),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
