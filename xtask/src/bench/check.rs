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

/// Ten times the lines take ten times as long, and sorting a third more than that.
const GROWTH_MAX: f64 = 13.0;

/// The median counts.
const ROUNDS: usize = 21;

/// Prints the figures and says which of them miss their bound.
pub(super) fn run() -> Result<(), Failure> {
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--release", "--locked"]);
    build.args(["--package", "em-infra"]);
    run_step(build)?;
    let example = contract::generate::tfvars_example();
    say("the example of k3s-dev", median(&example)?, K3S_DEV);
    growth("lines", nodes)?;
    growth("lines, each wrong", wrong)?;
    growth("lines, each the same VMID", same)
}

/// Files of one kind, and whether the time grows as the lines do.
#[expect(clippy::print_stdout, reason = "figures are data")]
fn growth(what: &str, text: fn(usize) -> String) -> Result<(), Failure> {
    let mut taken = Vec::new();
    for (lines, bound) in LINES {
        let median = median(&text(lines))?;
        say(&format!("{lines} {what}"), median, bound);
        taken.push(median.as_secs_f64());
    }
    let times = taken[1] / taken[0];
    let verdict = if times <= GROWTH_MAX {
        "linear"
    } else {
        "NOT LINEAR"
    };
    println!("check of ten times as many {what}: {times:.1} times as long: {verdict}");
    Ok(())
}

#[expect(clippy::print_stdout, reason = "figures are data")]
fn say(what: &str, median: Duration, bound: Duration) {
    let verdict = if median <= bound { "holds" } else { "MISSED" };
    println!(
        "check of {what}: {:.1} ms, bound {} ms: {verdict}",
        median.as_secs_f64() * 1000.0,
        bound.as_millis()
    );
}

fn median(text: &str) -> Result<Duration, Failure> {
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
    Ok(taken[ROUNDS / 2])
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
    of_lines(lines, |number| (10_000 + number, ""))
}

/// The same with an attribute that there is not.
fn wrong(lines: usize) -> String {
    of_lines(lines, |number| (10_000 + number, ", coers = 2"))
}

/// The same with one VMID for all: each finding names another place, mostly far away.
fn same(lines: usize) -> String {
    of_lines(lines, |_| (10_000, ""))
}

/// `of` gives each worker its VMID and what else its line says.
fn of_lines(lines: usize, of: fn(usize) -> (usize, &'static str)) -> String {
    let count = lines.saturating_sub(HEAD.lines().count() + 1);
    let worker = |number: usize| {
        let (third, fourth) = (1 + number / 200, 2 + number % 200);
        let (vmid, more) = of(number);
        format!(
            "  w{number}x = {{ slot = 999, vmid = {vmid}, address = \"10.0.{third}.{fourth}\"{more} }}\n"
        )
    };
    let workers: String = (0..count).map(worker).collect();
    format!("{HEAD}{workers}}}\n")
}
