//! A VM as Terraform's value.

use std::collections::BTreeSet;

use pve_api::DiskSize;
use tf_plugin::{Number, Value};
use vm::{Actual, Argument, Gpu, VmKey, Wanted};

/// How an existing object was spelt before: the same in another spelling keeps its spelling, so
/// that `bc:24:…` and `BC:24:…` make no difference.
pub(super) struct Spelling<'a> {
    pub(super) value: &'a Value,
    pub(super) means: &'a Wanted,
}

impl Spelling<'_> {
    /// Returns the old spelling if it means the same as `text`.
    fn keep(&self, argument: Argument, text: Option<&String>) -> Option<Value> {
        let same = self.means.text(argument).as_ref() == text;
        same.then(|| self.value.get(argument.name()).clone())
    }
}

/// Returns the state of a VM: the managed arguments as they are, all others null.
pub(super) fn state(
    key: &VmKey,
    actual: &Actual,
    managed: &BTreeSet<Argument>,
    spelling: Option<&Spelling<'_>>,
) -> Value {
    let mut state = Value::object([("id", Value::from(id(key)))]);
    for argument in Argument::ALL {
        let fresh = fresh(key, actual, *argument);
        let text = text(key, actual, *argument);
        let kept = spelling.and_then(|spelling| spelling.keep(*argument, text.as_ref()));
        let value = if managed.contains(argument) || argument.is_key() {
            kept.unwrap_or(fresh)
        } else {
            Value::Null
        };
        state.set(argument.name(), value);
    }
    state
}

/// Returns the id of a VM.
pub(super) fn id(key: &VmKey) -> String {
    format!("{}/{}", key.node, key.vmid)
}

/// Returns the identity of a VM.
pub(super) fn identity(key: &VmKey) -> Value {
    Value::object([
        ("node", Value::from(key.node.as_str())),
        ("vmid", Value::from(key.vmid.get())),
        ("env_name", Value::from(&key.env_name)),
    ])
}

/// The key is what the VM is known by, whatever name it shows.
fn text(key: &VmKey, actual: &Actual, argument: Argument) -> Option<String> {
    match argument {
        Argument::Name => Some(key.name.clone()),
        Argument::EnvName => Some(key.env_name.clone()),
        Argument::Vmid => Some(key.vmid.to_string()),
        Argument::Node => Some(key.node.to_string()),
        _ => actual.text(argument),
    }
}

fn fresh(key: &VmKey, actual: &Actual, argument: Argument) -> Value {
    let shape = &actual.shape;
    match argument {
        Argument::Vmid => key.vmid.get().into(),
        Argument::Cores => shape.cores.into(),
        Argument::Memory => shape.memory.map(|memory| memory.0).into(),
        Argument::DiskGb => shape.disk.map(gib).into(),
        Argument::Vlan => shape.vlan.map(pve_api::VlanTag::get).into(),
        Argument::PrefixLength => shape.addressing.prefix_length.into(),
        Argument::StartupOrder => shape.startup_order.into(),
        Argument::Onboot => shape.onboot.into(),
        Argument::Protection => shape.protection.into(),
        Argument::Started => shape.started.into(),
        Argument::Nameservers => shape.addressing.nameservers.clone().into(),
        Argument::Tags => shape
            .tags
            .as_ref()
            .map(|tags| tags.iter().collect::<Vec<_>>())
            .into(),
        Argument::Gpus => shape
            .gpus
            .as_ref()
            .map(|gpus| Value::list(gpus.iter().map(gpu)))
            .into(),
        Argument::Name
        | Argument::EnvName
        | Argument::Node
        | Argument::Template
        | Argument::Clone
        | Argument::Pool
        | Argument::Role
        | Argument::TalosVersion
        | Argument::CpuType
        | Argument::Machine
        | Argument::Bios
        | Argument::Storage
        | Argument::Bridge
        | Argument::Mac
        | Argument::Uuid
        | Argument::Address
        | Argument::Gateway
        | Argument::AddressMode => text(key, actual, argument).into(),
    }
}

fn gpu(gpu: &Gpu) -> Value {
    let (mapping, bdf) = match gpu {
        Gpu::Mapping { id, stands_for } => (
            Some(id.to_string()),
            stands_for.map(|address| address.to_string()),
        ),
        Gpu::Raw(address) => (None, Some(address.to_string())),
    };
    Value::object([("mapping", Value::from(mapping)), ("bdf", Value::from(bdf))])
}

const GIB: u64 = 1 << 30;

/// Returns a size in GiB, with a fraction where Proxmox holds one.
#[expect(
    clippy::cast_precision_loss,
    reason = "sizes in bytes up to 2^53 are exact in a double"
)]
fn gib(size: DiskSize) -> Number {
    let bytes = size.bytes();
    if bytes.is_multiple_of(GIB) {
        return Number::from(bytes / GIB);
    }
    Number::from_f64(bytes as f64 / GIB as f64).unwrap_or_else(|| Number::from(bytes / GIB))
}
