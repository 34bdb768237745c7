//! What `em-infra gate` costs beyond the bare four commands on the same environment.
//!
//! Both run in turn, each on a fresh copy of the configuration and a fresh simulated host, so that both see
//! the same machine and the same work. What is compared are neighbours: a machine that is busy with something else
//! for a while slows both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use files::{Mode, create_atomic};

use super::measure::measured;
use super::plan::{Bench, build, inputs_of, median, missed, roomy};
use crate::failure::Failure;
use crate::simulated_host::SimulatedHost;
use crate::tidy::root;

/// How many VMs, and how often.
const SIZES: [(u32, usize); 2] = [(3, 5), (100, 3)];

/// What the gate may take beyond the four commands, and how much of their own time besides.
const BOUND: Duration = Duration::from_millis(1500);
const SHARE: f64 = 0.10;

/// Much faster than a real host: what is measured is Terraform and what surrounds it.
const SPEED: &str = "1000";

/// Prints a line for each size; answers whether all are within the bound.
#[expect(clippy::print_stdout, reason = "figures are data")]
pub(super) fn run() -> Result<bool, Failure> {
    build()?;
    let bench = Bench::prepare()?;
    let scenario = bench.folder.join("host.toml");
    create_atomic(&scenario, roomy().as_bytes(), Mode::Public).map_err(Failure::Write)?;
    let mut held = true;
    for (vms, rounds) in SIZES {
        let mut pairs = Vec::new();
        for round in 0..rounds {
            let bare = four_commands(&bench, &scenario, vms, round)?;
            pairs.push((bare, gated(&bench, &scenario, vms, round)?));
        }
        let Cost { bare, over } = Cost::of(&pairs);
        let bound = (BOUND + bare.mul_f64(SHARE)).as_secs_f64();
        println!(
            "gate of {vms} VMs: {over:.2} s beyond the four commands, which take {bare:.2?}; bound {bound:.2} s{}",
            missed(over <= bound)
        );
        held &= over <= bound;
    }
    Ok(held)
}

/// Medians over the rounds.
#[derive(Debug, PartialEq)]
struct Cost {
    bare: Duration,
    /// Seconds, below nothing where the machine was busier during the four commands.
    over: f64,
}

impl Cost {
    fn of(pairs: &[(Duration, Duration)]) -> Self {
        let mut bare: Vec<Duration> = pairs.iter().map(|(bare, _)| *bare).collect();
        let mut over: Vec<f64> = pairs
            .iter()
            .map(|(bare, gate)| gate.as_secs_f64() - bare.as_secs_f64())
            .collect();
        over.sort_by(f64::total_cmp);
        Self {
            bare: median(&mut bare),
            over: over[over.len() / 2],
        }
    }
}

fn four_commands(
    bench: &Bench,
    scenario: &Path,
    vms: u32,
    round: usize,
) -> Result<Duration, Failure> {
    let environment = environment(bench, &format!("bare-{vms}-{round}"), vms)?;
    let host = SimulatedHost::start(&bench.program, scenario, SPEED)?;
    let commands: [&[&str]; 4] = [
        &["init", "-input=false"],
        &["plan", "-input=false", "-out=plan"],
        &["apply", "-input=false", "plan"],
        &["plan", "-input=false"],
    ];
    let mut took = Duration::ZERO;
    for arguments in commands {
        let mut command = bench.command(&bench.terraform);
        command
            .arg(format!("-chdir={}", environment.display()))
            .args(arguments);
        took += time(command, &host, bench)?;
    }
    Ok(took)
}

fn gated(bench: &Bench, scenario: &Path, vms: u32, round: usize) -> Result<Duration, Failure> {
    let environment = environment(bench, &format!("gate-{vms}-{round}"), vms)?;
    let host = SimulatedHost::start(&bench.program, scenario, SPEED)?;
    let mut command = bench.command(&bench.program);
    command
        .args(["gate", "--yes", "--format", "json"])
        .arg(&environment)
        .env("EM_INFRA_TERRAFORM", &bench.terraform);
    time(command, &host, bench)
}

fn time(mut command: Command, host: &SimulatedHost, bench: &Bench) -> Result<Duration, Failure> {
    let (id, secret) = host.token()?;
    command
        .env("TF_VAR_proxmox_api_url", host.text("url")?)
        .env("TF_VAR_proxmox_api_token_id", id)
        .env("TF_VAR_proxmox_api_token_secret", secret)
        .env("TF_VAR_proxmox_tls_insecure", "true")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // The peak of memory is not asked for: no program runs below this folder.
    Ok(measured(command, &bench.folder.join("nobody"))?.took)
}

/// A copy of module and environment, with inputs for so many VMs.
fn environment(bench: &Bench, name: &str, vms: u32) -> Result<PathBuf, Failure> {
    let from = root().join("terraform");
    let to = bench.folder.join(name).join("terraform");
    for folder in ["modules/talos-cluster", "environments/k3s-dev"] {
        files::create_private_dirs(&to.join(folder)).map_err(Failure::Write)?;
        for path in configuration(&from.join(folder))? {
            let text = fs::read(&path).map_err(|source| Failure::Read {
                path: path.clone(),
                source,
            })?;
            let copy = to.join(folder).join(path.file_name().unwrap_or_default());
            create_atomic(&copy, &text, Mode::Public).map_err(Failure::Write)?;
        }
    }
    let environment = to.join("environments/k3s-dev");
    let inputs = environment.join("terraform.tfvars");
    create_atomic(&inputs, inputs_of(vms).as_bytes(), Mode::Public).map_err(Failure::Write)?;
    Ok(environment)
}

fn configuration(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|source| Failure::Folder {
        path: folder.to_owned(),
        source,
    })?;
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    Ok(paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "tf"))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_round_cost_beyond_is_told_by_its_neighbour() {
        let seconds = Duration::from_secs;
        let pairs = [(1, 3), (10, 12), (20, 15)].map(|(bare, gate)| (seconds(bare), seconds(gate)));
        let cost = Cost {
            bare: seconds(10),
            over: 2.0,
        };
        assert_eq!(Cost::of(&pairs), cost);
    }
}
