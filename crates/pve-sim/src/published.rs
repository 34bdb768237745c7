//! Comparing the parameter tables with a schema that Proxmox publishes.
//!
//! The schema is a JSON list of methods, each with `method`, `path` and `parameters`. It is given by
//! path to whoever calls; no such file is part of this crate.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::api::{TableEntry, table_entries};
use crate::schema::{Kind, Param};
use crate::world::PveVersion;

/// Why a schema could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum PublishedError {
    /// Not the JSON that is expected.
    #[error("the published schema is no list of methods")]
    Shape(#[from] serde_json::Error),
}

/// What differs between the tables and a published schema, and how many parameters were compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Methods that are in both.
    pub methods: usize,
    /// Parameters that were compared.
    pub parameters: usize,
    /// One line for each difference.
    pub differences: Vec<String>,
}

/// Compares every modelled endpoint with a published schema.
pub fn compare_with_schema(
    schema: &str,
    version: PveVersion,
) -> Result<Comparison, PublishedError> {
    let methods: Vec<Value> = serde_json::from_str(schema)?;
    let published: BTreeMap<(String, String), &Value> = methods
        .iter()
        .map(|method| ((text(method, "method"), text(method, "path")), method))
        .collect();
    let mut comparison = Comparison::default();
    for entry in table_entries() {
        let key = (entry.method.to_owned(), entry.path.replace("*}", "}"));
        match published
            .get(&key)
            .and_then(|m| m["parameters"]["properties"].as_object())
        {
            Some(properties) => comparison.endpoint(version, &entry, properties),
            // Methods without parameters publish none.
            None if published.contains_key(&key) => comparison.methods += 1,
            None => {}
        }
    }
    Ok(comparison)
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

/// The published name of a parameter: families are `net[n]`.
fn published_name(param: &Param) -> String {
    if param.count.is_some() {
        format!("{}[n]", param.name)
    } else {
        param.name.to_owned()
    }
}

impl Comparison {
    fn endpoint(
        &mut self,
        version: PveVersion,
        entry: &TableEntry<'_>,
        published: &Map<String, Value>,
    ) {
        self.methods += 1;
        let place = format!("{} {}", entry.method, entry.path);
        let own: BTreeMap<String, &Param> = entry
            .params
            .iter()
            .filter(|param| param.is_for(version))
            .map(|param| (published_name(param), param))
            .collect();
        for (name, definition) in published {
            match own.get(name) {
                Some(param) => self.parameter(&format!("{place}: {name}"), param, definition),
                None => self
                    .differences
                    .push(format!("{place}: {name} is missing here")),
            }
        }
        let added = own.keys().filter(|name| !published.contains_key(*name));
        self.differences
            .extend(added.map(|name| format!("{place}: {name} is not published")));
    }

    fn parameter(&mut self, place: &str, param: &Param, published: &Value) {
        self.parameters += 1;
        let mut differs = |what: &str, here: String, there: String| {
            if here != there {
                self.differences
                    .push(format!("{place}: {what} is {here} here, {there} published"));
            }
        };
        let kind = published["type"].as_str().unwrap_or("string");
        differs("type", kind_name(&param.kind).to_owned(), kind.to_owned());
        let optional = number(&published["optional"]) == Some(1.0);
        differs("optional", param.optional.to_string(), optional.to_string());
        let words: Option<Vec<String>> = published["enum"].as_array().map(|words| {
            words
                .iter()
                .map(|w| w.as_str().map_or_else(|| w.to_string(), str::to_owned))
                .collect()
        });
        let own: Option<Vec<String>> = match &param.kind {
            Kind::Enum(words) => Some(words.iter().map(|word| (*word).to_owned()).collect()),
            _ => None,
        };
        differs("enum", format!("{own:?}"), format!("{words:?}"));
        for (what, own) in [("minimum", param.min), ("maximum", param.max)] {
            differs(
                what,
                format!("{own:?}"),
                format!("{:?}", number(&published[what])),
            );
        }
        let length = param.max_len.map(|length| length.to_string());
        let there = number(&published["maxLength"]).map(|length| length.to_string());
        differs("maxLength", format!("{length:?}"), format!("{there:?}"));
    }
}

fn kind_name(kind: &Kind) -> &'static str {
    match kind {
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::Array => "array",
        Kind::Text | Kind::Enum(_) | Kind::Alias { .. } => "string",
    }
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}
