//! The simulated host answers as Proxmox VE does: every recorded step is replayed, and the differences are counted.
//!
//! The replay is a test of `pve-sim` that prints one line of figures for each release; the bound is judged here again, so
//! that a weaker assertion there does not pass for a proof.

use std::process::{Command, Stdio};

use crate::failure::Failure;
use crate::tidy::root;

const COMMAND: &[&str] = &[
    "test",
    "--quiet",
    "--locked",
    "--package",
    "pve-sim",
    "--test",
    "replay",
    "--",
    "--nocapture",
];

/// The releases that have recordings.
const RELEASES: [&str; 2] = ["pve-8.4", "pve-9.2"];

/// What the replay of one release counted.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Tally {
    release: String,
    replayed: u64,
    matched: u64,
    listed: u64,
    unlisted: u64,
    /// Steps that differ in status, or in what can be read after them.
    grave: u64,
}

/// Replays every recording of every release.
#[expect(clippy::print_stdout, reason = "a proof prints what it counted")]
pub(super) fn run() -> Result<(), Failure> {
    let output = replay()?;
    let tallies = tallies(&output);
    for tally in &tallies {
        println!(
            "{}: {} steps replayed, {} matched, {} listed, {} not listed, {} differ in status or existence",
            tally.release, tally.replayed, tally.matched, tally.listed, tally.unlisted, tally.grave
        );
    }
    if let Some(reason) = objection(&tallies) {
        println!("{output}");
        return Err(Failure::Unproven {
            claim: "fidelity",
            reason,
        });
    }
    println!("{}", summary(&tallies));
    Ok(())
}

/// What the replay printed; it is judged by its figures, not by its exit code alone.
fn replay() -> Result<String, Failure> {
    let output = Command::new("cargo")
        .args(COMMAND)
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|source| Failure::Start {
            command: format!("cargo {}", COMMAND.join(" ")),
            source,
        })?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(Failure::Unproven {
        claim: "fidelity",
        reason: format!("the replay failed\n{text}"),
    })
}

fn tallies(output: &str) -> Vec<Tally> {
    let mut tallies: Vec<Tally> = output.lines().filter_map(tally).collect();
    tallies.sort_by(|a, b| a.release.cmp(&b.release));
    tallies
}

/// Reads `fidelity RELEASE: N steps replayed, N matched, N listed …, N not listed, N in status or existence`.
fn tally(line: &str) -> Option<Tally> {
    // The test harness writes its dots without a line end, so the line may not start here.
    let (_, line) = line.split_once("fidelity ")?;
    let (release, figures) = line.split_once(": ")?;
    let mut numbers = figures
        .split(", ")
        .map(|figure| figure.split(' ').next()?.parse().ok());
    let mut next = || numbers.next().flatten();
    Some(Tally {
        release: release.to_owned(),
        replayed: next()?,
        matched: next()?,
        listed: next()?,
        unlisted: next()?,
        grave: next()?,
    })
}

/// Why the figures do not prove the claim.
fn objection(tallies: &[Tally]) -> Option<String> {
    let releases: Vec<&str> = tallies.iter().map(|tally| tally.release.as_str()).collect();
    if releases != RELEASES {
        return Some(format!(
            "figures of {} were expected, there are those of [{}]",
            RELEASES.join(" and "),
            releases.join(", ")
        ));
    }
    tallies.iter().find_map(Tally::objection)
}

impl Tally {
    fn objection(&self) -> Option<String> {
        let release = &self.release;
        if self.replayed == 0 || self.matched + self.listed + self.unlisted != self.replayed {
            return Some(format!("{release}: the figures do not add up"));
        }
        if self.unlisted + self.grave > 0 {
            return Some(format!(
                "{release}: {} steps differ and are not listed, {} differ in status or existence",
                self.unlisted, self.grave
            ));
        }
        (self.listed * 100 >= self.replayed * 3).then(|| {
            format!(
                "{release}: {} of {} steps are listed as different, 3% or more",
                self.listed, self.replayed
            )
        })
    }
}

fn summary(tallies: &[Tally]) -> String {
    let sum = |figure: fn(&Tally) -> u64| tallies.iter().map(figure).sum::<u64>();
    format!(
        "fidelity: proven, {} of {} recorded steps match, {} are listed with a reason, none differs in status or existence",
        sum(|tally| tally.matched),
        sum(|tally| tally.replayed),
        sum(|tally| tally.listed)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(release: &str, figures: [u64; 5]) -> String {
        let [replayed, matched, listed, unlisted, grave] = figures;
        format!(
            "fidelity {release}: {replayed} steps replayed, {matched} matched, {listed} listed as different, \
             {unlisted} not listed, {grave} in status or existence"
        )
    }

    fn judged(old: [u64; 5], new: [u64; 5]) -> Option<String> {
        let output = format!(
            "running 3 tests\n..{}\n{}\n",
            line("pve-9.2", new),
            line("pve-8.4", old)
        );
        objection(&tallies(&output))
    }

    #[test]
    fn the_figures_of_both_releases_are_held_to_the_bound() {
        let all = [100, 100, 0, 0, 0];
        assert_eq!(judged(all, all), None);
        assert_eq!(judged([100, 98, 2, 0, 0], all), None);
        let cases = [
            (
                [100, 97, 3, 0, 0],
                "pve-8.4: 3 of 100 steps are listed as different, 3% or more",
            ),
            (
                [100, 99, 1, 0, 1],
                "pve-8.4: 0 steps differ and are not listed, 1 differ in status or existence",
            ),
            ([100, 98, 1, 0, 0], "pve-8.4: the figures do not add up"),
            ([0, 0, 0, 0, 0], "pve-8.4: the figures do not add up"),
        ];
        for (figures, expected) in cases {
            assert_eq!(judged(figures, all).as_deref(), Some(expected));
        }
    }

    #[test]
    fn a_release_that_was_not_replayed_is_no_proof() {
        let one = tallies(&line("pve-9.2", [9, 9, 0, 0, 0]));
        assert_eq!(
            objection(&one).as_deref(),
            Some("figures of pve-8.4 and pve-9.2 were expected, there are those of [pve-9.2]")
        );
    }
}
