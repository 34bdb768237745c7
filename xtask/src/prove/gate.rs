//! The gate catches what is wrong, passes what is not, and costs little beyond the four commands.
//!
//! Defects and clean environments are planted by tests, whose figures are added up here and held to the
//! bound; the overhead is measured with a release build, in a full run only.

use super::life::{Suite, figures};
use crate::bench;
use crate::failure::Failure;
use crate::prove::Extent;

const SUITES: [Suite; 2] = [Suite::library("", 6), Suite::terraform("drift::")];

/// How many defects and clean environments a full run must count.
const DEFECTS: usize = 40;
const CLEAN: usize = 20;

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Tally {
    planted: usize,
    caught: usize,
    clean: usize,
    passed: usize,
}

#[expect(clippy::print_stdout, reason = "a proof prints what it counted")]
pub(super) fn run(extent: Extent) -> Result<(), Failure> {
    let mut tally = Tally::default();
    for suite in &SUITES {
        for line in figures("gate", suite, extent)? {
            tally.take(&line);
        }
    }
    if let Some(reason) = tally.objection(extent) {
        return Err(unproven(reason));
    }
    let overhead = match extent {
        Extent::Quick => "overhead not measured (--full)",
        Extent::Full => {
            if bench::gate_overhead()? {
                "overhead within its bound"
            } else {
                return Err(unproven("the overhead misses its bound".to_owned()));
            }
        }
    };
    let Tally {
        planted,
        caught,
        clean,
        passed,
    } = tally;
    println!(
        "gate: {caught} of {planted} defects caught, {passed} of {clean} clean environments passed, {overhead}"
    );
    Ok(())
}

const fn unproven(reason: String) -> Failure {
    Failure::Unproven {
        claim: "gate",
        reason,
    }
}

impl Tally {
    /// Adds `defects WHERE: N planted, N caught` or `clean environments: N run, N passed`.
    fn take(&mut self, line: &str) {
        let Some((what, counts)) = line.split_once(": ") else {
            return;
        };
        let mut numbers = counts
            .split(", ")
            .filter_map(|count| count.split(' ').next()?.parse::<usize>().ok());
        let (Some(first), Some(second)) = (numbers.next(), numbers.next()) else {
            return;
        };
        if what.starts_with("defects ") {
            self.planted += first;
            self.caught += second;
        } else if what.starts_with("clean ") {
            self.clean += first;
            self.passed += second;
        }
    }

    /// Why the figures do not prove the claim.
    fn objection(self, extent: Extent) -> Option<String> {
        if self.planted == 0 || self.clean == 0 {
            return Some("nothing was planted".to_owned());
        }
        if self.caught < self.planted || self.passed < self.clean {
            return Some(format!("{self:?}"));
        }
        let few = self.planted < DEFECTS || self.clean < CLEAN;
        (extent == Extent::Full && few).then(|| {
            format!(
                "{self:?}: a full run plants {DEFECTS} defects and has {CLEAN} clean environments"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.take(line);
        }
        tally
    }

    #[test]
    fn figures_are_added_up_and_held_to_the_bound() {
        let lines = [
            "defects in evidence: 8 planted, 8 caught",
            "defects on the host: 32 planted, 32 caught",
            "clean environments: 20 run, 20 passed",
            "gates killed at events: 3 run, 3 cut off",
        ];
        let all = tally(&lines);
        assert_eq!(
            (all.planted, all.caught, all.clean, all.passed),
            (40, 40, 20, 20)
        );
        assert_eq!(all.objection(Extent::Full), None);
        assert!(tally(&lines[..1]).objection(Extent::Quick).is_some());
        let few = [lines[0], lines[2]];
        assert_eq!(tally(&few).objection(Extent::Quick), None);
        assert!(tally(&few).objection(Extent::Full).is_some());
        let escaped = ["defects x: 41 planted, 40 caught", lines[2]];
        assert!(tally(&escaped).objection(Extent::Full).is_some());
    }
}
