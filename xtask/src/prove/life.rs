//! The provider survives anything and touches nothing that is not its own: tests of `provider`, whose figures are
//! printed and whose failure is the proof's.

use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::prove::Extent;
use crate::tidy::root;

/// A claim and the tests that prove it.
pub(super) struct Proof {
    claim: &'static str,
    tests: &'static str,
    /// How many lines of figures its tests print.
    lines: usize,
    summary: &'static str,
}

pub(super) const SURVIVAL: Proof = Proof {
    claim: "survival",
    tests: "matrix::survival",
    lines: 3,
    summary: "every case converged: 0 orphans, 0 doubles, 0 rebuilt, second plans empty",
};

pub(super) const IDENTITY: Proof = Proof {
    claim: "identity",
    tests: "matrix::strangers",
    lines: 1,
    summary: "0 writes to VMs of others",
};

pub(super) const IDEMPOTENCY: Proof = Proof {
    claim: "idempotency",
    tests: "matrix::idempotency",
    lines: 1,
    summary: "every second plan was empty, with and without refresh",
};

/// Runs the tests of one proof. They fail where a bound does not hold.
#[expect(clippy::print_stdout, reason = "a proof prints what it counted")]
pub(super) fn run(proof: &Proof, extent: Extent) -> Result<(), Failure> {
    let arguments = [
        "test",
        "--quiet",
        "--locked",
        "--package",
        "provider",
        "--test",
        "life",
    ];
    let extent = match extent {
        Extent::Quick => "sample",
        Extent::Full => "full",
    };
    let output = Command::new("cargo")
        .args(arguments)
        .args(["--", proof.tests, "--nocapture"])
        .env("EM_INFRA_PROVE", extent)
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Failure::Start {
            command: format!("cargo {}", arguments.join(" ")),
            source,
        })?;
    let text = String::from_utf8_lossy(&output.stdout);
    // The test harness writes its dots without a line end, so a line may not start with its figures.
    let figures = text
        .lines()
        .filter_map(|line| Some(line.split_once("figures: ")?.1));
    let figures: Vec<&str> = figures.collect();
    for line in &figures {
        println!("{line}");
    }
    if !output.status.success() || figures.len() != proof.lines {
        return Err(Failure::Unproven {
            claim: proof.claim,
            reason: format!("the tests `{}` did not hold\n{text}", proof.tests),
        });
    }
    println!("{}: {}", proof.claim, proof.summary);
    Ok(())
}
