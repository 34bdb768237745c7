//! Whether the tests of `contract` notice when a rule is removed or weakened: one change to its source at a time, in a
//! copy, and the quick tests on it.
//!
//! The copy is a workspace of one crate whose tests are one program, built without optimization and incrementally, so
//! that a mutant costs seconds. What the tests do not notice is printed, and belongs into a test.

mod mutant;
mod record;
mod workshop;

use std::time::{Duration, Instant};

use self::record::Record;
use self::workshop::{Outcome, Workshop};
use crate::failure::Failure;

pub(crate) use self::record::recorded;

/// Tries mutants until the time is over, the most telling ones first, and records the score.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a run by the clock whose result is printed"
)]
pub(crate) fn run(span: Duration) -> Result<(), Failure> {
    let started = Instant::now();
    let workshop = Workshop::open()?;
    let mutants = mutant::all(&workshop.sources()?);
    let mut record = Record::new(mutants.len())?;
    for mutant in &mutants {
        if started.elapsed() >= span {
            break;
        }
        let outcome = workshop.try_out(mutant)?;
        record.add(outcome);
        if outcome == Outcome::Survived {
            println!("survived: {mutant}");
        }
    }
    println!("{record}");
    record.save()
}
