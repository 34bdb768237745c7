//! What the inputs have to say about a node so that a VM is as they want it.

use std::collections::BTreeMap;

use contract::Value;
use pve_api::VmId;
use vm::{Actual, Argument, Shape, Wanted};

/// The arguments of a VM that `node_overrides` can set, and what they are called there.
const ATTRIBUTES: [(Argument, &str); 15] = [
    (Argument::Vmid, "vmid"),
    (Argument::Mac, "mac"),
    (Argument::Uuid, "uuid"),
    (Argument::Address, "address"),
    (Argument::Cores, "cores"),
    (Argument::Memory, "memory_mb"),
    (Argument::CpuType, "cpu_type"),
    (Argument::Bios, "bios"),
    (Argument::DiskGb, "disk_gb"),
    (Argument::Storage, "disk_pool"),
    (Argument::Bridge, "network_bridge"),
    (Argument::Vlan, "network_vlan"),
    (Argument::Tags, "tags"),
    (Argument::Onboot, "onboot"),
    (Argument::Protection, "protection"),
];

/// The attributes in which a VM differs from what is wanted. What is not wanted in particular stays as it is.
pub(super) fn of(wanted: &Wanted, vmid: VmId, actual: &Actual) -> BTreeMap<String, Value> {
    let differs = |argument: Argument| match argument {
        Argument::Vmid => wanted.key.vmid != vmid,
        _ => wanted.text(argument).is_some() && wanted.text(argument) != actual.text(argument),
    };
    let own = ATTRIBUTES
        .into_iter()
        .filter(|(argument, _)| differs(*argument));
    own.filter_map(|(argument, name)| {
        Some((name.to_owned(), value(argument, vmid, &actual.shape)?))
    })
    .collect()
}

fn value(argument: Argument, vmid: VmId, shape: &Shape) -> Option<Value> {
    match argument {
        Argument::Vmid => Some(Value::from(i64::from(vmid.get()))),
        Argument::Cores => Some(Value::from(i64::from(shape.cores?))),
        Argument::Memory => whole(shape.memory?.0),
        // A size between two whole numbers grows to the next.
        Argument::DiskGb => whole(shape.disk?.gib_rounded_up().0),
        Argument::Vlan => Some(Value::from(i64::from(shape.vlan?.get()))),
        Argument::Tags => {
            let tags = shape.tags.as_ref()?.iter().map(Value::from);
            Some(Value::List(tags.collect()))
        }
        Argument::Onboot => shape.onboot.map(Value::Bool),
        Argument::Protection => shape.protection.map(Value::Bool),
        _ => shape.text(argument).map(Value::String),
    }
}

fn whole(number: u64) -> Option<Value> {
    i64::try_from(number).ok().map(Value::from)
}
