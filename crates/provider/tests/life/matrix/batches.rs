//! Many draws on one host: made together, judged one by one.

use std::collections::BTreeMap;

use testkit::proof::{Extent, Proof, extent};

use super::case::Figures;
use super::run::{self, Job};

/// So many draws share a host.
const SIZE: usize = 40;

/// So many draws there are in a full run.
const ALL: usize = 10_000;

/// What came out of the draws of one host.
pub(crate) struct Batch {
    cases: usize,
    /// By the place of the draw.
    faults: BTreeMap<usize, String>,
    /// What no draw can be named for.
    errors: Vec<String>,
    writes: usize,
}

impl Batch {
    pub(crate) fn of(cases: usize) -> Self {
        Self {
            cases,
            faults: BTreeMap::new(),
            errors: Vec::new(),
            writes: 0,
        }
    }

    pub(crate) fn fault(&mut self, place: usize, what: &str) {
        self.faults.entry(place).or_insert_with(|| what.to_owned());
    }

    /// An error counts for the VM that it names; those start at 8010.
    pub(crate) fn error(&mut self, text: &str) {
        let vmid = text
            .split_whitespace()
            .find_map(|word| word.parse::<usize>().ok());
        match vmid.and_then(|vmid| vmid.checked_sub(8010)) {
            Some(place) if place < self.cases => self.fault(place, text),
            _ => self.errors.push(text.to_owned()),
        }
    }

    /// A write is to the VM whose VMID is in its path.
    pub(crate) fn write(&mut self, request: &str) {
        self.writes += 1;
        let vmid = request
            .split('/')
            .find_map(|part| part.parse::<usize>().ok());
        match vmid.and_then(|vmid| vmid.checked_sub(8010)) {
            Some(place) if place < self.cases => self.fault(place, request),
            _ => self.errors.push(request.to_owned()),
        }
    }

    pub(crate) fn explain(&mut self, draw: impl Fn(usize) -> String) {
        for (place, fault) in &mut self.faults {
            *fault = format!("{}: {fault}", draw(*place));
        }
    }

    fn figures(self) -> Figures {
        let faults = self.faults.into_values().chain(self.errors).collect();
        Figures::of(self.cases, self.writes, faults)
    }
}

/// Runs the draws, [`SIZE`] on each host: the first `sample`, or all, or the batch with the one that
/// was asked for.
pub(crate) async fn in_batches<T, F>(
    proof: Proof,
    sample: usize,
    mut draw: impl FnMut() -> T,
    run: impl Fn(Vec<T>) -> F,
) -> Figures
where
    T: Send + 'static,
    F: Future<Output = Batch> + Send + 'static,
{
    let (count, only) = match extent() {
        Extent::Sample => (sample, None),
        Extent::Full => (ALL, None),
        Extent::Case(number) => (ALL.min(number + SIZE), Some(number / SIZE)),
    };
    let batches = (0..count).step_by(SIZE).map(|number| {
        // What comes before the batch that was asked for has to be drawn as well.
        let draws: Vec<T> = (number..count.min(number + SIZE)).map(|_| draw()).collect();
        (number, draws)
    });
    let asked = |number: usize| only.is_none_or(|only| number / SIZE == only);
    let jobs = batches
        .filter(|(number, _)| asked(*number))
        .map(|(number, draws)| Job {
            number,
            cases: draws.len(),
            work: figures(run(draws)),
        });
    run::all(proof, count, jobs).await
}

async fn figures(batch: impl Future<Output = Batch>) -> Figures {
    batch.await.figures()
}
