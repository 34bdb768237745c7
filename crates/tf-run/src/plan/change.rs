//! Changes of resources and outputs.

use serde::Deserialize;

use super::Actions;
use crate::Json;

/// One resource instance in a plan.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ResourceChange {
    /// Its address.
    pub address: String,
    /// Where it was before, when it moved.
    pub previous_address: Option<String>,
    /// Managed, or only read.
    #[serde(default)]
    pub mode: Mode,
    /// The address of its module with the keys of its instances; none in the root module.
    #[serde(default)]
    pub module_address: String,
    /// The resource type.
    #[serde(rename = "type", default)]
    pub resource_type: String,
    /// The name in the configuration.
    #[serde(default)]
    pub name: String,
    /// The provider's full name.
    #[serde(default)]
    pub provider_name: String,
    /// The key of a replaced object that could not be deleted yet.
    pub deposed: Option<String>,
    /// Why the action was chosen, in Terraform's word.
    pub action_reason: Option<String>,
    /// The change.
    pub change: Change,
}

/// Whether Terraform manages an object or only reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// A `resource`.
    #[default]
    Managed,
    /// A `data` source.
    Data,
    /// Another kind.
    #[serde(other)]
    Other,
}

/// Before and after of one object or output.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Change {
    /// What is done.
    pub actions: Actions,
    /// The value before; null where there was none.
    #[serde(default)]
    pub before: Json,
    /// The known part of the value after; null where there is none and where it is unknown.
    #[serde(default)]
    pub after: Json,
    /// `true` at each place that is known only after apply.
    #[serde(default)]
    pub after_unknown: Json,
    /// `true` at each place that was marked sensitive before.
    #[serde(default)]
    pub before_sensitive: Json,
    /// `true` at each place that is marked sensitive after.
    #[serde(default)]
    pub after_sensitive: Json,
    /// The attributes that force a replacement.
    #[serde(default)]
    pub replace_paths: Json,
    /// Present when the object is imported.
    pub importing: Option<Json>,
}

impl Change {
    /// The places of the value that are known only after apply.
    pub fn unknown_paths(&self) -> Vec<String> {
        self.after_unknown
            .paths_where(&|value| *value == Json::Bool(true))
    }

    /// Whether any place is marked sensitive.
    pub fn is_sensitive(&self) -> bool {
        [&self.before_sensitive, &self.after_sensitive]
            .iter()
            .any(|marks| {
                !marks
                    .paths_where(&|value| *value == Json::Bool(true))
                    .is_empty()
            })
    }
}

/// Terraform's own counts of a plan or of an apply.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct ChangeSummary {
    /// Objects to make.
    #[serde(default)]
    pub add: u64,
    /// Objects to change.
    #[serde(default)]
    pub change: u64,
    /// Objects to delete.
    #[serde(default)]
    pub remove: u64,
    /// Objects to import.
    #[serde(default)]
    pub import: u64,
    /// `plan`, `apply` or `destroy`.
    #[serde(default)]
    pub operation: String,
}
