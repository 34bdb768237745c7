//! Many draws on one host: made together, judged one by one.

use std::collections::BTreeMap;

use tokio::task::JoinSet;

use super::AT_ONCE;
use super::case::Figures;

/// So many draws share a host.
const SIZE: usize = 40;

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

/// Runs all draws, [`SIZE`] on each host.
pub(crate) async fn in_batches<T, F>(
    draws: impl Iterator<Item = T>,
    run: impl Fn(Vec<T>) -> F,
) -> Figures
where
    T: Send + 'static,
    F: Future<Output = Batch> + Send + 'static,
{
    let mut figures = Figures::default();
    let mut running = JoinSet::new();
    let mut draws = draws.peekable();
    while draws.peek().is_some() {
        if running.len() >= AT_ONCE {
            figures += next(&mut running).await;
        }
        running.spawn(run(draws.by_ref().take(SIZE).collect()));
    }
    while !running.is_empty() {
        figures += next(&mut running).await;
    }
    figures
}

async fn next(running: &mut JoinSet<Batch>) -> Figures {
    let done = running.join_next().await;
    done.expect("one runs").expect("no panic").figures()
}
