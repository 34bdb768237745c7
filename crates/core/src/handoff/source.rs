//! Where the document comes from: the state, a saved plan, the inputs alone, or somebody's file.
//!
//! Whatever the source, the document is validated before anybody gets it.

use std::path::Path;

use contract::handoff::{self, BootstrapContract, Breach};
use tf_run::{FormatError, Json, RunError, Terraform};

use crate::check::Report;

/// The output that holds the document.
const OUTPUT: &str = "talos_bootstrap_contract";

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Terraform could not be asked.
    #[error(transparent)]
    Terraform(#[from] RunError),
    /// The root has no such output, or nothing was applied yet.
    #[error("{place} has no output `{OUTPUT}`")]
    Missing {
        /// Where it was looked for.
        place: &'static str,
    },
    /// Parts of the output are known only after an apply.
    #[error("{} of the plan's `{OUTPUT}` are known only after apply: {}", .0.len(), .0.join(", "))]
    Unknown(Vec<String>),
    /// The text is no JSON.
    #[error("the document is no JSON")]
    NotJson(#[source] serde_json::Error),
    /// The inputs describe no nodes.
    #[error("the inputs cannot be used")]
    Inputs,
    /// The document breaks the contract.
    #[error("the document breaks the contract ({} breaches)", .0.len())]
    Broken(Vec<Breach>),
}

/// What was applied, as `terraform output -json` says it.
pub fn of_state(terraform: &Terraform) -> Result<BootstrapContract, SourceError> {
    let mut outputs = terraform.output()?;
    let missing = SourceError::Missing { place: "the state" };
    let output = outputs.remove(OUTPUT).ok_or(missing)?;
    of_output(&output.value)
}

/// What a saved plan will make.
pub fn of_plan(terraform: &Terraform, plan: &Path) -> Result<BootstrapContract, SourceError> {
    let mut plan = terraform.show_plan(plan)?;
    let missing = SourceError::Missing { place: "the plan" };
    let change = plan.output_changes.remove(OUTPUT).ok_or(missing)?;
    let unknown = change.unknown_paths();
    if unknown.is_empty() {
        of_output(&change.after)
    } else {
        Err(SourceError::Unknown(unknown))
    }
}

/// What the inputs ask for, without Terraform.
pub fn of_inputs(report: &Report) -> Result<BootstrapContract, SourceError> {
    let topology = report.topology.as_ref().ok_or(SourceError::Inputs)?;
    let document = handoff::of_topology(topology).to_value().to_json();
    handoff::read(&document).map_err(SourceError::Broken)
}

/// A document that somebody made.
pub fn of_text(text: &str) -> Result<BootstrapContract, SourceError> {
    let json = serde_json::from_str(text).map_err(SourceError::NotJson)?;
    handoff::read(&json).map_err(SourceError::Broken)
}

fn of_output(value: &Json) -> Result<BootstrapContract, SourceError> {
    of_text(&value.to_string())
}

impl From<FormatError> for SourceError {
    fn from(error: FormatError) -> Self {
        Self::Terraform(error.into())
    }
}
