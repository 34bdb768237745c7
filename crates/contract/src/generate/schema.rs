//! The JSON Schema of the inputs, for editors and for tools without Rust.
//!
//! It holds what one input can say of itself. Rules over several inputs and those that need arithmetic are not in
//! it; it never refuses what the rules accept.

use serde_json::{Value as Json, json};

use crate::input::Privacy;
use crate::inputs::INPUTS;
use crate::kind::{Kind, attributes};
use crate::text::Text;

/// `schemas/inputs.schema.json`.
pub fn inputs_schema_json() -> String {
    super::pretty(&inputs_schema())
}

pub(crate) fn inputs_schema() -> Json {
    let properties: serde_json::Map<String, Json> = INPUTS
        .iter()
        .map(|input| {
            let mut schema = input.json_schema();
            schema["description"] = input.description.into();
            if input.default.value() != crate::Value::Null {
                schema["default"] = input.default.value().to_json();
            }
            if input.retired.is_some() {
                schema["deprecated"] = true.into();
            }
            if input.privacy == Privacy::Secret {
                schema["writeOnly"] = true.into();
            }
            (input.name.to_owned(), schema)
        })
        .collect();
    let required: Vec<&str> = INPUTS
        .iter()
        .filter(|input| input.is_required())
        .map(|input| input.name)
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Inputs of an em-infra environment (terraform.tfvars.json)",
        "type": "object",
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

pub(crate) fn kind_schema(kind: Kind) -> Json {
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Whole(whole) => {
            json!({ "type": "integer", "minimum": whole.min, "maximum": whole.max })
        }
        Kind::Text(text) => text.json_schema(),
        Kind::List(element) => list_schema(*element),
        Kind::Map(element) => json!({
            "type": "object",
            "propertyNames": Text::DnsLabel.json_schema(),
            "additionalProperties": kind_schema(*element),
        }),
        Kind::Object(groups) => {
            let properties: serde_json::Map<String, Json> = attributes(groups)
                .map(|attribute| {
                    let schema = json!({
                        "anyOf": [kind_schema(attribute.kind), { "type": "null" }],
                        "description": attribute.description,
                    });
                    (attribute.name.to_owned(), schema)
                })
                .collect();
            json!({ "type": "object", "properties": properties, "additionalProperties": false })
        }
    }
}

fn list_schema(element: Kind) -> Json {
    let mut schema = json!({ "type": "array", "items": kind_schema(element) });
    if let Kind::Text(text) = element
        && text.is_unique_in_lists()
    {
        schema["uniqueItems"] = true.into();
    }
    schema
}
