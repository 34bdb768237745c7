//! The kinds of objects that can be taken over, and what their plan says of them.

use tf_run::Json;
use tf_run::plan::ResourceChange;

/// A resource type whose objects can be taken over.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name.
    pub resource_type: &'static str,
    /// The planned attribute that says whether the object is there. Without one the import tells.
    pub existence: Option<&'static str>,
    /// What an import of the planned object names it by.
    pub import_id: fn(&ResourceChange) -> Option<String>,
}

/// The kinds of em-infra's own provider.
pub const OURS: [Kind; 2] = [
    Kind {
        resource_type: "eminfra_talos_vm",
        existence: Some("existing"),
        import_id: |planned| text(planned, "id"),
    },
    Kind {
        resource_type: "eminfra_pci_mapping",
        existence: None,
        import_id: |planned| text(planned, "name"),
    },
];

fn text(planned: &ResourceChange, attribute: &str) -> Option<String> {
    let value = planned.change.after.get(attribute)?;
    value.as_str().map(str::to_owned)
}

impl Kind {
    /// What the plan says about the existence of an object: nothing where this kind does not say.
    pub(super) fn exists(&self, planned: &ResourceChange) -> Option<Existence> {
        let attribute = self.existence?;
        Some(match planned.change.after.get(attribute) {
            Some(Json::Bool(true)) => Existence::There,
            Some(Json::Bool(false)) => Existence::Missing,
            _ => Existence::Unknown,
        })
    }
}

/// Whether an object is on the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existence {
    There,
    Missing,
    Unknown,
}
