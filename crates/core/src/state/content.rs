//! What a state file holds, read leniently and kept as the bytes it is.
//!
//! Terraform is lenient in other places than JSON libraries are: no bytes at all mean "no state" to it. Here a file is
//! either a state with serial and lineage, or unusable with the reason; nothing is ever encoded anew.

use std::collections::BTreeMap;
use std::fmt;

use files::Digest;
use serde::Deserialize;
use tf_run::Json;

use super::instance::Instance;
use super::normal;

/// The bytes of a state file, and what they mean.
#[derive(Debug, Clone)]
pub struct Content {
    bytes: Vec<u8>,
    digest: Digest,
    meaning: Result<State, Unusable>,
}

/// What a usable state says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Goes up with every change that Terraform saves.
    pub serial: u64,
    /// Names the history that the serial counts in; empty where the file has none.
    pub lineage: String,
    /// The Terraform that wrote it.
    pub terraform_version: String,
    /// How many root outputs it has.
    pub outputs: usize,
    /// Every object, those that are only read included.
    pub instances: Vec<Instance>,
}

/// Why a file is no state that anything can be done with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unusable {
    /// No bytes. Terraform takes it for "no state" and plans to create everything.
    Empty,
    /// It does not start as JSON does: a byte order mark, NUL bytes, another encoding.
    NotText,
    /// It is not JSON, or not to its end.
    NotJson(String),
    /// It is JSON, but no state.
    NotAState,
    /// Another format than 4.
    Version(String),
    /// A serial that is no whole number.
    Serial(String),
}

#[derive(Deserialize)]
struct Raw {
    version: Option<Json>,
    terraform_version: Option<String>,
    serial: Option<Json>,
    lineage: Option<String>,
    outputs: Option<BTreeMap<String, Json>>,
    resources: Option<Vec<super::instance::RawResource>>,
}

impl Content {
    /// Reads `bytes`; always succeeds, since what is wrong with them is worth knowing too.
    pub fn new(bytes: Vec<u8>) -> Self {
        let digest = Digest::of_bytes(&bytes);
        let meaning = State::parse(&bytes);
        Self {
            bytes,
            digest,
            meaning,
        }
    }

    /// The bytes as they were read.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The digest of the bytes.
    pub const fn digest(&self) -> Digest {
        self.digest
    }

    /// What the bytes say.
    pub const fn state(&self) -> Result<&State, &Unusable> {
        self.meaning.as_ref()
    }

    /// The digest of what Terraform cares about: unlike [`Content::digest`] it stays where a run that changed nothing
    /// only shuffled lists and raised the serial. `None` where it is no state.
    pub fn normal_digest(&self) -> Option<Digest> {
        self.meaning.as_ref().ok()?;
        let text = std::str::from_utf8(&self.bytes).ok()?;
        normal::digest(text).ok()
    }
}

impl State {
    fn parse(bytes: &[u8]) -> Result<Self, Unusable> {
        if bytes.is_empty() {
            return Err(Unusable::Empty);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Unusable::NotText)?;
        if text.starts_with(['\u{feff}', '\0']) {
            return Err(Unusable::NotText);
        }
        let raw: Raw = serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => Unusable::NotAState,
            _ => Unusable::NotJson(error.to_string()),
        })?;
        Self::of(raw)
    }

    fn of(raw: Raw) -> Result<Self, Unusable> {
        match raw.version {
            Some(Json::Number(four)) if four == "4" => {}
            Some(Json::Number(other)) => return Err(Unusable::Version(other)),
            _ => return Err(Unusable::NotAState),
        }
        let resources = raw.resources.unwrap_or_default();
        Ok(Self {
            serial: serial(raw.serial)?,
            lineage: raw.lineage.unwrap_or_default(),
            terraform_version: raw.terraform_version.unwrap_or_default(),
            outputs: raw.outputs.unwrap_or_default().len(),
            instances: resources.into_iter().flat_map(Instance::all_of).collect(),
        })
    }

    /// The objects that Terraform manages.
    pub fn managed(&self) -> impl Iterator<Item = &Instance> {
        self.instances
            .iter()
            .filter(|instance| instance.is_managed())
    }
}

/// Terraform takes a missing serial for 0.
fn serial(raw: Option<Json>) -> Result<u64, Unusable> {
    match raw {
        None | Some(Json::Null) => Ok(0),
        Some(Json::Number(text)) => text.parse().map_err(|_| Unusable::Serial(text)),
        Some(other) => Err(Unusable::Serial(other.to_string())),
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("it is empty, which Terraform takes for \"no state\""),
            Self::NotText => {
                f.write_str("it is no UTF-8 text, or starts with a byte order mark or NUL bytes")
            }
            Self::NotJson(why) => write!(f, "it is not whole JSON: {why}"),
            Self::NotAState => f.write_str("it is JSON, but not a Terraform state"),
            Self::Version(version) => {
                write!(f, "its format is version {version}, and only 4 is known")
            }
            Self::Serial(serial) => write!(f, "its serial `{serial}` is no whole number"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str) -> Content {
        Content::new(text.as_bytes().to_vec())
    }

    #[test]
    fn what_terraform_refuses_or_takes_for_nothing_is_unusable_with_the_reason() {
        let half = r#"{"version": 4, "serial": 3, "lineage": "a", "#;
        let table = [
            ("", "it is empty, which Terraform takes for \"no state\""),
            ("{}", "it is JSON, but not a Terraform state"),
            ("[]", "it is JSON, but not a Terraform state"),
            (
                "\n",
                "it is not whole JSON: EOF while parsing a value at line 2 column 0",
            ),
            (
                "\0\0\0",
                "it is no UTF-8 text, or starts with a byte order mark or NUL bytes",
            ),
            (
                "\u{feff}{\"version\":4}",
                "it is no UTF-8 text, or starts with a byte order mark or NUL bytes",
            ),
            (
                r#"{"version":5}"#,
                "its format is version 5, and only 4 is known",
            ),
            (
                r#"{"version":4,"serial":1.5}"#,
                "its serial `1.5` is no whole number",
            ),
            (
                half,
                "it is not whole JSON: EOF while parsing a value at line 1 column 44",
            ),
            (
                r#"{"version":4} trailing"#,
                "it is not whole JSON: trailing characters at line 1 column 15",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(
                content(text).state().unwrap_err().to_string(),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn what_terraform_accepts_is_a_state() {
        let table = [
            ("{\r\n\"version\": 4\r\n}\r\n", 0, ""),
            (
                r#"{"version":4,"serial":7,"lineage":"l","extra":{"a":1}}"#,
                7,
                "l",
            ),
            (
                r#"{"version":4,"serial":18446744073709551615,"resources":null,"check_results":null}"#,
                u64::MAX,
                "",
            ),
        ];
        for (text, serial, lineage) in table {
            let content = content(text);
            let state = content.state().unwrap();
            assert_eq!((state.serial, state.lineage.as_str()), (serial, lineage));
        }
    }

    #[test]
    fn objects_have_their_addresses() {
        let text = r#"{"version":4,"resources":[
          {"module":"module.a[\"x\"]","mode":"managed","type":"t","name":"n","provider":"p","instances":[
            {"index_key":"k\"1","status":"tainted","attributes":{"vmid":8001,"node":"pve"}},
            {"index_key":0,"deposed":"abcd1234","attributes":{}}]},
          {"mode":"data","type":"d","name":"n","provider":"p","instances":[{"attributes":null}]}]}"#;
        let content = content(text);
        let rows: Vec<_> = content
            .state()
            .unwrap()
            .instances
            .iter()
            .map(|row| {
                (
                    row.address.as_str(),
                    row.is_managed(),
                    row.is_tainted(),
                    row.deposed.as_deref(),
                )
            })
            .collect();
        assert_eq!(
            rows,
            [
                ("module.a[\"x\"].t.n[\"k\\\"1\"]", true, true, None),
                ("module.a[\"x\"].t.n[0]", true, false, Some("abcd1234")),
                ("data.d.n", false, false, None),
            ]
        );
    }
}
