//! The ledger of the runs below one root module: `.em-infra/evidence.jsonl`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use files::Digest;
use serde::{Deserialize, Serialize};

use super::chain::{self, Chain, Rows};
use super::{Breach, EvidenceError};
use crate::gate::{HostKind, Level, Tool, Verdict};

/// The format of the ledger; a reader refuses another major number.
const SCHEMA: &str = "em-infra-evidence/1.0";

/// A row of the ledger.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "kebab-case")]
pub(super) enum Row {
    /// A run begins.
    Start {
        schema: String,
        run: String,
        time: String,
        host: HostKind,
        tool: Tool,
    },
    /// A run ended.
    End {
        run: String,
        #[serde(flatten)]
        ended: Ended,
    },
}

/// A run as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    /// Its name, which sorts by time.
    pub run: String,
    /// When it began.
    pub started: String,
    /// What kind of host it was about.
    pub host: HostKind,
    /// Who ran it.
    pub tool: Tool,
    /// How it ended; none where it was cut off or goes on.
    pub end: Option<Ended>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// When.
    pub time: String,
    /// What it came to.
    pub verdict: Verdict,
    /// How far that reaches.
    pub level: Option<Level>,
    /// The digest of each file it left.
    pub files: BTreeMap<String, String>,
}

/// The ledger, for one run to write its two rows to.
#[derive(Debug)]
pub(crate) struct Ledger {
    base: PathBuf,
    run: String,
}

impl Ledger {
    /// Writes that `run` begins.
    pub(crate) fn start(
        base: &Path,
        run: &str,
        time: String,
        host: HostKind,
        tool: &Tool,
    ) -> Result<Self, EvidenceError> {
        let ledger = Self {
            base: base.to_owned(),
            run: run.to_owned(),
        };
        ledger.append(&Row::Start {
            schema: SCHEMA.to_owned(),
            run: run.to_owned(),
            time,
            host,
            tool: tool.clone(),
        })?;
        Ok(ledger)
    }

    /// Writes that the run ended.
    pub(crate) fn end(self, ended: Ended) -> Result<(), EvidenceError> {
        let run = self.run.clone();
        self.append(&Row::End { run, ended })
    }

    /// A refused second run writes its rows while the first one works, hence the lock.
    fn append(&self, row: &Row) -> Result<(), EvidenceError> {
        let _lock = files::lock(&self.base.join("evidence.lock"))?;
        Chain::open(&path(&self.base))?.append(row)
    }
}

/// The digest of each file in a directory, by name.
pub(crate) fn digests(directory: &Path) -> Result<BTreeMap<String, String>, EvidenceError> {
    let failed = |source| EvidenceError::Read {
        path: directory.to_owned(),
        source,
    };
    let mut digests = BTreeMap::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        digests.insert(name.into_owned(), Digest::of_file(&path)?.to_string());
    }
    Ok(digests)
}

/// The runs below `base` (usually `.em-infra` in the root module), oldest first, as far as the ledger
/// can be read; whether it can be believed is [`verify`](super::verify)'s question.
pub fn history(base: &Path) -> Result<Vec<Run>, EvidenceError> {
    Ok(read(base)?.runs)
}

/// The providers' versions at the last run that passed, by full name; none where there is no such run.
pub(crate) fn providers_at_last_pass(base: &Path) -> BTreeMap<String, String> {
    let runs = history(base).unwrap_or_default();
    let passed = |run: &Run| {
        let end = run.end.as_ref();
        end.is_some_and(|end| end.verdict == Verdict::Pass)
    };
    let Some(run) = runs.iter().rev().find(|run| passed(run)) else {
        return BTreeMap::new();
    };
    let record = base.join("runs").join(&run.run).join("record.jsonl");
    let rows = chain::read::<InputsRow>(&record).map(|rows| rows.sound);
    let rows = rows.unwrap_or_default();
    rows.into_iter()
        .rev()
        .find_map(|row| row.providers)
        .unwrap_or_default()
}

/// The member of a record's rows that says which providers there were.
#[derive(Deserialize)]
struct InputsRow {
    providers: Option<BTreeMap<String, String>>,
}

/// What the ledger says and what is wrong with it.
pub(super) struct Read {
    pub(super) runs: Vec<Run>,
    pub(super) breaches: Vec<Breach>,
    pub(super) head: Option<Digest>,
}

pub(super) fn read(base: &Path) -> Result<Read, EvidenceError> {
    let Rows {
        sound,
        breaches,
        head,
    } = chain::read::<Row>(&path(base))?;
    let mut runs: Vec<Run> = Vec::new();
    for row in sound {
        match row {
            Row::Start {
                run,
                time,
                host,
                tool,
                ..
            } => runs.push(Run {
                run,
                started: time,
                host,
                tool,
                end: None,
            }),
            Row::End { run, ended } => {
                if let Some(begun) = runs.iter_mut().find(|begun| begun.run == run) {
                    begun.end = Some(ended);
                }
            }
        }
    }
    Ok(Read {
        runs,
        breaches,
        head,
    })
}

fn path(base: &Path) -> PathBuf {
    base.join("evidence.jsonl")
}
