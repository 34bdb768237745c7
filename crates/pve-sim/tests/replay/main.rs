//! Replays recordings of Proxmox's own API code against the simulator, over real HTTP.
//!
//! Each recording builds its world, sends its steps in order and compares status, reason, body, task
//! result and follow-up reads. What differs must be listed in `differences.rs` with its reason; a listed
//! step that no longer differs fails as well.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test prints its figures, and ends where it cannot go on"
)]

mod build;
mod client;
mod compare;
mod differences;
mod run;

use std::collections::BTreeSet;
use std::path::Path;

use pve_sim::PveVersion;
use serde_json::Value;

use crate::run::Outcome;

fn recordings(release: &str) -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/recordings")
        .join(release);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (
                name,
                serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap(),
            )
        })
        .collect()
}

async fn replay(version: PveVersion) {
    let release = format!("pve-{}", version.release());
    let mut outcomes: Vec<Outcome> = Vec::new();
    for (name, recording) in recordings(&release) {
        outcomes.extend(run::replay(version, &name, &recording).await);
    }
    let listed: BTreeSet<(&str, usize)> = differences::of(version).map(|d| (d.0, d.1)).collect();
    let is_listed = |o: &Outcome| listed.contains(&(o.scenario.as_str(), o.step));
    let differing = || {
        outcomes
            .iter()
            .filter(|outcome| !outcome.problems.is_empty())
    };
    let unlisted: Vec<&Outcome> = differing().filter(|o| !is_listed(o)).collect();
    let stale: Vec<_> = listed
        .iter()
        .filter(|(name, step)| !differing().any(|o| o.scenario == *name && o.step == *step))
        .collect();
    for outcome in &unlisted {
        println!("{} #{} {}", outcome.scenario, outcome.step, outcome.note);
        outcome
            .problems
            .iter()
            .for_each(|problem| println!("    {problem}"));
    }
    let grave = outcomes
        .iter()
        .filter(|outcome| outcome.wrong_status || outcome.wrong_afterwards)
        .count();
    // `cargo xtask prove fidelity` reads this line.
    println!(
        "fidelity {release}: {} steps replayed, {} matched, {} listed as different, {} not listed, \
         {grave} in status or existence",
        outcomes.len(),
        outcomes.len() - differing().count(),
        listed.len() - stale.len(),
        unlisted.len(),
    );
    assert_eq!(
        stale,
        Vec::<&(&str, usize)>::new(),
        "listed but no longer different"
    );
    assert_eq!(unlisted.len(), 0, "steps differ and are not listed");
    assert_eq!(
        grave, 0,
        "steps differ in status or in what exists afterwards"
    );
    assert!(
        listed.len() * 100 < outcomes.len() * 3,
        "too many differences are listed"
    );
}

#[tokio::test]
async fn pve_9_2_answers_as_recorded() {
    replay(PveVersion::V9_2).await;
}

#[tokio::test]
async fn pve_8_4_answers_as_recorded() {
    replay(PveVersion::V8_4).await;
}

#[test]
fn the_readme_lists_the_known_differences() {
    let readme = include_str!("../../README.md");
    let table = readme.split("<!-- differences -->").nth(1).unwrap();
    let table = table.split("<!-- /differences -->").next().unwrap();
    let shown: Vec<&str> = table
        .lines()
        .filter(|line| line.starts_with("| 9.2") || line.starts_with("| 8.4"))
        .collect();
    let listed: Vec<String> = [PveVersion::V9_2, PveVersion::V8_4]
        .into_iter()
        .flat_map(|version| {
            differences::of(version).map(move |(scenario, step, reason)| {
                format!("| {} | {scenario} | {step} | {reason} |", version.release())
            })
        })
        .collect();
    assert_eq!(shown, listed);
}
