//! What needs more than Rust and Python: other releases of Terraform, and a client of Proxmox VE by somebody else.
//!
//! Each pinned release provisions the simulated host through the whole gate, in every shape of the topology. They are fetched from PyPI (64 MB each).
//! The forms of the handoff are read by parsers of others: those of PyPI are fetched, DHCP servers are asked where they are installed.
//! What `check` says as SARIF is held against the published schema.
//! `proxmoxer` takes machines of the simulated host through their whole life.
//! A sealed vault is opened by the `age` program, where it is installed.

mod client;
mod keys;
mod parsers;
mod python;
mod sarif;

use std::path::Path;
use std::process::Command;

use tf_run::{Engine, Env, Pinned};

use crate::failure::Failure;
use crate::tidy::root;

/// The oldest supported release, one in the middle, and the one that a user gets.
const RELEASES: [&str; 3] = ["1.10", "1.12", "1.15"];

/// Runs the independent client, and the gate with every release.
#[expect(clippy::print_stderr, reason = "a long run says where it is")]
pub(crate) fn run() -> Result<(), Failure> {
    parsers::run()?;
    sarif::run()?;
    client::run()?;
    keys::run()?;
    for release in RELEASES {
        let engine = engine(release)?;
        eprintln!("xtask: gate --simulate with {}", engine.release);
        gate(&engine.program)?;
        shapes(release)?;
    }
    eprintln!(
        "xtask: the gate passed with Terraform {}",
        RELEASES.join(", ")
    );
    Ok(())
}

fn gate(engine: &Path) -> Result<(), Failure> {
    let mut command = Command::new("cargo");
    command
        .args(["run", "--quiet", "--release", "--locked", "--"])
        .args(["gate", "--simulate", "--terraform"])
        .arg(engine);
    run_step(command)
}

/// The end-to-end tests of the gate, which read the release from the environment.
fn shapes(release: &str) -> Result<(), Failure> {
    let mut command = Command::new("cargo");
    command
        .args(["test", "--quiet", "--locked", "--package", "em-infra"])
        .args(["--test", "e2e", "--", "gate::"])
        .env("EM_INFRA_TEST_TERRAFORM", release);
    run_step(command)
}

/// A pinned release, fetched unless it is in the cache.
pub(crate) fn engine(release: &str) -> Result<Engine, Failure> {
    let env: Env = std::env::vars_os().collect();
    let pinned = Pinned::matching(release).ok_or_else(|| Failure::Release(release.to_owned()))?;
    Ok(Engine::pinned(&pinned, &env, &mut |_| ())?)
}

/// Runs a command in the root of the workspace, its output where ours goes.
pub(crate) fn run_step(mut command: Command) -> Result<(), Failure> {
    let name = line_of(&command);
    let status = command
        .current_dir(root())
        .status()
        .map_err(|source| Failure::Start {
            command: name.clone(),
            source,
        })?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::Step {
            command: name,
            status,
        })
    }
}

/// The command as a person would type it, without its environment.
pub(crate) fn line_of(command: &Command) -> String {
    let words: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    words.join(" ")
}
