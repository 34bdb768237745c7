//! The provider survives anything and touches nothing that is not its own: tests, in process and through real
//! Terraform, whose figures are printed and whose failure is the proof's.

use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::prove::Extent;
use crate::tidy::root;

/// A claim and the tests that prove it.
pub(super) struct Proof {
    pub(super) claim: &'static str,
    pub(super) suites: &'static [Suite],
    pub(super) summary: &'static str,
}

/// Tests of one program that print figures.
pub(super) struct Suite {
    package: &'static str,
    program: &'static str,
    tests: &'static str,
    /// How many lines of figures they print.
    lines: usize,
    work: Work,
}

/// Who works while the tests run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Work {
    /// The tests themselves: a long run of them is worth optimizing.
    Own,
    /// Terraform, or files: the build that is there already is as good.
    Others,
}

impl Suite {
    /// Every test of a program.
    pub(super) const fn all(package: &'static str, program: &'static str, lines: usize) -> Self {
        Self {
            package,
            program,
            tests: "",
            lines,
            work: Work::Others,
        }
    }

    /// The provider in process.
    const fn provider(tests: &'static str, lines: usize) -> Self {
        Self {
            package: "provider",
            program: "life",
            tests,
            lines,
            work: Work::Own,
        }
    }

    /// Local state operations, with Terraform's builtin resource.
    const fn state(tests: &'static str, lines: usize) -> Self {
        Self {
            package: "em-infra-core",
            program: "state",
            tests,
            lines,
            work: Work::Others,
        }
    }

    /// The library around Terraform, with a real Terraform where it needs one.
    pub(super) const fn library(tests: &'static str, lines: usize) -> Self {
        Self {
            package: "em-infra-core",
            program: "defects",
            tests,
            lines,
            work: Work::Others,
        }
    }

    /// The executable, driven by real Terraform.
    pub(super) const fn terraform(tests: &'static str) -> Self {
        Self {
            package: "em-infra",
            program: "e2e",
            tests,
            lines: 1,
            work: Work::Others,
        }
    }
}

pub(super) const SURVIVAL: Proof = Proof {
    claim: "survival",
    suites: &[
        Suite::provider("survival_of", 5),
        Suite::terraform("survival::"),
        Suite::terraform("gpu::"),
    ],
    summary: "every case converged: 0 orphans, 0 doubles, 0 rebuilt, second plans empty",
};

pub(super) const IDENTITY: Proof = Proof {
    claim: "identity",
    suites: &[Suite::provider("matrix::strangers", 1)],
    summary: "0 writes to VMs of others",
};

pub(super) const IDEMPOTENCY: Proof = Proof {
    claim: "idempotency",
    suites: &[
        Suite::provider("matrix::idempotency", 1),
        Suite::terraform("idempotency::"),
    ],
    summary: "every second plan was empty, with and without refresh",
};

pub(super) const STATE: Proof = Proof {
    claim: "state",
    suites: &[
        Suite::state("kill::", 7),
        Suite::state("disasters::", 1),
        Suite::terraform("disasters::"),
    ],
    summary: "old or new after every kill; every disaster over after one restore or rebuild; 0 VMs built anew",
};

/// Runs the tests of one proof. They fail where a bound does not hold.
#[expect(clippy::print_stdout, reason = "a proof prints what it counted")]
pub(super) fn run(proof: &Proof, extent: Extent) -> Result<(), Failure> {
    for suite in proof.suites {
        figures(proof.claim, suite, extent)?;
    }
    println!("{}: {}", proof.claim, proof.summary);
    Ok(())
}

/// Runs the tests of a suite, and prints and answers their figures.
#[expect(clippy::print_stdout, reason = "a proof prints what it counted")]
pub(super) fn figures(
    claim: &'static str,
    suite: &Suite,
    extent: Extent,
) -> Result<Vec<String>, Failure> {
    let (extent, speed): (_, &[&str]) = match (extent, suite.work) {
        (Extent::Quick, _) => ("sample", &["--quiet"]),
        (Extent::Full, Work::Own) => ("full", &["--release"]),
        (Extent::Full, Work::Others) => ("full", &[]),
    };
    let target = ["--package", suite.package, "--test", suite.program];
    let arguments = [&["test", "--locked"], speed, &target].concat();
    let output = Command::new("cargo")
        .args(&arguments)
        .args(["--", suite.tests, "--nocapture"])
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
    if !output.status.success() || figures.len() != suite.lines {
        return Err(Failure::Unproven {
            claim,
            reason: format!("the tests `{}` did not hold\n{text}", suite.tests),
        });
    }
    Ok(figures.into_iter().map(str::to_owned).collect())
}
