//! One mapping: as configured, as Proxmox holds it, and as Terraform's value.

use std::fmt;
use std::str::FromStr;

use pve_api::pci::{MappedDevice, PciMapping as Held};
use pve_api::{MappingId, NodeName, PciAddress};
use tf_plugin::{Diagnostic, Diagnostics, Known, Value};

/// The attributes that the hardware says.
pub(super) const COMPUTED: [&str; 3] = ["device_id", "subsystem_id", "iommu_group"];

/// What a mapping is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) id: MappingId,
    pub(super) env_name: String,
}

impl fmt::Display for Key {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PCI mapping {}", self.id)
    }
}

impl Key {
    /// What the description of the mapping says; people may write around the mark at its end.
    pub(super) fn description(&self) -> String {
        format!(
            "PCI device of environment {}, kept by em-infra {}",
            self.env_name,
            self.mark()
        )
    }

    /// Returns whether a mapping of this name was made for this environment.
    pub(super) fn owns(&self, held: &Held) -> bool {
        held.description
            .as_deref()
            .is_some_and(|text| text.contains(&self.mark()))
    }

    fn mark(&self) -> String {
        format!("[em-infra:pci:1:{}:{}]", self.env_name, self.id)
    }
}

/// Reads the environment from the mark of a mapping.
pub(super) fn env_name_in(held: &Held, id: &MappingId) -> Option<String> {
    let text = held.description.as_deref()?;
    let (_, rest) = text.split_once("[em-infra:pci:1:")?;
    let (env_name, _) = rest.split_once(&format!(":{id}]"))?;
    Some(env_name.to_owned())
}

/// A mapping as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mapping {
    pub(super) key: Key,
    pub(super) node: NodeName,
    pub(super) address: PciAddress,
}

/// Reads a configuration; none while a part of it is unknown.
pub(super) fn config(value: &Value) -> Result<Option<Mapping>, Diagnostics> {
    let mut faults = Diagnostics::new();
    let id = faults.take(parsed(value, "name"));
    let env_name = faults.take(parsed::<String>(value, "env_name"));
    let node = faults.take(parsed(value, "node"));
    let address = faults.take(parsed(value, "bdf"));
    if faults.has_errors() {
        return Err(faults);
    }
    let all = (
        id.flatten(),
        env_name.flatten(),
        node.flatten(),
        address.flatten(),
    );
    let (Some(id), Some(env_name), Some(node), Some(address)) = all else {
        return Ok(None);
    };
    Ok(Some(Mapping {
        key: Key { id, env_name },
        node,
        address,
    }))
}

/// Reads the key of a state, whose other parts may be what somebody made of the mapping.
pub(super) fn held_key(state: &Value) -> Result<Key, Diagnostics> {
    let id: Option<MappingId> = parsed(state, "name")?;
    let env_name: Option<String> = parsed(state, "env_name")?;
    id.zip(env_name)
        .map(|(id, env_name)| Key { id, env_name })
        .ok_or_else(|| {
            Diagnostic::error("The state cannot be read")
                .detail("It holds values that are not known. Please report it.")
                .into()
        })
}

fn parsed<T: FromStr<Err: fmt::Display>>(
    value: &Value,
    name: &str,
) -> Result<Option<T>, Diagnostic> {
    let at = value.at();
    let Known::Now(text) = at.get::<Known<String>>(name)? else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|error: T::Err| {
        Diagnostic::error(format!("Invalid {name}"))
            .detail(format!("{error}."))
            .at(at.path().attribute(name))
    })
}

/// Returns the state of a mapping that stands for these devices. A mapping of ours stands for one;
/// whatever else somebody made of it shows in `node` and `bdf`.
pub(super) fn state(key: &Key, map: &[MappedDevice], spelling: &Value) -> Value {
    let first = map.first();
    let paths: Vec<String> = map.iter().map(path).collect();
    let field = |name: &str| first.and_then(|device| device.other.get(name).map(str::to_owned));
    let bdf = paths.join(", ");
    let spelt = spelling.get("bdf");
    let same = spelt
        .as_str()
        .and_then(|text| text.parse::<PciAddress>().ok())
        .is_some_and(|address| address.to_string() == bdf);
    Value::object([
        ("name", Value::from(key.id.as_str())),
        ("env_name", Value::from(&key.env_name)),
        (
            "node",
            Value::from(
                first
                    .map(|device| device.node.to_string())
                    .unwrap_or_default(),
            ),
        ),
        ("bdf", if same { spelt.clone() } else { bdf.into() }),
        ("device_id", first.map(|device| device.id.clone()).into()),
        ("subsystem_id", field("subsystem-id").into()),
        ("iommu_group", field("iommugroup").into()),
    ])
}

fn path(device: &MappedDevice) -> String {
    let path: Vec<String> = device.path.iter().map(PciAddress::to_string).collect();
    path.join(";")
}

/// Returns the identity of a mapping.
pub(super) fn identity(key: &Key) -> Value {
    Value::object([("name", key.id.as_str())])
}

/// Says that a mapping of this name is somebody else's.
pub(super) fn foreign(key: &Key) -> Diagnostic {
    Diagnostic::error(format!("{key} is not of this environment")).detail(format!(
        "A PCI mapping of this name exists and its description does not say that it was made for \
         environment {}. It is left untouched. Give this one another name, use that one \
         (gpus = [{{ mapping = \"{}\" }}]), or remove it yourself.",
        key.env_name, key.id
    ))
}
