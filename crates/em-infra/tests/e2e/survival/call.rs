//! API calls of an undisturbed run, each so that a fault finds it again.

use std::collections::BTreeMap;

use pve_sim::{Entry, Fault, FaultAction};

/// One call: the n-th with this method and path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    method: String,
    path: String,
    nth: usize,
}

impl Call {
    pub(crate) fn new(method: &str, path: &str, nth: usize) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            nth,
        }
    }

    pub(crate) fn fault(&self, action: FaultAction) -> Fault {
        let nth = self.nth.try_into().unwrap();
        Fault::on(&self.method, &self.path, action).nth(nth).once()
    }

    /// Whether the journal shows it.
    pub(crate) fn is_in(&self, journal: &[Entry]) -> bool {
        let alike = journal
            .iter()
            .filter(|entry| entry.method == self.method && path(entry) == self.path);
        alike.count() >= self.nth
    }
}

/// One call of each kind, the middle one of its VM: a kind is a method and a path, whichever VM it is about.
pub(crate) fn kinds(journal: &[Entry]) -> Vec<Call> {
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for entry in journal {
        *counts
            .entry((entry.method.clone(), path(entry)))
            .or_default() += 1;
    }
    let mut kinds: BTreeMap<(String, String), Vec<Call>> = BTreeMap::new();
    for ((method, path), count) in counts {
        let call = Call::new(&method, &path, nth(&path, count));
        kinds.entry((method, masked(&path))).or_default().push(call);
    }
    kinds
        .into_values()
        .filter_map(|mut calls| {
            let middle = calls.len() / 2;
            (middle < calls.len()).then(|| calls.swap_remove(middle))
        })
        .collect()
}

/// How often a task is asked for depends on the time; that it is asked for at all does not.
fn nth(path: &str, count: usize) -> usize {
    if path.contains("/tasks/") {
        1
    } else {
        count.div_ceil(2)
    }
}

/// The path, without the ids of tasks, which differ from run to run.
fn path(entry: &Entry) -> String {
    let mut parts: Vec<&str> = entry.path.split('/').collect();
    if let Some(place) = parts.iter().position(|part| *part == "tasks")
        && let Some(upid) = parts.get_mut(place + 1)
    {
        *upid = "*";
    }
    parts.join("/")
}

/// The path, without VMIDs.
fn masked(path: &str) -> String {
    let parts = path.split('/').map(|part| {
        let is_number = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { "*" } else { part }
    });
    parts.collect::<Vec<_>>().join("/")
}
