//! Scenarios: a host described in TOML.
//!
//! The built-in ones are such files too, so that a user's own starts from something that works.

mod build;
mod file;
#[cfg(feature = "schema")]
mod schema;

use std::collections::BTreeMap;

use self::file::Document;
#[cfg(feature = "schema")]
pub use self::schema::scenario_schema;
use crate::fault::{Fault, FaultError};
use crate::world::{PveVersion, World};

/// A host to be simulated, read and checked.
#[derive(Clone, Debug)]
pub struct Scenario {
    document: Document,
    pub(crate) seed: u64,
    /// Tokens by the short names the file gives them: id and secret.
    pub(crate) tokens: BTreeMap<String, (String, String)>,
    pub(crate) faults: Vec<Fault>,
}

/// Why a scenario file is of no use.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Not TOML, or not of the right shape; the text names line and key.
    #[error("scenario is not understood: {0}")]
    Shape(#[from] toml::de::Error),
    /// A value that contradicts another or itself.
    #[error("scenario: {place}: {problem}")]
    Content {
        /// Where, such as `volume[2].volid`.
        place: String,
        /// What is wrong, and what to write instead.
        problem: String,
    },
    /// A fault line.
    #[error("scenario: {0}")]
    Fault(#[from] FaultError),
}

impl Scenario {
    /// Reads a scenario file.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let document: Document = toml::from_str(text)?;
        document.check()?;
        let faults = document
            .faults
            .iter()
            .map(|line| Fault::parse(line))
            .collect::<Result<_, _>>()?;
        let tokens = document.named_tokens();
        Ok(Self {
            seed: document.seed,
            tokens,
            faults,
            document,
        })
    }

    /// One node `pve` of PVE 9.2 with a Talos template (9000) and the tokens `terraform`, `readonly`
    /// and `root`.
    ///
    /// # Panics
    /// Never: a test reads the file it is made from.
    pub fn k3s_dev() -> Self {
        Self::from_toml(K3S_DEV).expect("a test reads the built-in scenario")
    }

    /// The text of the built-in scenario, to start an own one from.
    pub fn k3s_dev_toml() -> &'static str {
        K3S_DEV
    }

    /// A host with nothing on it but root@pam.
    pub fn empty(version: PveVersion, node: &str) -> Self {
        let document = Document::empty(version, node);
        Self {
            seed: document.seed,
            tokens: BTreeMap::new(),
            faults: Vec::new(),
            document,
        }
    }

    /// The same host with another release of Proxmox VE; privileges that release lacks are dropped.
    #[must_use]
    pub fn with_version(mut self, version: PveVersion) -> Self {
        version.release().clone_into(&mut self.document.pve);
        self
    }

    /// The same host with other made-up MACs, UUIDs and keys.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self.document.seed = seed;
        self
    }

    pub(crate) fn into_world(self) -> World {
        self.document.into_world()
    }
}

const K3S_DEV: &str = include_str!("k3s-dev.toml");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_scenario_can_be_read() {
        let scenario = Scenario::from_toml(K3S_DEV).map(|s| s.tokens.into_keys().collect());
        let expected = ["readonly", "root", "terraform"]
            .map(str::to_owned)
            .to_vec();
        assert_eq!(
            scenario.map_err(|e| e.to_string()),
            Ok::<Vec<String>, String>(expected)
        );
    }

    #[test]
    fn a_volume_on_an_unknown_storage_is_named_with_its_place() {
        let text =
            "pve = \"9.2\"\n[[volume]]\nvolid = \"nowhere:9/vm-9-disk-0.raw\"\nsize = \"1G\"";
        let error = Scenario::from_toml(text)
            .map(|_| ())
            .map_err(|e| e.to_string());
        let expected = "scenario: volume[0].volid: storage `nowhere` is not defined; \
                        add a [[storage]] with this name";
        assert_eq!(error, Err(expected.to_owned()));
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_line() {
        let error = Scenario::from_toml("pve = \"9.2\"\nnodes = 3").map(|_| ());
        let text = error.map_err(|e| e.to_string()).err().unwrap_or_default();
        assert!(
            text.contains("line 2") && text.contains("unknown field `nodes`"),
            "{text}"
        );
    }
}
