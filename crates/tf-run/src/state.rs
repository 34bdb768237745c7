//! The objects of a state, as Terraform's JSON output prints them.

use serde::Deserialize;

use crate::plan::Mode;

/// The root module's objects and those of the modules below.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Values {
    /// The root module.
    #[serde(default)]
    root_module: Module,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
struct Module {
    #[serde(default)]
    resources: Vec<Resource>,
    #[serde(default)]
    child_modules: Vec<Self>,
}

/// One object in a state. Its values are not read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Resource {
    /// Its address.
    pub address: String,
    /// Managed, or only read.
    pub mode: Mode,
    /// Present for a replaced object that could not be deleted yet.
    #[serde(rename = "deposed_key")]
    pub deposed: Option<String>,
    /// Whether Terraform will replace it.
    #[serde(default)]
    pub tainted: bool,
}

impl Values {
    /// The objects that Terraform manages.
    pub fn managed(&self) -> impl Iterator<Item = &Resource> {
        self.root_module
            .all()
            .into_iter()
            .filter(|resource| resource.mode == Mode::Managed)
    }
}

impl Module {
    fn all(&self) -> Vec<&Resource> {
        let below = self.child_modules.iter().flat_map(Self::all);
        self.resources.iter().chain(below).collect()
    }
}
