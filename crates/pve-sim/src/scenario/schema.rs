//! The JSON Schema of scenario files, made from the types that read them.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};

use super::file::Document;

/// The value of an option of a machine.
#[derive(JsonSchema)]
#[schemars(untagged)]
#[expect(dead_code, reason = "only its shape is used")]
pub(super) enum Scalar {
    Text(String),
    Number(f64),
    Flag(bool),
}

/// The text of the schema, for editors.
pub fn scenario_schema() -> String {
    let mut schema: SchemaGenerator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = schema.root_schema_for::<Document>();
    schema.insert(
        "title".to_owned(),
        "Scenario of the embedded Proxmox VE".into(),
    );
    // Maps of strings always serialise; should that change, the schema is empty and a test fails.
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}
