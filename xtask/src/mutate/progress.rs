//! A list of mutants, the workers that go through it, and a word now and then on how far they are.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::mutant::Mutant;
use super::record::{Outcome, Record};
use super::weave::Numbered;
use crate::failure::Failure;

/// How long nothing is said.
const QUIET: Duration = Duration::from_secs(15);

/// Mutants to be tried in one way.
pub(super) struct Progress<'a> {
    way: &'static str,
    started: Instant,
    until: Instant,
    record: &'a Mutex<Record>,
    mutants: &'a [Numbered<'a>],
    state: Mutex<State>,
}

struct State {
    /// The position of the next one to be tried.
    next: usize,
    done: usize,
    said: Instant,
    failure: Option<Failure>,
}

impl<'a> Progress<'a> {
    #[expect(clippy::disallowed_methods, reason = "it says how long the rest takes")]
    pub(super) fn new(
        way: &'static str,
        mutants: &'a [Numbered<'a>],
        record: &'a Mutex<Record>,
        until: Instant,
    ) -> Self {
        let now = Instant::now();
        Self {
            way,
            started: now,
            until,
            record,
            mutants,
            state: Mutex::new(State {
                next: 0,
                done: 0,
                said: now,
                failure: None,
            }),
        }
    }

    /// Lets the workers try one after the other, until there is none left or the time is over.
    pub(super) fn work<W>(&self, workers: impl Iterator<Item = W>) -> Result<(), Failure>
    where
        W: Fn(usize, &Mutant) -> Result<Outcome, Failure> + Send,
    {
        std::thread::scope(|scope| {
            for worker in workers {
                scope.spawn(move || self.go_on(&worker));
            }
        });
        match lock(&self.state).failure.take() {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }

    fn go_on(&self, worker: &impl Fn(usize, &Mutant) -> Result<Outcome, Failure>) {
        while let Some((number, mutant)) = self.next() {
            let kept = worker(number, mutant).and_then(|outcome| self.keep(mutant, outcome));
            if let Err(failure) = kept {
                lock(&self.state).failure = Some(failure);
            }
        }
    }

    /// The next one, unless the time is over or something went wrong.
    #[expect(clippy::disallowed_methods, reason = "a run by the clock")]
    fn next(&self) -> Option<Numbered<'a>> {
        let mut state = lock(&self.state);
        let is_over = state.failure.is_some() || Instant::now() >= self.until;
        let next = self.mutants.get(state.next).filter(|_| !is_over)?;
        state.next += 1;
        Some(*next)
    }

    #[expect(clippy::print_stdout, reason = "what no test notices is the result")]
    fn keep(&self, mutant: &Mutant, outcome: Outcome) -> Result<(), Failure> {
        if outcome == Outcome::Survived {
            println!("survived: {mutant}");
        }
        let mut record = lock(self.record);
        record.add(mutant, outcome)?;
        self.say(&record);
        Ok(())
    }

    #[expect(
        clippy::disallowed_methods,
        clippy::print_stderr,
        reason = "a long run says where it is"
    )]
    fn say(&self, record: &Record) {
        let now = Instant::now();
        let mut state = lock(&self.state);
        state.done += 1;
        let all = self.mutants.len();
        if now < state.said + QUIET && state.done < all {
            return;
        }
        state.said = now;
        let each = now.duration_since(self.started).as_secs_f64() / count(state.done);
        eprintln!(
            "mutate: {} of {all} {}, {each:.1} s each, {:.0} min left; in all {record}",
            state.done,
            self.way,
            each * count(all - state.done) / 60.0
        );
    }
}

fn count(number: usize) -> f64 {
    u32::try_from(number).map_or(f64::INFINITY, f64::from)
}

/// A worker that panicked has ended the run anyway.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
