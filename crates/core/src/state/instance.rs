//! One object in a state.

use serde::Deserialize;
use tf_run::Json;

/// One object in a state: an address, and what Terraform remembers of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Its address, as `terraform state list` prints it.
    pub address: String,
    /// The key of a replaced object that could not be deleted yet.
    pub deposed: Option<String>,
    mode: Mode,
    kind: String,
    status: Option<String>,
    attributes: Json,
}

/// The virtual machine that an object stands for, as far as the state says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Machine {
    /// Its number on the host.
    pub vmid: u32,
    /// The host's node.
    pub node: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its SMBIOS UUID.
    pub uuid: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Managed,
    Data,
}

#[derive(Deserialize)]
pub(super) struct RawResource {
    #[serde(default)]
    module: String,
    #[serde(default)]
    mode: Mode,
    #[serde(rename = "type")]
    kind: String,
    name: String,
    #[serde(default)]
    instances: Option<Vec<RawInstance>>,
}

#[derive(Deserialize)]
struct RawInstance {
    index_key: Option<Json>,
    status: Option<String>,
    deposed: Option<String>,
    #[serde(default)]
    attributes: Json,
}

impl Instance {
    pub(super) fn all_of(resource: RawResource) -> Vec<Self> {
        let data = if resource.mode == Mode::Data {
            "data."
        } else {
            ""
        };
        let dot = if resource.module.is_empty() { "" } else { "." };
        let base = format!(
            "{}{dot}{data}{}.{}",
            resource.module, resource.kind, resource.name
        );
        let instances = resource.instances.unwrap_or_default();
        instances
            .into_iter()
            .map(|raw| Self {
                address: with_key(&base, raw.index_key.as_ref()),
                deposed: raw.deposed.filter(|key| !key.is_empty()),
                mode: resource.mode,
                kind: resource.kind.clone(),
                status: raw.status,
                attributes: raw.attributes,
            })
            .collect()
    }

    /// Whether Terraform manages it, and does not only read it.
    pub fn is_managed(&self) -> bool {
        self.mode == Mode::Managed
    }

    /// Whether it is a VM of our own provider.
    pub fn is_ours(&self) -> bool {
        self.kind == "eminfra_talos_vm"
    }

    /// Whether the next apply replaces it.
    pub fn is_tainted(&self) -> bool {
        self.status.as_deref() == Some("tainted")
    }

    /// What Terraform remembers of it. Holds secrets in clear.
    pub fn attributes(&self) -> &Json {
        &self.attributes
    }

    /// The virtual machine it stands for, where it has a VMID.
    pub fn machine(&self) -> Option<Machine> {
        let text = |name| {
            self.attributes
                .get(name)
                .and_then(Json::as_str)
                .map(str::to_owned)
        };
        let number =
            ["vmid", "vm_id"]
                .into_iter()
                .find_map(|name| match self.attributes.get(name) {
                    Some(Json::Number(number)) => number.parse().ok(),
                    _ => None,
                })?;
        Some(Machine {
            vmid: number,
            node: text("node").or_else(|| text("node_name")),
            name: text("name"),
            uuid: text("uuid"),
        })
    }
}

fn with_key(base: &str, key: Option<&Json>) -> String {
    match key {
        None | Some(Json::Null) => base.to_owned(),
        Some(key) => format!("{base}[{key}]"),
    }
}

impl std::fmt::Display for Machine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "VM {}", self.vmid)?;
        match &self.name {
            Some(name) => write!(f, " {name}"),
            None => Ok(()),
        }
    }
}
