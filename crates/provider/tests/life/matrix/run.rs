//! Running many cases, some of them at the same time.

use testkit::proof::{Progress, Proof};
use tokio::task::JoinSet;

use super::case::Figures;

/// Cases that run at the same time; each has a host of its own, and mostly waits for its tasks.
const AT_ONCE: usize = 8;

/// Work that comes out as figures: one case, or several that share a host.
pub(super) struct Job<F> {
    /// The number of its first case.
    pub(super) number: usize,
    pub(super) cases: usize,
    pub(super) work: F,
}

/// Runs all jobs. A fault says how to run its case again, and a panic is a fault like another.
pub(super) async fn all<F>(
    proof: Proof,
    cases: usize,
    jobs: impl IntoIterator<Item = Job<F>>,
) -> Figures
where
    F: Future<Output = Figures> + Send + 'static,
{
    let progress = proof.progress(cases);
    let mut figures = Figures::default();
    let mut running = JoinSet::new();
    for job in jobs {
        if running.len() >= AT_ONCE {
            figures += next(&mut running, &progress).await;
        }
        running.spawn(done(proof, job));
    }
    while !running.is_empty() {
        figures += next(&mut running, &progress).await;
    }
    figures
}

async fn done<F>(proof: Proof, job: Job<F>) -> Figures
where
    F: Future<Output = Figures> + Send + 'static,
{
    let Job {
        number,
        cases,
        work,
    } = job;
    let figures = match tokio::spawn(work).await {
        Ok(figures) => figures,
        Err(panic) => Figures::of(cases, 0, vec![panic.to_string()]),
    };
    figures.with_hint(&proof.again(number))
}

async fn next(running: &mut JoinSet<Figures>, progress: &Progress) -> Figures {
    let done = running.join_next().await;
    let figures = done.expect("one runs").expect("its panics are faults");
    progress.done(figures.cases());
    figures
}
