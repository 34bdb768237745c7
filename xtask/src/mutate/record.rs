//! The score of the last run, kept beside the tests it speaks of, with a digest of the sources it was made of.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use files::{Digest, Mode, create_atomic};
use serde_json::{Value, json};

use super::workshop::Outcome;
use crate::failure::Failure;
use crate::tidy::root;

/// Where the last score is.
const PATH: &str = "crates/contract/tests/mutation-score.json";

/// How a run went.
pub(super) struct Record {
    /// The digest of the sources as they were copied.
    sources: String,
    known: usize,
    killed: usize,
    survived: usize,
    unbuildable: usize,
}

impl Record {
    pub(super) fn new(known: usize) -> Result<Self, Failure> {
        Ok(Self {
            sources: sources_digest()?,
            known,
            killed: 0,
            survived: 0,
            unbuildable: 0,
        })
    }

    pub(super) fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Killed => self.killed += 1,
            Outcome::Survived => self.survived += 1,
            Outcome::Unbuildable => self.unbuildable += 1,
        }
    }

    pub(super) fn save(&self) -> Result<(), Failure> {
        let json = json!({
            "mutants": self.known,
            "tried": self.killed + self.survived,
            "killed": self.killed,
            "survived": self.survived,
            "unbuildable": self.unbuildable,
            "sources": self.sources,
        });
        let text = format!("{json:#}\n");
        create_atomic(&root().join(PATH), text.as_bytes(), Mode::Public).map_err(Failure::Write)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tried = self.killed + self.survived;
        write!(
            out,
            "{} of {tried} mutants killed, {} survived; {} did not build; {} known",
            self.killed, self.survived, self.unbuildable, self.known
        )
    }
}

/// What the last recorded run says, for people.
pub(crate) fn recorded() -> Result<String, Failure> {
    let Ok(text) = fs::read_to_string(root().join(PATH)) else {
        return Ok("mutation: not run".to_owned());
    };
    let record: Value = serde_json::from_str(&text).unwrap_or_default();
    let number = |name: &str| record[name].as_u64().unwrap_or_default();
    let same = record["sources"] == sources_digest()?.as_str();
    let when = if same {
        "of these sources"
    } else {
        "of sources that have changed since"
    };
    Ok(format!(
        "mutation: {} of {} mutants killed, {} survived, {} known (recorded run {when})",
        number("killed"),
        number("tried"),
        number("survived"),
        number("mutants")
    ))
}

/// One digest of all sources of `contract`.
fn sources_digest() -> Result<String, Failure> {
    let folder = root().join("crates/contract/src");
    let mut paths: Vec<PathBuf> = Vec::new();
    super::workshop::list(&folder, &mut paths)?;
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        let bytes = fs::read(&path).map_err(|source| Failure::Read { path, source })?;
        all.extend(bytes);
    }
    Ok(Digest::of_bytes(&all).to_string())
}
