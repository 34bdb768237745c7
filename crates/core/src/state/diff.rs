//! What differs between two states, by address and attribute path; never a value.

use std::collections::BTreeMap;

use serde::Serialize;
use tf_run::Json;

use super::content::State;
use super::instance::{Instance, Machine};

/// One managed object that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Its address.
    pub address: String,
    /// The VM it stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub machine: Option<Machine>,
    /// How it differs.
    #[serde(flatten)]
    pub change: Change,
}

/// How an object differs from the old state to the new one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "change", rename_all = "kebab-case")]
pub enum Change {
    /// Only the new state has it.
    Added,
    /// Only the old state has it.
    Removed,
    /// Both have it, and these attributes differ.
    Changed {
        /// Paths such as `disk[0].size`.
        paths: Vec<String>,
    },
}

/// The managed objects that differ, in the order of their addresses.
pub fn difference(old: &State, new: &State) -> Vec<Difference> {
    let (before, after) = (by_address(old), by_address(new));
    let mut keys: Vec<_> = before.keys().chain(after.keys()).copied().collect();
    keys.sort_unstable();
    keys.dedup();
    let of = |key| one(before.get(key).copied(), after.get(key).copied());
    keys.iter().filter_map(of).collect()
}

/// A deposed object shares its address with the one that took its place.
type Key<'a> = (&'a str, Option<&'a str>);

fn by_address(state: &State) -> BTreeMap<Key<'_>, &Instance> {
    state
        .managed()
        .map(|object| ((object.address.as_str(), object.deposed.as_deref()), object))
        .collect()
}

fn one(before: Option<&Instance>, after: Option<&Instance>) -> Option<Difference> {
    let change = match (before, after) {
        (None, _) => Change::Added,
        (_, None) => Change::Removed,
        (Some(before), Some(after)) => {
            let mut paths = paths(before.attributes(), after.attributes());
            if before.is_tainted() != after.is_tainted() {
                paths.push("(tainted)".to_owned());
            }
            Change::Changed { paths }
        }
    };
    let object = after.or(before)?;
    let same = matches!(&change, Change::Changed { paths } if paths.is_empty());
    (!same).then(|| Difference {
        address: object.address.clone(),
        machine: object.machine(),
        change,
    })
}

/// The paths at which two values differ.
pub(super) fn paths(before: &Json, after: &Json) -> Vec<String> {
    let mut found = Vec::new();
    compare("", before, after, &mut found);
    found
}

fn compare(path: &str, before: &Json, after: &Json, found: &mut Vec<String>) {
    match (before, after) {
        (Json::Object(before), Json::Object(after)) => {
            let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
            keys.sort_unstable();
            keys.dedup();
            for key in keys {
                let dot = if path.is_empty() { "" } else { "." };
                let get =
                    |object: &BTreeMap<String, Json>| object.get(key).cloned().unwrap_or_default();
                compare(
                    &format!("{path}{dot}{key}"),
                    &get(before),
                    &get(after),
                    found,
                );
            }
        }
        (Json::Array(before), Json::Array(after)) if before.len() == after.len() => {
            for (index, (before, after)) in before.iter().zip(after).enumerate() {
                compare(&format!("{path}[{index}]"), before, after, found);
            }
        }
        _ if before != after => found.push(path.to_owned()),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::super::content::Content;
    use super::*;

    fn content(objects: &[(&str, &str)]) -> Content {
        let rows: Vec<String> = objects
            .iter()
            .map(|(name, attributes)| {
                format!(r#"{{"mode":"managed","type":"t","name":"{name}","instances":[{{"attributes":{attributes}}}]}}"#)
            })
            .collect();
        Content::new(format!(r#"{{"version":4,"resources":[{}]}}"#, rows.join(",")).into())
    }

    #[test]
    fn objects_differ_by_address_and_path() {
        let old = content(&[
            ("a", r#"{"x":1,"l":[{"y":"s"}]}"#),
            ("b", "{}"),
            ("same", r#"{"n":9007199254740993}"#),
        ]);
        let new = content(&[
            ("a", r#"{"x":1,"l":[{"y":"t"}],"z":null}"#),
            ("c", r#"{"vmid":8001,"name":"n"}"#),
            ("same", r#"{"n":9007199254740993}"#),
        ]);
        let found = difference(old.state().unwrap(), new.state().unwrap());
        let found: Vec<_> = found
            .iter()
            .map(|found| (found.address.as_str(), &found.change))
            .collect();
        let changed = Change::Changed {
            paths: vec!["l[0].y".to_owned()],
        };
        assert_eq!(
            found,
            [
                ("t.a", &changed),
                ("t.b", &Change::Removed),
                ("t.c", &Change::Added)
            ]
        );
    }

    #[test]
    fn numbers_beyond_f64_differ() {
        let (old, new) = (
            content(&[("a", r#"{"n":9007199254740993}"#)]),
            content(&[("a", r#"{"n":9007199254740992}"#)]),
        );
        assert_eq!(
            difference(old.state().unwrap(), new.state().unwrap()).len(),
            1
        );
    }
}
