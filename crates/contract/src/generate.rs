//! The files that are made from the table, as functions that return their text.

mod documents;
mod hcl;
mod schema;
mod terraform;

pub use documents::{checks_md, inputs_md, rule_section};
pub use hcl::{hcl, tfvars_example};
pub use schema::inputs_schema_json;
pub(crate) use schema::kind_schema;
pub use terraform::variables_tf;

use crate::handoff;

/// `schemas/talos-bootstrap-contract.v1.schema.json`.
pub fn contract_schema_json() -> String {
    pretty(&handoff::json_schema())
}

/// Every generated file: its path from the root of the repository, and its text.
pub fn files() -> Vec<(&'static str, String)> {
    use crate::input::Layer;
    vec![
        (
            "terraform/environments/k3s-dev/variables.tf",
            variables_tf(Layer::Environment),
        ),
        (
            "terraform/environments/k3s-dev/terraform.tfvars.example",
            tfvars_example(),
        ),
        (
            "terraform/modules/talos-cluster/variables.tf",
            variables_tf(Layer::Module),
        ),
        ("schemas/inputs.schema.json", inputs_schema_json()),
        (
            "schemas/talos-bootstrap-contract.v1.schema.json",
            contract_schema_json(),
        ),
        ("docs/reference/inputs.md", inputs_md()),
        ("docs/reference/checks.md", checks_md()),
    ]
}

fn pretty(json: &serde_json::Value) -> String {
    format!("{json:#}\n")
}
