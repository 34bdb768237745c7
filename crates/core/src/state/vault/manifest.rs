//! The manifest of a set: what its files are.

use files::Digest;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::snapshot::Standing;
use super::{SEALED, STATE};
use crate::state::content::{Content, State};
use crate::state::instance::Machine;
use crate::state::stamp;

/// Goes up when a reader of the old format would misread the new one.
pub(super) const FORMAT: u32 = 2;
/// The one without sealed files, which older readers understand.
const CLEAR: u32 = 1;

/// What a set holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The version of this format.
    pub format: u32,
    /// The name of the set.
    pub id: String,
    /// When it was taken.
    #[serde(with = "stamp")]
    pub time: OffsetDateTime,
    /// Why it was taken.
    pub reason: String,
    /// The em-infra that took it.
    pub taken_by: String,
    /// The directory of the environment, without what is above it.
    pub environment: String,
    /// Whether it can be built on.
    pub standing: Standing,
    /// Whether it was pinned from the start.
    pub pinned: bool,
    /// What the state says; nothing where it is unusable.
    pub state: Option<Summary>,
    /// Why the state is unusable.
    pub unusable: Option<String>,
    /// A digest over names and contents of the configuration (`*.tf`) it belongs to.
    pub configuration: String,
    /// The public keys that the state is sealed to; none where it is in clear.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub recipients: Vec<String>,
    /// Every other file of the set.
    pub files: Vec<FileEntry>,
}

/// What a state says, without values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Its lineage.
    pub lineage: String,
    /// Its serial.
    pub serial: u64,
    /// The Terraform that wrote it.
    pub terraform_version: String,
    /// A digest that stays where only order or serial changed.
    pub normal_digest: Option<String>,
    /// How many objects Terraform manages.
    pub managed: usize,
    /// How many of them the next apply replaces.
    pub tainted: usize,
    /// How many replaced objects are still to be deleted.
    pub deposed: usize,
    /// How many root outputs there are.
    pub outputs: usize,
    /// The managed objects.
    pub objects: Vec<Object>,
}

/// A managed object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// Its address.
    pub address: String,
    /// The VM it stands for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub vm: Option<String>,
}

/// A file of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Its path in the set.
    pub path: String,
    /// Its length.
    pub bytes: usize,
    /// Its digest.
    pub sha256: String,
    /// The digest of what is sealed in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub opened_sha256: Option<String>,
}

impl Manifest {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("a manifest is text, numbers and lists")
    }
}

/// The format of a manifest with these recipients.
pub(super) fn format(recipients: &[String]) -> u32 {
    if recipients.is_empty() { CLEAR } else { FORMAT }
}

impl Manifest {
    /// The digest of the state, sealed or not.
    pub(super) fn state_digest(&self) -> Option<&str> {
        let is_state = |file: &&FileEntry| [STATE, SEALED].contains(&file.path.as_str());
        let file = self.files.iter().find(is_state)?;
        Some(file.opened_sha256.as_ref().unwrap_or(&file.sha256))
    }
}

impl FileEntry {
    pub(super) fn of(path: &str, bytes: &[u8]) -> Self {
        Self {
            path: path.to_owned(),
            bytes: bytes.len(),
            sha256: Digest::of_bytes(bytes).to_string(),
            opened_sha256: None,
        }
    }
}

impl Summary {
    /// What `content` says, where it is a state.
    pub fn of(content: &Content) -> Option<Self> {
        content.state().ok().map(|state| Self {
            normal_digest: content.normal_digest().map(|digest| digest.to_string()),
            ..Self::of_state(state)
        })
    }

    fn of_state(state: &State) -> Self {
        let managed: Vec<_> = state.managed().collect();
        Self {
            lineage: state.lineage.clone(),
            serial: state.serial,
            terraform_version: state.terraform_version.clone(),
            normal_digest: None,
            managed: managed.len(),
            tainted: managed.iter().filter(|object| object.is_tainted()).count(),
            deposed: managed
                .iter()
                .filter(|object| object.deposed.is_some())
                .count(),
            outputs: state.outputs,
            objects: managed
                .into_iter()
                .map(|object| Object {
                    address: object.address.clone(),
                    vm: object.machine().as_ref().map(Machine::to_string),
                })
                .collect(),
        }
    }
}
