//! Whether the evidence is still as it was written.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::EvidenceError;
use super::chain::{self, Breach, Rows};
use super::ledger::{self, Read, Run, digests};

/// Something about the evidence that a reader must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "about", rename_all = "kebab-case")]
pub enum Finding {
    /// The ledger itself.
    Ledger(Breach),
    /// The record of a run.
    Record {
        /// The run.
        run: String,
        /// What is wrong with it.
        #[serde(flatten)]
        breach: Breach,
    },
    /// A file is not as the run left it.
    FileChanged {
        /// The run.
        run: String,
        /// The file.
        file: String,
    },
    /// A file is gone.
    FileMissing {
        /// The run.
        run: String,
        /// The file.
        file: String,
    },
    /// A file came later.
    FileAdded {
        /// The run.
        run: String,
        /// The file.
        file: String,
    },
    /// The directory of a run is gone.
    RunMissing {
        /// The run.
        run: String,
    },
    /// A run left a directory, and the ledger does not know it.
    RunUnknown {
        /// The run.
        run: String,
    },
    /// The record of a run ends, and the ledger does not know how.
    EndMissing {
        /// The run.
        run: String,
    },
    /// A run began and did not end.
    CutOff {
        /// The run.
        run: String,
    },
    /// A run goes on.
    Running {
        /// The run.
        run: String,
    },
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// The evidence is not as it was written.
    Tampered,
    /// It is as it was written, and incomplete: a run was killed, or goes on.
    Incomplete,
}

/// What [`verify`] saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// The runs that the ledger knows.
    pub runs: Vec<Run>,
    /// What a reader must know.
    pub findings: Vec<Finding>,
    /// The digest of the ledger's last row: kept elsewhere, it fixes all that is before it.
    pub head: Option<String>,
}

/// Looks at the ledger, every record and every file of every run below `base`.
pub fn verify(base: &Path) -> Result<Verification, EvidenceError> {
    let Read {
        runs,
        breaches,
        head,
    } = ledger::read(base)?;
    let mut findings: Vec<Finding> = breaches.into_iter().map(Finding::Ledger).collect();
    let directories = recorded(base)?;
    // Asked before the runs are read: a run that ends in between is then at worst called running.
    let working = is_working(base)?;
    for run in &runs {
        let directory = base.join("runs").join(&run.run);
        if directory.is_dir() {
            findings.extend(of_run(run, &directory, working)?);
        } else {
            findings.push(Finding::RunMissing {
                run: run.run.clone(),
            });
        }
    }
    let known: BTreeSet<&String> = runs.iter().map(|run| &run.run).collect();
    let unknown = directories.iter().filter(|run| !known.contains(run));
    findings.extend(unknown.map(|run| Finding::RunUnknown { run: run.clone() }));
    let head = head.map(|digest| digest.to_string());
    Ok(Verification {
        runs,
        findings,
        head,
    })
}

/// The members of a record's rows that matter here.
#[derive(Deserialize)]
struct RecordRow {
    row: String,
    #[serde(default)]
    files: BTreeMap<String, String>,
}

fn of_run(run: &Run, directory: &Path, working: bool) -> Result<Vec<Finding>, EvidenceError> {
    let name = || run.run.clone();
    let Rows {
        sound, breaches, ..
    } = chain::read::<RecordRow>(&directory.join("record.jsonl"))?;
    let mut findings: Vec<Finding> = breaches
        .into_iter()
        .map(|breach| Finding::Record {
            run: name(),
            breach,
        })
        .collect();
    let there = digests(directory)?;
    if let Some(end) = &run.end {
        let kept = as_written([&end.files]);
        findings.extend(differences(&run.run, &kept, &there));
        let added = there.keys().filter(|file| !end.files.contains_key(*file));
        findings.extend(added.map(|file| Finding::FileAdded {
            run: name(),
            file: file.clone(),
        }));
        return Ok(findings);
    }
    let ended = sound.last().is_some_and(|row| row.row == "end");
    let kept = as_written(sound.iter().map(|row| &row.files));
    findings.extend(differences(&run.run, &kept, &there));
    findings.push(match (working, ended) {
        (true, _) => Finding::Running { run: name() },
        (false, true) => Finding::EndMissing { run: name() },
        (false, false) => Finding::CutOff { run: name() },
    });
    Ok(findings)
}

/// The digests that a file may have. A run that was killed while it took a secret out has said what the file will be, and
/// left it as it was or as it said.
type Written = BTreeMap<String, BTreeSet<String>>;

fn as_written<'f>(said: impl IntoIterator<Item = &'f BTreeMap<String, String>>) -> Written {
    let mut written = Written::new();
    for (file, digest) in said.into_iter().flatten() {
        written
            .entry(file.clone())
            .or_default()
            .insert(digest.clone());
    }
    written
}

fn differences(run: &str, expected: &Written, there: &BTreeMap<String, String>) -> Vec<Finding> {
    let of = |(file, digests): (&String, &BTreeSet<String>)| {
        let (run, file) = (run.to_owned(), file.clone());
        match there.get(&file) {
            None => Some(Finding::FileMissing { run, file }),
            Some(found) if !digests.contains(found) => Some(Finding::FileChanged { run, file }),
            Some(_) => None,
        }
    };
    expected.iter().filter_map(of).collect()
}

/// The runs that left a record. A directory without one was made for a run that never began.
fn recorded(base: &Path) -> Result<BTreeSet<String>, EvidenceError> {
    let path = base.join("runs");
    let failed = |source| EvidenceError::Read {
        path: PathBuf::clone(&path),
        source,
    };
    let entries = match fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(source) => return Err(failed(source)),
    };
    let mut runs = BTreeSet::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if entry.path().join("record.jsonl").exists() {
            runs.insert(entry.file_name().to_string_lossy().into_owned());
        }
    }
    Ok(runs)
}

fn is_working(base: &Path) -> Result<bool, EvidenceError> {
    let lock = base.join("gate.lock");
    Ok(lock.exists() && files::try_lock(&lock)?.is_none())
}

impl Finding {
    /// How much it weighs.
    pub fn weight(&self) -> Weight {
        match self {
            // Whoever takes the end out of the ledger gets no more by it than by a kill: a run that proves nothing.
            Self::CutOff { .. } | Self::EndMissing { .. } | Self::Running { .. } => {
                Weight::Incomplete
            }
            Self::Ledger(_)
            | Self::Record { .. }
            | Self::FileChanged { .. }
            | Self::FileMissing { .. }
            | Self::FileAdded { .. }
            | Self::RunMissing { .. }
            | Self::RunUnknown { .. } => Weight::Tampered,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ledger(breach) => write!(f, "evidence.jsonl: {breach}"),
            Self::Record { run, breach } => write!(f, "runs/{run}/record.jsonl: {breach}"),
            Self::FileChanged { run, file } => {
                write!(f, "runs/{run}/{file} is not as the run left it")
            }
            Self::FileMissing { run, file } => write!(f, "runs/{run}/{file} is gone"),
            Self::FileAdded { run, file } => write!(f, "runs/{run}/{file} came after the run"),
            Self::RunMissing { run } => write!(f, "runs/{run} is gone"),
            Self::RunUnknown { run } => write!(f, "runs/{run} is not in evidence.jsonl"),
            Self::EndMissing { run } => {
                write!(
                    f,
                    "runs/{run} was cut off at its very end, before evidence.jsonl said how it ended: it proves nothing"
                )
            }
            Self::CutOff { run } => write!(f, "runs/{run} was cut off: it proves nothing"),
            Self::Running { run } => write!(f, "runs/{run} goes on"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_as_one_of_the_rows_says_or_it_was_changed() {
        let file = |digest: &str| BTreeMap::from([("log".to_owned(), digest.to_owned())]);
        let (before, swept) = (file("before"), file("swept"));
        let written = as_written([&before, &swept]);
        let found = |there| differences("run", &written, &there);
        assert_eq!(found(before.clone()), []);
        assert_eq!(found(swept.clone()), []);
        let (run, file_name) = ("run".to_owned(), "log".to_owned());
        let changed = Finding::FileChanged {
            run: run.clone(),
            file: file_name.clone(),
        };
        assert_eq!(found(file("other")), [changed]);
        let missing = Finding::FileMissing {
            run,
            file: file_name,
        };
        assert_eq!(found(BTreeMap::new()), [missing]);
    }
}
