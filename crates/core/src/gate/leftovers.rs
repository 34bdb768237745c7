//! What runs that were killed left half done: a saved plan, and the output of the step they were at.
//!
//! Both hold secrets in clear. A run ends only after its logs were swept and its plans removed, so whatever
//! lies in the directory of a run without an end is looked after by the next one.

use std::fs;
use std::path::{Path, PathBuf};

use super::GateError;
use super::kept::{Sweep, digests_of};
use super::rows::Row;
use crate::evidence::{Chain, history};

/// Files of cut-off runs.
#[derive(Debug, Default)]
pub(super) struct Leftovers {
    pub(super) plans: Vec<PathBuf>,
    pub(super) logs: Vec<PathBuf>,
}

/// The files of the runs below `base` that did not end, `own` left out. Only the run that holds the lock may
/// ask: then no other one goes on.
pub(super) fn of(base: &Path, own: &str) -> Leftovers {
    let ended: Vec<String> = history(base)
        .unwrap_or_default()
        .into_iter()
        .filter(|run| run.end.is_some())
        .map(|run| run.run)
        .collect();
    let mut left = Leftovers::default();
    for run in listing(&base.join("runs")) {
        let name = run.file_name().unwrap_or_default().to_string_lossy();
        if name != own && !ended.iter().any(|ended| *ended == name) {
            left.take(&run);
        }
    }
    left
}

/// Removes saved plans; answers those that were there.
pub(super) fn remove(plans: &[PathBuf]) -> files::Result<Vec<PathBuf>> {
    for plan in plans {
        files::remove_file(plan)?;
    }
    Ok(plans.to_vec())
}

/// Says in the record of each run what its files are going to be, so that they do not look changed by somebody.
pub(super) fn note(sweeps: &[&Sweep]) -> Result<(), GateError> {
    for sweep in sweeps {
        let files = digests_of([*sweep]);
        Chain::open(&sweep.run().join("record.jsonl"))?.append(&Row::Swept { files })?;
    }
    Ok(())
}

/// Run and name of each file.
pub(super) fn names(paths: &[PathBuf]) -> Vec<String> {
    let short = |path: &PathBuf| {
        let run = path.parent().and_then(Path::file_name).unwrap_or_default();
        let name = path.file_name().unwrap_or_default();
        format!("{}/{}", run.to_string_lossy(), name.to_string_lossy())
    };
    paths.iter().map(short).collect()
}

impl Leftovers {
    fn take(&mut self, run: &Path) {
        for path in listing(run) {
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("tfplan") => self.plans.push(path),
                // The record is sealed row by row and holds no output.
                Some("jsonl" | "txt") if path.file_name() != Some("record.jsonl".as_ref()) => {
                    self.logs.push(path);
                }
                Some(_) | None => {}
            }
        }
    }
}

fn listing(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    paths.sort();
    paths
}
