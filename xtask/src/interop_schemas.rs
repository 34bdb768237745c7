//! The renderers against the schemas that talhelper and Talos publish.
//!
//! The schemas are given by path and not kept here: they are large, under other licences, and change with each release. A
//! schema catches wrong shapes and misspelt keys; what an address or an expression means it does not know.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use contract::handoff::{Rendering, patches, render};
use jsonschema::Validator;
use serde_json::{Value as Json, json};

use crate::clusters;
use crate::failure::Failure;

/// Validates every cluster's talconfig, and its patches where the schema of its minor was given.
pub(crate) fn run(talconfig: &Path, talos: &[PathBuf]) -> Result<(), Failure> {
    let talconfig = validator(&read(talconfig)?, talconfig)?;
    let mut minors = BTreeMap::new();
    for path in talos {
        let schema = Talos::read(path)?;
        minors.insert(schema.minor, schema);
    }
    let mut counts = BTreeMap::<String, usize>::new();
    for cluster in clusters::all() {
        let document = cluster.document().map_err(Failure::Interop)?;
        let what = format!("{cluster:?}");
        keeps(
            &talconfig,
            &yaml(&render(&document, Rendering::Talconfig))?,
            &what,
        )?;
        *counts.entry("talconfigs".to_owned()).or_default() += 1;
        if let Some(talos) = minors.get(&cluster.minor) {
            let per_node = document
                .nodes
                .iter()
                .map(|node| patches::node(&document, node));
            for patch in per_node.chain([patches::cluster(&document)]) {
                let documents = talos.check(&patch, &what)?;
                *counts
                    .entry(format!("patch documents of Talos 1.{}", talos.minor))
                    .or_default() += documents;
            }
        }
    }
    refuses(&talconfig, &minors)?;
    report(&counts);
    Ok(())
}

/// A schema that takes anything would prove nothing: each has to refuse a misspelt key.
fn refuses(talconfig: &Validator, minors: &BTreeMap<u64, Talos>) -> Result<(), Failure> {
    let mut validators = vec![("talconfig", talconfig)];
    validators.extend(minors.values().flat_map(|talos| {
        let kinds = talos.kinds.iter();
        kinds.map(|(kind, validator)| (kind.as_str(), validator))
    }));
    let misspelt = json!({ "apiVersion": "v1alpha1", "clustername": "k3s-dev" });
    match validators
        .into_iter()
        .find(|(_, validator)| validator.is_valid(&misspelt))
    {
        Some((name, _)) => Err(Failure::Interop(format!(
            "the schema of `{name}` takes anything"
        ))),
        None => Ok(()),
    }
}

#[expect(clippy::print_stdout, reason = "the result of a development command")]
fn report(counts: &BTreeMap<String, usize>) {
    for (what, count) in counts {
        println!("{count} {what} validate");
    }
}

/// Talos' schema of one minor: a definition for each kind of document.
struct Talos {
    minor: u64,
    kinds: BTreeMap<String, Validator>,
}

/// The kind that stands for a document without one.
const MAIN: &str = "v1alpha1.Config";

impl Talos {
    fn read(path: &Path) -> Result<Self, Failure> {
        let schema = read(path)?;
        let minor = schema["$id"]
            .as_str()
            .and_then(|id| id.split("/v1.").nth(1)?.split('/').next()?.parse().ok())
            .ok_or_else(|| {
                Failure::Interop(format!("`$id` of {} names no Talos minor", path.display()))
            })?;
        let definitions = schema["$defs"].as_object().cloned().unwrap_or_default();
        let mut kinds = BTreeMap::new();
        for (name, definition) in &definitions {
            let kind = definition["properties"]["kind"]["enum"][0].as_str();
            let key = match kind {
                Some(kind) => kind,
                None if name == MAIN => MAIN,
                None => continue,
            };
            let alone = json!({ "$defs": schema["$defs"], "$ref": format!("#/$defs/{name}") });
            kinds.insert(key.to_owned(), validator(&alone, path)?);
        }
        Ok(Self { minor, kinds })
    }

    fn check(&self, patch: &str, what: &str) -> Result<usize, Failure> {
        let documents: Vec<&str> = patch.split("---\n").collect();
        for text in &documents {
            let document = yaml(text)?;
            let kind = document["kind"].as_str().unwrap_or(MAIN);
            let validator = self.kinds.get(kind).ok_or_else(|| {
                Failure::Interop(format!("{what}: Talos 1.{} has no `{kind}`", self.minor))
            })?;
            keeps(validator, &document, what)?;
        }
        Ok(documents.len())
    }
}

fn read(path: &Path) -> Result<Json, Failure> {
    let text = fs::read_to_string(path).map_err(|source| Failure::Read {
        path: path.to_owned(),
        source,
    })?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::Interop(format!("{}: {error}", path.display())))
}

fn validator(schema: &Json, path: &Path) -> Result<Validator, Failure> {
    jsonschema::validator_for(schema)
        .map_err(|error| Failure::Interop(format!("{}: {error}", path.display())))
}

fn yaml(text: &str) -> Result<Json, Failure> {
    serde_saphyr::from_str(text).map_err(|error| Failure::Interop(format!("{error}\n{text}")))
}

fn keeps(validator: &Validator, document: &Json, what: &str) -> Result<(), Failure> {
    let errors: Vec<String> = validator
        .iter_errors(document)
        .map(|error| format!("{what}: {}: {error}", error.instance_path()))
        .collect();
    if errors.is_empty() {
        Ok(())
    } else {
        Err(Failure::Interop(errors.join("\n")))
    }
}
