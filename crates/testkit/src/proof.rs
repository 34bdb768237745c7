//! Tests that are a sample of a proof: which of their cases run, how a long run gets on, and the figures it prints.
//!
//! `EM_INFRA_PROVE=full` runs every case, as `cargo xtask prove … --full` does. With a number in its place the one case
//! of a full run runs that has it: a case that fails says which.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A long run says at least this often where it is.
const EVERY: Duration = Duration::from_secs(15);

/// How much of a proof runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// What can be waited for.
    Sample,
    /// Every case.
    Full,
    /// The case of a full run that has this number.
    Case(usize),
}

/// Returns what was asked for.
///
/// # Panics
/// Where that cannot be understood.
#[expect(clippy::disallowed_methods, reason = "a test binary is its own edge")]
pub fn extent() -> Extent {
    match std::env::var("EM_INFRA_PROVE").as_deref() {
        Err(_) | Ok("sample") => Extent::Sample,
        Ok("full") => Extent::Full,
        Ok(number) => Extent::Case(
            number
                .parse()
                .expect("EM_INFRA_PROVE is `full` or a number"),
        ),
    }
}

/// Returns whether every case runs.
pub fn is_full() -> bool {
    extent() == Extent::Full
}

/// A line that `cargo xtask prove` shows.
#[expect(clippy::print_stdout, reason = "a proof prints what it counted")]
pub fn figures(line: impl Display) {
    println!("figures: {line}");
}

/// A test with numbered cases, in the words of `cargo test`.
#[derive(Debug, Clone, Copy)]
pub struct Proof {
    /// The package.
    pub package: &'static str,
    /// The program of its tests.
    pub program: &'static str,
    /// The test.
    pub test: &'static str,
}

impl Proof {
    /// Numbers all cases, and returns those that run: a sample is every `step`-th.
    ///
    /// # Panics
    /// Where a case was asked for that there is not.
    pub fn cases<T>(&self, all: Vec<T>, step: usize) -> Vec<(usize, T)> {
        let count = all.len();
        let numbered = all.into_iter().enumerate();
        match extent() {
            Extent::Sample => numbered.step_by(step).collect(),
            Extent::Full => numbered.collect(),
            Extent::Case(number) => {
                assert!(number < count, "`{}` has {count} cases", self.test);
                numbered.skip(number).take(1).collect()
            }
        }
    }

    /// Returns what to type to run only this case again.
    pub fn again(&self, number: usize) -> String {
        let Self {
            package,
            program,
            test,
        } = self;
        let profile = if cfg!(debug_assertions) {
            ""
        } else {
            " --release"
        };
        format!(
            "EM_INFRA_PROVE={number} cargo test{profile} --package {package} --test {program} {test} -- --nocapture"
        )
    }

    /// Begins to say on stderr where a run of so many cases is; a sample keeps quiet.
    pub fn progress(&self, cases: usize) -> Progress {
        let run = Run {
            test: self.test,
            cases,
            done: AtomicUsize::new(0),
        };
        Progress::of(Arc::new(run), extent())
    }
}

/// A long run, which says where it is as long as this lives.
#[derive(Debug)]
pub struct Progress {
    run: Arc<Run>,
    /// Dropped when it is over, and then the other takes its leave.
    speaker: Option<(Sender<()>, JoinHandle<()>)>,
}

#[derive(Debug)]
struct Run {
    test: &'static str,
    cases: usize,
    done: AtomicUsize,
}

impl Progress {
    fn of(run: Arc<Run>, extent: Extent) -> Self {
        let speaker = (extent == Extent::Full).then(|| {
            let (over, told) = mpsc::channel();
            let run = Arc::clone(&run);
            (over, thread::spawn(move || run.speak(&told)))
        });
        Self { run, speaker }
    }

    /// So many more cases are done.
    pub fn done(&self, cases: usize) {
        self.run.done.fetch_add(cases, Ordering::Relaxed);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some((over, speaker)) = self.speaker.take() {
            drop(over);
            // A panic in there has been printed, and what counts is the cases.
            drop(speaker.join());
        }
    }
}

impl Run {
    #[expect(
        clippy::disallowed_methods,
        clippy::print_stderr,
        reason = "somebody waits for a long run and wants to know how long"
    )]
    fn speak(&self, over: &mpsc::Receiver<()>) {
        let start = Instant::now();
        loop {
            eprintln!("{}", self.line(start.elapsed()));
            if over.recv_timeout(EVERY) != Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
        eprintln!("{}", self.line(start.elapsed()));
    }

    fn line(&self, passed: Duration) -> String {
        let Self { test, cases, done } = self;
        let (done, seconds) = (done.load(Ordering::Relaxed), passed.as_secs());
        let so_far = format!("{test}: {done} of {cases} cases in {seconds} s");
        let left = cases.saturating_sub(done);
        match (seconds * left as u64).checked_div(done as u64) {
            Some(rest) if left > 0 => format!("{so_far}, about {rest} s left"),
            Some(_) | None => so_far,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROOF: Proof = Proof {
        package: "provider",
        program: "life",
        test: "matrix::x",
    };

    #[test]
    fn a_line_says_what_is_done_and_how_long_the_rest_takes() {
        let line = |done, seconds| {
            let run = Run {
                test: "matrix::x",
                cases: 420,
                done: AtomicUsize::new(done),
            };
            run.line(Duration::from_secs(seconds))
        };
        assert_eq!(line(0, 3), "matrix::x: 0 of 420 cases in 3 s");
        assert_eq!(
            line(120, 60),
            "matrix::x: 120 of 420 cases in 60 s, about 150 s left"
        );
        assert_eq!(line(420, 215), "matrix::x: 420 of 420 cases in 215 s");
    }

    #[test]
    fn a_case_says_how_to_run_it_alone() {
        let line = PROOF.again(17);
        assert!(line.starts_with("EM_INFRA_PROVE=17 cargo test "), "{line}");
        let end = " --package provider --test life matrix::x -- --nocapture";
        assert!(line.ends_with(end), "{line}");
    }
}
