//! How long `em-infra check` takes, from the start of the process to its end.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use files::{Mode, create_atomic};

use crate::failure::Failure;
use crate::interop::run_step;
use crate::tidy::root;

/// The example of k3s-dev, then files of so many lines, each with its bound.
const K3S_DEV: Duration = Duration::from_millis(10);
const LINES: [(usize, Duration); 2] = [
    (1_000, Duration::from_millis(40)),
    (10_000, Duration::from_millis(400)),
];

/// The median counts.
const ROUNDS: usize = 21;

/// Prints the figures and says which of them miss their bound.
#[expect(clippy::print_stdout, reason = "figures are data")]
pub(super) fn run() -> Result<(), Failure> {
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--release", "--locked"]);
    build.args(["--package", "em-infra"]);
    run_step(build)?;
    println!(
        "{}",
        line(
            "the example of k3s-dev",
            &contract::generate::tfvars_example(),
            K3S_DEV
        )?
    );
    for (lines, bound) in LINES {
        println!("{}", line(&format!("{lines} lines"), &nodes(lines), bound)?);
        println!(
            "{}",
            line(&format!("{lines} lines, each wrong"), &wrong(lines), bound)?
        );
    }
    Ok(())
}

fn line(what: &str, text: &str, bound: Duration) -> Result<String, Failure> {
    let folder = root().join("target/bench-check");
    let failed = |source| Failure::Folder {
        path: folder.clone(),
        source,
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let file = folder.join("terraform.tfvars");
    create_atomic(&file, text.as_bytes(), Mode::Public).map_err(Failure::Write)?;
    let mut taken: Vec<Duration> = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        taken.push(once(&folder)?);
    }
    taken.sort_unstable();
    let median = taken[ROUNDS / 2];
    let verdict = if median <= bound { "holds" } else { "MISSED" };
    Ok(format!(
        "check of {what}: {:.1} ms, bound {} ms: {verdict}",
        median.as_secs_f64() * 1000.0,
        bound.as_millis()
    ))
}

#[expect(clippy::disallowed_methods, reason = "it is the clock that is asked")]
fn once(folder: &std::path::Path) -> Result<Duration, Failure> {
    let mut command = Command::new(root().join("target/release/em-infra"));
    command.arg("check").arg(folder);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let started = Instant::now();
    // Refused or not: what counts is how long it takes to say so.
    let status = command.status();
    let took = started.elapsed();
    status.map(|_| took).map_err(|source| Failure::Start {
        command: "em-infra check".to_owned(),
        source,
    })
}

const HEAD: &str = "node = \"pve\"\ndisk_pool = \"local-lvm\"\ncontrol_plane_template = \"talos\"\n\
    cluster_network_cidr = \"10.0.0.0/16\"\nnetwork_gateway = \"10.0.0.1\"\ncluster_cidr = \"10.128.0.0/9\"\n\
    service_cidr = \"172.16.0.0/16\"\ntalos_version = \"v1.13.9\"\nworkers = {\n";

/// A worker on each line.
fn nodes(lines: usize) -> String {
    of_lines(lines, "")
}

/// The same with an attribute that there is not.
fn wrong(lines: usize) -> String {
    of_lines(lines, ", coers = 2")
}

fn of_lines(lines: usize, more: &str) -> String {
    let count = lines.saturating_sub(HEAD.lines().count() + 1);
    let worker = |number: usize| {
        let (third, fourth) = (1 + number / 200, 2 + number % 200);
        let vmid = 10_000 + number;
        format!(
            "  w{number}x = {{ slot = 999, vmid = {vmid}, address = \"10.0.{third}.{fourth}\"{more} }}\n"
        )
    };
    let workers: String = (0..count).map(worker).collect();
    format!("{HEAD}{workers}}}\n")
}
