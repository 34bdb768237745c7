//! Writes the files that are made from the tables of `contract` and the types of `pve-sim`, or says which are stale.

use std::fs;
use std::path::Path;

use files::{Mode, create_atomic};

use crate::failure::Failure;
use crate::tidy::root;

/// Whether generated files are written or only compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Writes each file whose text differs.
    Write,
    /// Fails where a file's text differs.
    Check,
}

/// The shape of the files that `em-infra sim serve --scenario` reads.
const SCENARIO_SCHEMA: &str = "schemas/sim-scenario.schema.json";

/// Brings every generated file up to date, or compares each.
pub(crate) fn run(generation: Generation) -> Result<(), Failure> {
    let root = root();
    let mut files = contract::generate::files();
    files.push((SCENARIO_SCHEMA, pve_sim::scenario_schema()));
    let stale: Vec<_> = files
        .iter()
        .filter(|(path, text)| differs(&root.join(path), text))
        .collect();
    match generation {
        Generation::Write => stale
            .into_iter()
            .try_for_each(|(path, text)| write(&root, path, text)),
        Generation::Check if stale.is_empty() => Ok(()),
        Generation::Check => Err(Failure::Stale(
            stale.iter().map(|(path, _)| (*path).to_owned()).collect(),
        )),
    }
}

fn differs(path: &Path, text: &str) -> bool {
    fs::read_to_string(path).ok().as_deref() != Some(text)
}

fn write(root: &Path, path: &str, text: &str) -> Result<(), Failure> {
    let path = root.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| Failure::Folder {
            path: folder.to_owned(),
            source,
        })?;
    }
    create_atomic(&path, text.as_bytes(), Mode::Public).map_err(Failure::Write)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_files_are_up_to_date() {
        if let Err(failure) = run(Generation::Check) {
            panic!("{failure}");
        }
    }

    /// Whether the committed schema takes a scenario file.
    fn takes(scenario: &str) -> bool {
        let schema = fs::read_to_string(root().join(SCENARIO_SCHEMA)).unwrap();
        let schema = serde_json::from_str(&schema).unwrap();
        let scenario: serde_json::Value = toml::from_str(scenario).unwrap();
        jsonschema::is_valid(&schema, &scenario)
    }

    #[test]
    fn the_schema_of_scenarios_takes_what_the_simulator_takes() {
        let example =
            fs::read_to_string(root().join("crates/pve-sim/examples/small-host.toml")).unwrap();
        let cases = [
            ("", true),
            (pve_sim::Scenario::k3s_dev_toml(), true),
            (&example, true),
            ("nodes = 3", false),
            ("pve = \"7.4\"", false),
            ("pve = 9.2", false),
            ("[[vm]]\nvmid = 99", false),
            ("[[vm]]\nvmid = 100\ncores = 2", false),
            ("[[vm]]\nvmid = 100\n[vm.options]\ncores = [2]", false),
            (
                "[[storage]]\nname = \"a\"\ntype = \"dir\"\npath = \"/a\"",
                false,
            ),
        ];
        for (text, expected) in cases {
            let read = pve_sim::Scenario::from_toml(text).is_ok();
            assert_eq!((takes(text), read), (expected, expected), "{text}");
        }
    }

    /// Every key of every table of a schema, with what it may hold.
    fn keys(schema: &serde_json::Value) -> Vec<(String, serde_json::Value)> {
        let definitions = schema["$defs"].as_object().unwrap();
        let root = std::iter::once(("the file", schema));
        root.chain(definitions.iter().map(|(name, table)| (&**name, table)))
            .flat_map(|(name, table)| {
                let keys = table["properties"].as_object().into_iter().flatten();
                keys.map(move |(key, value)| (format!("{name}.{key}"), value.clone()))
            })
            .collect()
    }

    #[test]
    fn the_schema_of_scenarios_lets_no_key_be_null_for_toml_has_none() {
        let schema: serde_json::Value = serde_json::from_str(&pve_sim::scenario_schema()).unwrap();
        let all = keys(&schema);
        assert!(all.len() > 60, "{} keys", all.len());
        for (key, mut allowed) in all {
            allowed["$defs"] = schema["$defs"].clone();
            assert!(
                !jsonschema::is_valid(&allowed, &serde_json::Value::Null),
                "{key}"
            );
        }
    }
}
