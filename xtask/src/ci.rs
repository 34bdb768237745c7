//! Everything that has to hold before a change lands, in the order in which it fails fastest.

use std::process::Command;

use crate::failure::Failure;
use crate::generate::{self, Generation};
use crate::interop::{engine, run_step};
use crate::tidy;

/// One cargo command.
struct Step {
    arguments: &'static [&'static str],
    environment: &'static [(&'static str, &'static str)],
}

const STEPS: &[Step] = &[
    Step {
        arguments: &["fmt", "--all", "--check"],
        environment: &[],
    },
    Step {
        arguments: &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--locked",
            "--",
            "-D",
            "warnings",
        ],
        environment: &[],
    },
    Step {
        arguments: &["test", "--workspace", "--locked"],
        environment: &[],
    },
    Step {
        arguments: &["doc", "--workspace", "--no-deps", "--locked"],
        environment: &[("RUSTDOCFLAGS", "-D warnings")],
    },
];

/// Runs every step and stops at the first that fails.
#[expect(clippy::print_stderr, reason = "a long run says where it is")]
pub(crate) fn run() -> Result<(), Failure> {
    tidy::run()?;
    generate::run(Generation::Check)?;
    terraform_fmt()?;
    for step in STEPS {
        eprintln!("xtask: cargo {}", step.arguments.join(" "));
        let mut command = Command::new("cargo");
        command
            .args(step.arguments)
            .envs(step.environment.iter().copied());
        run_step(command)?;
    }
    Ok(())
}

/// The release that a user gets decides how the configuration is laid out.
fn terraform_fmt() -> Result<(), Failure> {
    let mut command = Command::new(engine("1.15")?.program);
    command.args(["fmt", "-check", "-diff", "-recursive", "terraform"]);
    run_step(command)
}
