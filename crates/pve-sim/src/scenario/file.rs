//! The shape of a scenario file, and what must hold in it.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Value;

use super::ScenarioError;
use crate::convert::parse_size;
use crate::world::{PveVersion, parse_volid};

fn one() -> u64 {
    1
}

fn yes() -> bool {
    true
}

fn node() -> String {
    "pve".to_owned()
}

fn release() -> String {
    "9.2".to_owned()
}

/// A whole file. Every table may be left out.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    /// `8.4` or `9.2`.
    #[serde(default = "release")]
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["8.4", "9.2"])))]
    pub(super) pve: String,
    /// Name of the node.
    #[serde(default = "node")]
    pub(super) node: String,
    /// Source of everything the server makes up.
    #[serde(default = "one")]
    pub(super) seed: u64,
    /// When the clock starts, epoch seconds.
    #[serde(default)]
    pub(super) start: Option<u64>,
    #[serde(default)]
    pub(super) host: Host,
    #[serde(default)]
    pub(super) pace: Pace,
    /// Options of the datacenter, such as `next-id` and `mac_prefix`.
    #[serde(default)]
    pub(super) datacenter: BTreeMap<String, String>,
    #[serde(default, rename = "storage")]
    pub(super) storages: Vec<Storage>,
    #[serde(default, rename = "volume")]
    pub(super) volumes: Vec<Volume>,
    #[serde(default, rename = "bridge")]
    pub(super) bridges: Vec<Bridge>,
    #[serde(default, rename = "vm")]
    pub(super) vms: Vec<Vm>,
    /// Ids that containers take.
    #[serde(default)]
    pub(super) containers: Vec<u32>,
    #[serde(default, rename = "role")]
    pub(super) roles: Vec<Role>,
    #[serde(default, rename = "user")]
    pub(super) users: Vec<User>,
    #[serde(default, rename = "group")]
    pub(super) groups: Vec<Group>,
    #[serde(default, rename = "token")]
    pub(super) tokens: Vec<Token>,
    #[serde(default, rename = "acl")]
    pub(super) acls: Vec<Acl>,
    #[serde(default, rename = "pool")]
    pub(super) pools: Vec<Pool>,
    #[serde(default, rename = "pci_device")]
    pub(super) pci_devices: Vec<PciDevice>,
    #[serde(default, rename = "pci_mapping")]
    pub(super) pci_mappings: Vec<PciMapping>,
    /// Faults as lines: `METHOD PATH ACTION [ARGUMENT] [times=N]`.
    #[serde(default)]
    pub(super) faults: Vec<String>,
}

/// The hardware of the host.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Host {
    pub(super) cpus: Option<u32>,
    pub(super) memory: Option<String>,
    pub(super) iommu: Option<bool>,
}

/// How long things take.
#[derive(Clone, Debug, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Pace {
    /// Bytes a full copy moves per second, such as `500M`.
    pub(super) copy_rate: Option<String>,
    /// Milliseconds.
    pub(super) start: Option<u64>,
    pub(super) stop: Option<u64>,
    pub(super) shutdown: Option<u64>,
}

/// A storage and what it holds room for.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Storage {
    pub(super) name: String,
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["dir", "lvmthin", "zfspool"])))]
    pub(super) kind: String,
    /// Directory of a `dir`.
    pub(super) path: Option<String>,
    /// Volume group of an `lvmthin`.
    pub(super) vg: Option<String>,
    /// Pool of a `zfspool`.
    pub(super) pool: Option<String>,
    pub(super) content: String,
    pub(super) size: Option<String>,
    #[serde(default)]
    pub(super) disable: bool,
}

/// A volume on a storage.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Volume {
    pub(super) volid: String,
    pub(super) format: Option<String>,
    pub(super) size: String,
    /// Space taken; nothing for a sparse volume.
    pub(super) used: Option<String>,
}

/// A network bridge of the host.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Bridge {
    pub(super) iface: String,
    pub(super) cidr: Option<String>,
    #[serde(default)]
    pub(super) vlan_aware: bool,
}

/// A machine or template.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Vm {
    #[cfg_attr(feature = "schema", schemars(range(min = 100, max = 999_999_999)))]
    pub(super) vmid: u32,
    /// As in the machine's own file.
    #[serde(default)]
    #[cfg_attr(
        feature = "schema",
        schemars(with = "BTreeMap<String, super::schema::Scalar>")
    )]
    pub(super) options: BTreeMap<String, Value>,
    pub(super) guest: Option<Guest>,
    #[serde(default)]
    pub(super) running: bool,
    #[serde(default)]
    pub(super) snapshots: Vec<String>,
}

/// What runs inside a machine.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Guest {
    #[serde(default)]
    pub(super) agent: bool,
    #[serde(default)]
    pub(super) interfaces: Vec<Interface>,
    #[serde(default)]
    pub(super) ignores_shutdown: bool,
}

/// A network interface as the guest agent reports it.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Interface {
    pub(super) name: String,
    pub(super) mac: String,
    /// Addresses with prefix length.
    #[serde(default)]
    pub(super) addresses: Vec<String>,
}

/// A role and its privileges.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Role {
    pub(super) id: String,
    pub(super) privileges: Vec<String>,
}

/// A user, with a password where it may log in.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    pub(super) id: String,
    pub(super) password: Option<String>,
    #[serde(default = "yes")]
    pub(super) enable: bool,
    #[serde(default)]
    pub(super) expire: u64,
}

/// A group of users.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) id: String,
    #[serde(default)]
    pub(super) users: Vec<String>,
}

/// An API token.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    /// `user@realm!token`.
    pub(super) id: String,
    pub(super) secret: String,
    /// A short name for tests and for the lines to export.
    pub(super) name: Option<String>,
    #[serde(default = "yes")]
    pub(super) privsep: bool,
    #[serde(default)]
    pub(super) expire: u64,
}

/// A role granted on a path.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Acl {
    pub(super) path: String,
    /// Users, tokens, and groups with `@` in front.
    pub(super) to: Vec<String>,
    pub(super) role: String,
    #[serde(default = "yes")]
    pub(super) propagate: bool,
}

/// A resource pool.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct Pool {
    pub(super) id: String,
    #[serde(default)]
    pub(super) vms: Vec<u32>,
    #[serde(default)]
    pub(super) storages: Vec<String>,
}

/// A PCI device as sysfs shows it.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct PciDevice {
    pub(super) id: String,
    pub(super) class: String,
    pub(super) vendor: String,
    pub(super) device: String,
    pub(super) subsystem_vendor: Option<String>,
    pub(super) subsystem_device: Option<String>,
    #[serde(default = "no_group")]
    pub(super) iommugroup: i64,
}

fn no_group() -> i64 {
    -1
}

/// A cluster-wide name for PCI devices.
#[derive(Clone, Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct PciMapping {
    pub(super) id: String,
    pub(super) map: Vec<String>,
    pub(super) description: Option<String>,
}

impl Document {
    pub(super) fn empty(version: PveVersion, node: &str) -> Self {
        let mut document: Self = toml::from_str("").expect("every table has a default");
        version.release().clone_into(&mut document.pve);
        node.clone_into(&mut document.node);
        document
    }

    pub(super) fn version(&self) -> Option<PveVersion> {
        match self.pve.as_str() {
            "8.4" => Some(PveVersion::V8_4),
            "9.2" => Some(PveVersion::V9_2),
            _ => None,
        }
    }

    pub(super) fn named_tokens(&self) -> BTreeMap<String, (String, String)> {
        self.tokens
            .iter()
            .filter_map(|t| Some((t.name.clone()?, (t.id.clone(), t.secret.clone()))))
            .collect()
    }

    /// Checks what the shape alone cannot say.
    pub(super) fn check(&self) -> Result<(), ScenarioError> {
        if self.version().is_none() {
            return problem("pve", "must be \"8.4\" or \"9.2\"");
        }
        for (index, storage) in self.storages.iter().enumerate() {
            storage.check(&format!("storage[{index}]"))?;
        }
        for (index, volume) in self.volumes.iter().enumerate() {
            self.check_volume(&format!("volume[{index}]"), volume)?;
        }
        for (index, token) in self.tokens.iter().enumerate() {
            self.check_token(&format!("token[{index}].id"), token)?;
        }
        for (index, vm) in self.vms.iter().enumerate() {
            vm.check(&format!("vm[{index}]"))?;
        }
        Ok(())
    }

    fn check_volume(&self, place: &str, volume: &Volume) -> Result<(), ScenarioError> {
        let Ok((storage, _)) = parse_volid(&volume.volid) else {
            return problem(&format!("{place}.volid"), "must be `STORAGE:VOLUME`");
        };
        if !self.storages.iter().any(|known| known.name == storage) {
            let text =
                format!("storage `{storage}` is not defined; add a [[storage]] with this name");
            return problem(&format!("{place}.volid"), &text);
        }
        check_size(&format!("{place}.size"), Some(&volume.size))?;
        check_size(&format!("{place}.used"), volume.used.as_ref())
    }

    fn check_token(&self, place: &str, token: &Token) -> Result<(), ScenarioError> {
        let Some((user, _)) = token.id.split_once('!') else {
            return problem(place, "must be `user@realm!name`");
        };
        if user == "root@pam" || self.users.iter().any(|known| known.id == user) {
            return Ok(());
        }
        problem(
            place,
            &format!("user `{user}` is not defined; add a [[user]] with this id"),
        )
    }
}

impl Vm {
    fn check(&self, place: &str) -> Result<(), ScenarioError> {
        if !(100..=999_999_999).contains(&self.vmid) {
            return problem(&format!("{place}.vmid"), "must be 100 to 999999999");
        }
        let odd = self.options.iter().find(|(_, value)| {
            matches!(
                value,
                Value::Array(_) | Value::Table(_) | Value::Datetime(_)
            )
        });
        match odd {
            Some((key, _)) => problem(
                &format!("{place}.options.{key}"),
                "must be a string, a number or a boolean, as in the machine's file",
            ),
            None => Ok(()),
        }
    }
}

impl Storage {
    fn check(&self, place: &str) -> Result<(), ScenarioError> {
        let needed = match self.kind.as_str() {
            "dir" => ("path", &self.path),
            "lvmthin" => ("vg", &self.vg),
            "zfspool" => ("pool", &self.pool),
            _ => return problem(&format!("{place}.type"), "must be dir, lvmthin or zfspool"),
        };
        if needed.1.is_none() {
            let text = format!("is missing; a {} storage needs it", self.kind);
            return problem(&format!("{place}.{}", needed.0), &text);
        }
        check_size(&format!("{place}.size"), self.size.as_ref())
    }
}

fn check_size(place: &str, size: Option<&String>) -> Result<(), ScenarioError> {
    match size {
        Some(text) if parse_size(text).is_none() => problem(
            place,
            &format!("`{text}` is no size; write a number with K, M, G or T"),
        ),
        _ => Ok(()),
    }
}

fn problem(place: &str, problem: &str) -> Result<(), ScenarioError> {
    Err(ScenarioError::Content {
        place: place.to_owned(),
        problem: problem.to_owned(),
    })
}
