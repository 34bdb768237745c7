//! What became of each mutant, kept as a run goes, so that one that was cut goes on; and the score of it all, kept
//! beside the tests it speaks of.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::PathBuf;

use files::{Digest, Mode, create_atomic};
use serde_json::{Value, json};

use super::mutant::Mutant;
use super::workshop::{TESTS, list, read};
use crate::failure::Failure;
use crate::tidy::root;

/// Where the last score is.
const SCORE: &str = "crates/contract/tests/mutation-score.json";

/// Where it is kept what became of each mutant, below the folder for builds.
const TRIED: &str = "target/mutants/tried.json";

/// How a mutant fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A test failed.
    Killed,
    /// Every test passed.
    Survived,
    /// It is no Rust.
    Unbuildable,
}

impl Outcome {
    const ALL: [Self; 3] = [Self::Killed, Self::Survived, Self::Unbuildable];

    const fn word(self) -> &'static str {
        match self {
            Self::Killed => "killed",
            Self::Survived => "survived",
            Self::Unbuildable => "unbuildable",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.word() == word)
    }
}

/// What became of the mutants of one state of the sources and their tests.
pub(super) struct Record {
    sources: String,
    tests: String,
    known: usize,
    tried: BTreeMap<String, Outcome>,
}

impl Record {
    /// Goes on with what an earlier run kept, if it was about the same sources and tests.
    pub(super) fn open(known: &[Mutant]) -> Result<Self, Failure> {
        let (sources, tests) = (sources_digest()?, tests_digest()?);
        let kept = fs::read_to_string(root().join(TRIED)).unwrap_or_default();
        let kept: Value = serde_json::from_str(&kept).unwrap_or_default();
        let tried = kept["tried"].as_object().into_iter().flatten();
        let outcome = |word: &Value| Outcome::of_word(word.as_str()?);
        let tried: BTreeMap<String, Outcome> = tried
            .filter(|_| kept["sources"] == sources.as_str() && kept["tests"] == tests.as_str())
            .filter_map(|(key, word)| Some((key.clone(), outcome(word)?)))
            .filter(|(key, _)| known.iter().any(|mutant| mutant.key() == *key))
            .collect();
        Ok(Self {
            sources,
            tests,
            known: known.len(),
            tried,
        })
    }

    pub(super) fn is_tried(&self, mutant: &Mutant) -> bool {
        self.tried.contains_key(&mutant.key())
    }

    /// Keeps what became of one more.
    pub(super) fn add(&mut self, mutant: &Mutant, outcome: Outcome) -> Result<(), Failure> {
        self.tried.insert(mutant.key(), outcome);
        let words = self
            .tried
            .iter()
            .map(|(key, outcome)| (key.clone(), outcome.word().into()));
        let tried: serde_json::Map<String, Value> = words.collect();
        write(
            TRIED,
            &json!({ "sources": self.sources, "tests": self.tests, "tried": tried }),
        )
    }

    pub(super) fn count(&self, outcome: Outcome) -> usize {
        self.tried
            .values()
            .filter(|tried| **tried == outcome)
            .count()
    }

    /// Records the score, with the mutants that nothing notices.
    pub(super) fn save(&self) -> Result<(), Failure> {
        let [killed, survived, unbuildable] = Outcome::ALL.map(|outcome| self.count(outcome));
        let survivors = self
            .tried
            .iter()
            .filter(|(_, outcome)| **outcome == Outcome::Survived);
        let survivors: Vec<&String> = survivors.map(|(key, _)| key).collect();
        let score = json!({
            "mutants": self.known,
            "tried": killed + survived,
            "killed": killed,
            "survived": survived,
            "unbuildable": unbuildable,
            "sources": self.sources,
            "tests": self.tests,
            "survivors": survivors,
        });
        write(SCORE, &score)
    }
}

impl fmt::Display for Record {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [killed, survived, unbuildable] = Outcome::ALL.map(|outcome| self.count(outcome));
        write!(
            out,
            "{killed} of {} mutants killed, {survived} survived; {unbuildable} did not build; {} known",
            killed + survived,
            self.known
        )
    }
}

fn write(path: &str, value: &Value) -> Result<(), Failure> {
    let text = format!("{value:#}\n");
    create_atomic(&root().join(path), text.as_bytes(), Mode::Public).map_err(Failure::Write)
}

/// What the last recorded run says, for people.
pub(crate) fn recorded() -> Result<String, Failure> {
    let Ok(text) = fs::read_to_string(root().join(SCORE)) else {
        return Ok("mutation: not run".to_owned());
    };
    let record: Value = serde_json::from_str(&text).unwrap_or_default();
    let number = |name: &str| record[name].as_u64().unwrap_or_default();
    let same = record["sources"] == sources_digest()?.as_str()
        && record["tests"] == tests_digest()?.as_str();
    let when = if same {
        "of these sources and tests"
    } else {
        "of sources or tests that have changed since"
    };
    Ok(format!(
        "mutation: {} of {} mutants killed, {} survived, {} known (recorded run {when})",
        number("killed"),
        number("tried"),
        number("survived"),
        number("mutants")
    ))
}

fn sources_digest() -> Result<String, Failure> {
    let mut paths = Vec::new();
    list(&root().join("crates/contract/src"), &mut paths)?;
    digest_of(paths)
}

fn tests_digest() -> Result<String, Failure> {
    let folder = root().join("crates/contract/tests");
    digest_of(TESTS.map(|name| folder.join(format!("{name}.rs"))).to_vec())
}

fn digest_of(mut paths: Vec<PathBuf>) -> Result<String, Failure> {
    paths.sort();
    let texts: Result<Vec<String>, Failure> = paths.iter().map(|path| read(path)).collect();
    Ok(Digest::of_bytes(texts?.concat().as_bytes()).to_string())
}
