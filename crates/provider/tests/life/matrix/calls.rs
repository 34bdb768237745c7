//! The API calls of an undisturbed apply, each so that a fault can find it again.

use std::collections::BTreeMap;

use pve_sim::{Entry, Fault, FaultAction};
use tokio::sync::mpsc::UnboundedReceiver;

use super::case::begun;
use super::environments::Phase;

/// One call: the n-th of its kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) pattern: String,
    pub(crate) nth: usize,
}

impl Call {
    fn key(&self) -> (&str, usize, &str) {
        (&self.pattern, self.nth, &self.method)
    }

    pub(crate) fn fault(&self, action: FaultAction) -> Fault {
        let nth = u64::try_from(self.nth).expect("small");
        Fault::on(&self.method, &self.pattern, action)
            .nth(nth)
            .once()
    }

    /// Waits until this very call was made; for ever where it is not.
    pub(crate) async fn made(&self, mut journal: UnboundedReceiver<Entry>) {
        let mut left = self.nth;
        while left > 0 {
            let Some(entry) = journal.recv().await else {
                std::future::pending().await
            };
            let is_alike = entry.method == self.method && pattern(&entry.path) == self.pattern;
            left -= usize::from(is_alike);
        }
    }
}

/// The path, without the ids of tasks, which differ from run to run.
fn pattern(path: &str) -> String {
    let mut parts: Vec<&str> = path.split('/').collect();
    if let Some(place) = parts.iter().position(|part| *part == "tasks")
        && let Some(upid) = parts.get_mut(place + 1)
    {
        *upid = "*";
    }
    parts.join("/")
}

/// The calls of one apply with its plans. Of the polling of a task, which takes as long as it takes,
/// one call for each task counts.
pub(crate) async fn calls_of(phase: Phase) -> Vec<Call> {
    let mut bench = begun(phase).await;
    bench.sim.clear_journal();
    let outcome = bench.terraform.apply(&phase.after()).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    let journal = bench.sim.journal();
    let tasks = journal.iter().filter(|entry| entry.upid.is_some()).count();
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut calls = Vec::new();
    for entry in &journal {
        let pattern = pattern(&entry.path);
        let count = seen
            .entry((entry.method.clone(), pattern.clone()))
            .or_default();
        *count += 1;
        if !pattern.ends_with("/tasks/*/status") || *count <= tasks {
            calls.push(Call {
                method: entry.method.clone(),
                pattern,
                nth: *count,
            });
        }
    }
    // How often a task is asked for shifts the order, and a number is to stand for the same call in
    // every run.
    calls.sort_by(|one, other| one.key().cmp(&other.key()));
    calls
}
