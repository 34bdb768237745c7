//! Whether the tests of `contract` notice when a rule is removed or weakened: one change to its source at a time, in a
//! copy, and the quick tests on it.
//!
//! The copy is a workspace of one crate whose tests are one program. Most mutants are switched inside one such program
//! that is built once; those that cannot be switched are built one by one, incrementally. A run that was cut goes on
//! where it was, as long as sources and tests stay what they are. What no test notices is printed, and belongs into one.

mod mutant;
mod program;
mod progress;
mod record;
mod weave;
mod workshop;

use std::sync::Mutex;
use std::time::{Duration, Instant};

use self::mutant::Mutant;
use self::progress::Progress;
use self::record::{Outcome, Record};
use self::weave::Numbered;
use self::workshop::Workshop;
use crate::failure::Failure;

pub(crate) use self::record::recorded;

/// More at once than this would only wait for each other.
const WORKERS_MAX: usize = 8;

/// Tries mutants until the time is over, and records the score of all runs on these sources.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a run by the clock whose result is printed"
)]
pub(crate) fn run(span: Duration) -> Result<(), Failure> {
    let until = Instant::now() + span;
    let mutants = mutant::all(&workshop::sources()?);
    let record = Record::open(&mutants)?;
    let numbered = mutants.iter().enumerate();
    let open: Vec<Numbered<'_>> = numbered
        .filter(|(_, mutant)| !record.is_tried(mutant))
        .collect();
    let record = Mutex::new(record);
    if !open.is_empty() {
        let first = Workshop::open(workshop::FIRST)?;
        let left = together(&first, &open, &record, until)?;
        if !left.is_empty() && Instant::now() < until {
            one_by_one(&left, &record, until)?;
        }
    }
    let record = record
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    println!("{record}");
    record.save()
}

/// Tries those that can be switched in one program; returns the others.
fn together<'a>(
    workshop: &Workshop,
    open: &[Numbered<'a>],
    record: &Mutex<Record>,
    until: Instant,
) -> Result<Vec<Numbered<'a>>, Failure> {
    let (program, left) = workshop.weave(open)?;
    let (left, woven): (Vec<_>, Vec<_>) = open
        .iter()
        .copied()
        .partition(|(number, _)| left.contains(number));
    let progress = Progress::new("in one program", &woven, record, until);
    let outcome = |number| {
        Ok(if program.notices(Some(number))? {
            Outcome::Killed
        } else {
            Outcome::Survived
        })
    };
    let workers = (0..workers()).map(|_| |number, _: &Mutant| outcome(number));
    progress.work(workers)?;
    Ok(left)
}

/// Builds and tries each by itself, in one workshop for each worker.
fn one_by_one(
    open: &[Numbered<'_>],
    record: &Mutex<Record>,
    until: Instant,
) -> Result<(), Failure> {
    let count = workers().min(open.len());
    let workshops: Vec<Workshop> = (0..count)
        .map(|name| Workshop::open(&name.to_string()))
        .collect::<Result<_, _>>()?;
    let progress = Progress::new("one by one", open, record, until);
    progress.work(workshops.iter().map(|workshop| {
        |_, mutant: &Mutant| {
            Ok(match workshop.build_with(mutant)? {
                None => Outcome::Unbuildable,
                Some(program) if program.notices(None)? => Outcome::Killed,
                Some(_) => Outcome::Survived,
            })
        }
    }))
}

fn workers() -> usize {
    let cores = std::thread::available_parallelism();
    cores.map_or(1, std::num::NonZero::get).min(WORKERS_MAX)
}
