//! Nodes of a topology as wanted VMs: what the module hands to the provider, without Terraform.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use contract::{Node, Role as NodeRole, Topology};
use pve_api::pci::MappedDevice;
use pve_api::{GiB, MappingId, MiB, NodeName, PciAddress, Tags, VlanTag, VmId};
use vm::{
    AddressMode, Addressing, CloneMode, Firmware, Gpu, Origin, Problem, Role, Shape, VmKey, Wanted,
    isolation, mapped_device,
};

use crate::facts::{Facts, Unread, need};

/// A node that Proxmox has no words for. The rules of the inputs rule it out; they are not repeated
/// here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAVm(String);

impl fmt::Display for NotAVm {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl std::error::Error for NotAVm {}

/// The VM that a node becomes.
pub fn wanted(topology: &Topology, node: &Node) -> Result<Wanted, NotAVm> {
    Ok(Wanted {
        key: VmKey {
            env_name: topology.cluster.name.clone(),
            name: node.name.clone(),
            vmid: VmId::new(whole(node, "vmid", node.vmid)?)
                .map_err(|bad| not_a_vm(node, "vmid", bad))?,
            node: parsed(node, "node", &node.node)?,
        },
        origin: Origin {
            template: node.template.clone(),
            clone: CloneMode::from_name(&node.clone),
            pool: node.pool.clone(),
            role: Some(match node.role {
                NodeRole::Controlplane => Role::ControlPlane,
                NodeRole::Worker => Role::Worker,
            }),
            talos_version: Some(node.talos_version.clone()),
        },
        shape: shape(node)?,
    })
}

fn shape(node: &Node) -> Result<Shape, NotAVm> {
    let vlan =
        |tag| VlanTag::new(whole(node, "vlan", tag)?).map_err(|bad| not_a_vm(node, "vlan", bad));
    let order = |order| whole(node, "startup_order", order);
    let firmware = |word| {
        Firmware::from_name(word)
            .ok_or_else(|| not_a_vm(node, "bios", format!("`{word}` is no firmware")))
    };
    let tags = Tags::new(node.tags.clone()).map_err(|bad| not_a_vm(node, "tags", bad))?;
    Ok(Shape {
        cores: Some(whole(node, "cores", node.cores)?),
        memory: Some(MiB(whole(node, "memory", node.memory)?)),
        cpu_type: Some(parsed(node, "cpu_type", &node.cpu_type)?),
        machine: Some(node.machine.clone()),
        bios: node.bios.as_deref().map(firmware).transpose()?,
        disk: Some(GiB(whole(node, "disk_gb", node.disk_gb)?).into()),
        storage: Some(parsed(node, "storage", &node.storage)?),
        bridge: Some(parsed(node, "bridge", &node.bridge)?),
        vlan: node.vlan.map(vlan).transpose()?,
        mac: Some(parsed(node, "mac", &node.mac)?),
        uuid: Some(parsed(node, "uuid", &node.uuid)?),
        addressing: addressing(node)?,
        gpus: Some(gpus(node)?),
        tags: Some(tags),
        onboot: Some(node.onboot),
        startup_order: node.startup_order.map(order).transpose()?,
        protection: Some(node.protection),
        started: Some(true),
    })
}

fn addressing(node: &Node) -> Result<Addressing, NotAVm> {
    let gateway = |text: &String| parsed(node, "gateway", text);
    Ok(Addressing {
        mode: AddressMode::from_name(&node.address_mode),
        address: Some(parsed(node, "address", &node.address)?),
        prefix_length: Some(node.prefix_length),
        gateway: node.gateway.as_ref().map(gateway).transpose()?,
        nameservers: Some(node.nameservers.clone()),
    })
}

/// A device with an address is passed through by the mapping that is made for it.
fn gpus(node: &Node) -> Result<Vec<Gpu>, NotAVm> {
    let gpu = |mapping: &String, bdf: Option<&String>| {
        let address = bdf.map(|bdf| parsed(node, "gpus", bdf));
        Ok(Gpu::Mapping {
            id: parsed(node, "gpus", mapping)?,
            stands_for: address.transpose()?,
        })
    };
    let named = node.gpus.iter();
    named
        .filter_map(|device| Some(gpu(device.mapping.as_ref()?, device.bdf.as_ref())))
        .collect()
}

/// The mappings that the module makes, as the hardware will have them, and what speaks against them.
pub async fn gpu_mappings(
    facts: &Facts,
    topology: &Topology,
) -> Result<(BTreeMap<MappingId, MappedDevice>, Vec<(String, Problem)>), Unread> {
    let (mut made, mut problems) = (BTreeMap::new(), Vec::new());
    for node in &topology.nodes {
        for (id, host, address) in addressed(node) {
            let hardware = need("list the PCI devices", facts.pci_devices(&host).await)?;
            let alone = isolation(&host, address, &[address], &hardware);
            match alone.map_or_else(|| mapped_device(&host, address, &hardware), Err) {
                Ok(device) => drop(made.insert(id, device)),
                Err(problem) => problems.push((node.name.clone(), problem)),
            }
        }
    }
    Ok((made, problems))
}

fn addressed(node: &Node) -> impl Iterator<Item = (MappingId, NodeName, PciAddress)> {
    node.gpus.iter().filter_map(|gpu| {
        let id = gpu.mapping.as_ref()?.parse().ok()?;
        Some((id, node.node.parse().ok()?, gpu.bdf.as_ref()?.parse().ok()?))
    })
}

fn whole<T: TryFrom<i64>>(node: &Node, what: &str, value: i64) -> Result<T, NotAVm> {
    T::try_from(value).map_err(|_| not_a_vm(node, what, format!("{value} is out of range")))
}

fn parsed<T: FromStr<Err: fmt::Display>>(node: &Node, what: &str, text: &str) -> Result<T, NotAVm> {
    text.parse().map_err(|bad| not_a_vm(node, what, bad))
}

fn not_a_vm(node: &Node, what: &str, why: impl fmt::Display) -> NotAVm {
    NotAVm(format!("{}: {what}: {why}", node.name))
}
