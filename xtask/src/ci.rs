//! Everything that has to hold before a change lands, in the order in which it fails fastest.

use std::process::Command;

use crate::failure::Failure;
use crate::generate::{self, Generation};
use crate::tidy;
use crate::tidy::root;

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
pub(crate) fn run() -> Result<(), Failure> {
    tidy::run()?;
    generate::run(Generation::Check)?;
    for step in STEPS {
        cargo(step)?;
    }
    Ok(())
}

#[expect(clippy::print_stderr, reason = "a long run says where it is")]
fn cargo(step: &Step) -> Result<(), Failure> {
    let command = format!("cargo {}", step.arguments.join(" "));
    eprintln!("xtask: {command}");
    let status = Command::new("cargo")
        .args(step.arguments)
        .envs(step.environment.iter().copied())
        .current_dir(root())
        .status()
        .map_err(|source| Failure::Start {
            command: command.clone(),
            source,
        })?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Step { command, status })
    }
}
