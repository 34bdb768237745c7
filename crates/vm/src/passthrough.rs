//! Passing a PCI device through: what a mapping of it holds, and what would make a start fail.
//!
//! Proxmox checks nothing of this before the VM starts, and a stopped VM reserves nothing, so the
//! options of every VM of the host are looked at here.

use std::collections::BTreeMap;

use pve_api::pci::{MappedDevice, PciDevice};
use pve_api::{HostPci, MappingId, NodeName, PciAddress, VmId};

use crate::{Argument, Gpu, Problem, Wanted};

/// The mappings with their devices on one node.
pub type Mappings = BTreeMap<MappingId, Vec<MappedDevice>>;

/// The class of a PCI bridge, which may share the IOMMU group of a device.
const BRIDGE: &str = "0x0604";

/// What is known of the PCI devices of a node.
#[derive(Debug, Clone, Copy)]
pub struct PciFacts<'a> {
    /// All devices, bridges included.
    pub devices: &'a [PciDevice],
    /// The mappings with their devices on this node: those of the host, and those of this plan.
    pub mappings: &'a Mappings,
    /// The devices of all other VMs.
    pub claims: &'a [Claim],
}

/// A VM that has devices, as its options or its plan say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Its VMID.
    pub vmid: VmId,
    /// Its name.
    pub name: String,
    /// Its devices.
    pub devices: Vec<Gpu>,
}

impl Claim {
    /// Takes the devices from the options of a VM.
    pub fn of(
        vmid: VmId,
        name: impl Into<String>,
        options: impl IntoIterator<Item = HostPci>,
    ) -> Self {
        let devices = options.into_iter().flat_map(|option| {
            let mapped = option.mapping.map(Gpu::mapping);
            mapped
                .into_iter()
                .chain(option.host.into_iter().map(Gpu::Raw))
        });
        Self {
            vmid,
            name: name.into(),
            devices: devices.collect(),
        }
    }
}

/// What a mapping of the device has to hold, as Proxmox checks it when a VM starts; without a
/// function the attributes are those of the first one.
pub fn mapped_device(
    node: &NodeName,
    address: PciAddress,
    devices: &[PciDevice],
) -> Result<MappedDevice, Problem> {
    let device = functions(address, devices)
        .next()
        .ok_or_else(|| missing(node, address, devices))?;
    let plain = |id: &str| id.trim_start_matches("0x").to_owned();
    let id = format!("{}:{}", plain(&device.vendor), plain(&device.device));
    let subsystem = device
        .subsystem_vendor
        .as_deref()
        .zip(device.subsystem_device.as_deref())
        .map(|(vendor, device)| format!("subsystem-id={}:{}", plain(vendor), plain(device)));
    let group = device
        .iommu_group()
        .map(|group| format!("iommugroup={group}"));
    let fields: Vec<String> = [
        Some(format!("id={id}")),
        group,
        Some(format!("node={node}")),
        Some(format!("path={address}")),
        subsystem,
    ]
    .into_iter()
    .flatten()
    .collect();
    fields.join(",").parse().map_err(|error| {
        Problem::new(
            Argument::Gpus,
            format!("the PCI device {address} cannot be mapped: {error}"),
            "Name an existing mapping instead.",
        )
    })
}

/// Returns what would keep a VM with this device from starting, whoever else wants it.
pub fn isolation(
    node: &NodeName,
    address: PciAddress,
    own: &[PciAddress],
    devices: &[PciDevice],
) -> Option<Problem> {
    let Some(device) = functions(address, devices).next() else {
        return Some(missing(node, address, devices));
    };
    let Some(group) = device.iommu_group() else {
        return Some(Problem::new(
            Argument::Gpus,
            format!("the PCI device {address} of node {node} is in no IOMMU group"),
            "Switch on VT-d or AMD-Vi in the firmware of the host, and the IOMMU in its kernel, then \
             boot it.",
        ));
    };
    let others: Vec<String> = devices
        .iter()
        .filter(|other| other.iommu_group() == Some(group) && !other.class.starts_with(BRIDGE))
        .filter(|other| !own.iter().any(|mine| same_card(*mine, other.id)))
        .map(named)
        .collect();
    (!others.is_empty()).then(|| {
        Problem::new(
            Argument::Gpus,
            format!(
                "the PCI device {address} shares IOMMU group {group} with {}",
                others.join(", ")
            ),
            "All of them would leave the host when the VM starts. Put the card into another slot, or \
             pass all of them to this VM.",
        )
    })
}

/// Returns every problem of giving the wanted VM its devices.
pub fn passthrough(wanted: &Wanted, facts: &PciFacts<'_>) -> Vec<Problem> {
    let gpus = wanted.shape.gpus.as_deref().unwrap_or_default();
    let mut problems: Vec<Problem> = gpus
        .iter()
        .filter_map(|gpu| unmapped(wanted, gpu, facts.mappings))
        .collect();
    let own: Vec<PciAddress> = gpus
        .iter()
        .flat_map(|gpu| addresses(gpu, facts.mappings))
        .collect();
    for (place, address) in own.iter().enumerate() {
        problems.extend(isolation(&wanted.key.node, *address, &own, facts.devices));
        problems.extend(twice(*address, &own[..place]));
    }
    problems.extend(double_use(wanted, facts.mappings, facts.claims));
    problems.extend(machine(wanted, gpus));
    problems
}

/// Returns the devices of the wanted VM that other VMs have.
pub fn double_use(wanted: &Wanted, mappings: &Mappings, claims: &[Claim]) -> Vec<Problem> {
    let gpus = wanted.shape.gpus.as_deref().unwrap_or_default();
    let own: Vec<PciAddress> = gpus
        .iter()
        .flat_map(|gpu| addresses(gpu, mappings))
        .collect();
    claims
        .iter()
        .filter_map(|claim| claimed(claim, &own, mappings))
        .collect()
}

/// Returns the devices of the wanted VM that VMs of `running` have now, each with who has it. `held` is
/// what mappings stand for now, and `mappings` what they will.
pub fn still_held<'a>(
    wanted: &Wanted,
    mappings: &Mappings,
    held: &Mappings,
    running: &'a [Claim],
) -> Vec<(PciAddress, &'a Claim)> {
    let gpus = wanted.shape.gpus.as_deref().unwrap_or_default();
    let own: Vec<PciAddress> = gpus
        .iter()
        .flat_map(|gpu| addresses(gpu, mappings))
        .collect();
    let others = running.iter().filter(|one| one.vmid != wanted.key.vmid);
    others
        .filter_map(|claim| Some((shared(claim, &own, held)?, claim)))
        .collect()
}

fn functions(address: PciAddress, devices: &[PciDevice]) -> impl Iterator<Item = &PciDevice> {
    devices
        .iter()
        .filter(move |device| device.id.overlaps(address))
}

fn same_card(one: PciAddress, other: PciAddress) -> bool {
    let whole = |address: PciAddress| PciAddress {
        function: None,
        ..address
    };
    whole(one) == whole(other)
}

fn missing(node: &NodeName, address: PciAddress, devices: &[PciDevice]) -> Problem {
    let displays: Vec<String> = devices
        .iter()
        .filter(|device| device.class.starts_with("0x03") || device.class.starts_with("0x12"))
        .map(named)
        .collect();
    let known = if displays.is_empty() {
        "none".to_owned()
    } else {
        displays.join(", ")
    };
    Problem::new(
        Argument::Gpus,
        format!("node {node} has no PCI device {address}"),
        format!("Display controllers and accelerators that it has: {known}."),
    )
}

fn named(device: &PciDevice) -> String {
    match &device.device_name {
        Some(name) => format!("{} {name}", device.id),
        None => device.id.to_string(),
    }
}

/// The addresses that a device surely takes. Of several alternatives Proxmox takes a free one.
fn addresses(gpu: &Gpu, mappings: &Mappings) -> Vec<PciAddress> {
    match gpu {
        Gpu::Raw(address) => vec![*address],
        Gpu::Mapping { id, .. } => match mappings.get(id).map(Vec::as_slice) {
            Some([only]) if only.path.len() == 1 => only.path.clone(),
            _ => Vec::new(),
        },
    }
}

fn unmapped(wanted: &Wanted, gpu: &Gpu, mappings: &Mappings) -> Option<Problem> {
    let Gpu::Mapping { id, stands_for } = gpu else {
        return None;
    };
    let node = &wanted.key.node;
    if let Some(devices) = mappings.get(id).filter(|devices| !devices.is_empty()) {
        let address = (*stands_for)?;
        return misplaced(id, address, devices);
    }
    Some(Problem::new(
        Argument::Gpus,
        format!(
            "there is no PCI mapping `{id}` with a device of node {node}, or these credentials may \
             not see it"
        ),
        format!(
            "Make it under Datacenter > Resource Mappings; using it needs Mapping.Use on \
             /mapping/pci/{id}."
        ),
    ))
}

/// Returns what is wrong when a mapping does not stand for the one device that a VM is to have by
/// it. Proxmox would start the VM with whatever it does stand for.
pub fn misplaced(id: &MappingId, address: PciAddress, devices: &[MappedDevice]) -> Option<Problem> {
    if matches!(devices, [only] if only.path == [address]) {
        return None;
    }
    let paths = devices.iter().flat_map(|device| &device.path);
    let paths: Vec<String> = paths.map(ToString::to_string).collect();
    Some(Problem::new(
        Argument::Gpus,
        format!(
            "PCI mapping `{id}` stands for {} and not for {address}",
            paths.join(", ")
        ),
        "Give `bdf` as the mapping has it, leave it out, or change the mapping first.",
    ))
}

fn twice(address: PciAddress, before: &[PciAddress]) -> Option<Problem> {
    before.iter().any(|other| other.overlaps(address)).then(|| {
        Problem::new(
            Argument::Gpus,
            format!("the PCI device {address} is given to this VM twice"),
            "Name it once.",
        )
    })
}

/// The first device of a claim that is of one card with one of `own`.
fn shared(claim: &Claim, own: &[PciAddress], mappings: &Mappings) -> Option<PciAddress> {
    let mut theirs = claim
        .devices
        .iter()
        .flat_map(|gpu| addresses(gpu, mappings));
    theirs.find(|theirs| own.iter().any(|own| same_card(*own, *theirs)))
}

fn claimed(claim: &Claim, own: &[PciAddress], mappings: &Mappings) -> Option<Problem> {
    let both = shared(claim, own, mappings)?;
    Some(Problem::new(
        Argument::Gpus,
        format!(
            "the PCI device {both} is given to VM {} {} already",
            claim.vmid, claim.name
        ),
        "A device works for one VM at a time: take it from that one, or give this node another.",
    ))
}

fn machine(wanted: &Wanted, gpus: &[Gpu]) -> Option<Problem> {
    let machine = wanted.shape.machine.as_deref()?;
    (!gpus.is_empty() && !machine.contains("q35")).then(|| {
        Problem::new(
            Argument::Machine,
            format!("machine type {machine} has no PCI Express for a GPU"),
            "Set machine = \"q35\".",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Origin, Shape, VmKey};

    /// A card with sound in one group, a card that shares its group with a network card, one
    /// without a group.
    fn devices() -> Vec<PciDevice> {
        serde_json::from_str(
            r#"[
            {"id":"0000:00:01.0","class":"0x060400","vendor":"0x8086","device":"0x1","iommugroup":1},
            {"id":"0000:01:00.0","class":"0x030000","vendor":"0x10de","device":"0x2204","device_name":"RTX",
             "subsystem_vendor":"0x10de","subsystem_device":"0x1467","iommugroup":1},
            {"id":"0000:01:00.1","class":"0x040300","vendor":"0x10de","device":"0x1aef","iommugroup":1},
            {"id":"0000:02:00.0","class":"0x030000","vendor":"0x10de","device":"0x2204","iommugroup":2},
            {"id":"0000:03:00.0","class":"0x020000","vendor":"0x8086","device":"0x1533","device_name":"I210","iommugroup":2},
            {"id":"0000:04:00.0","class":"0x030000","vendor":"0x10de","device":"0x2204","iommugroup":-1}
            ]"#,
        )
        .expect("devices")
    }

    fn node() -> NodeName {
        "pve".parse().expect("a name")
    }

    fn raw(text: &str) -> Gpu {
        Gpu::Raw(text.parse().expect("an address"))
    }

    fn mapped(text: &str) -> Gpu {
        Gpu::mapping(text.parse().expect("a name"))
    }

    fn wanted(machine: &str, gpus: Vec<Gpu>) -> Wanted {
        Wanted {
            key: VmKey {
                env_name: "k3s-dev".into(),
                name: "k3s-dev-gpu-0100".into(),
                vmid: "8101".parse().expect("a VMID"),
                node: node(),
            },
            origin: Origin {
                template: "talos".into(),
                clone: None,
                pool: None,
                role: None,
                talos_version: None,
            },
            shape: Shape {
                machine: Some(machine.into()),
                gpus: Some(gpus),
                ..Shape::default()
            },
        }
    }

    fn told(wanted: &Wanted, claims: &[Claim]) -> String {
        let devices = devices();
        let entry = |text: &str| text.parse::<MappedDevice>().expect("an entry");
        let one = entry("id=10de:2204,iommugroup=1,node=pve,path=0000:01:00");
        let other = entry("id=10de:2204,iommugroup=2,node=pve,path=0000:02:00.0");
        let mappings = BTreeMap::from([
            ("gpu0".parse().expect("a name"), vec![one.clone()]),
            ("any".parse().expect("a name"), vec![one, other]),
        ]);
        let facts = PciFacts {
            devices: &devices,
            mappings: &mappings,
            claims,
        };
        let problems = passthrough(wanted, &facts);
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        lines.join("\n")
    }

    #[test]
    fn a_card_with_its_own_functions_and_bridge_in_the_group_passes() {
        for gpu in [raw("01:00"), raw("01:00.0"), mapped("gpu0"), mapped("any")] {
            assert_eq!(told(&wanted("q35", vec![gpu.clone()]), &[]), "", "{gpu}");
        }
        assert_eq!(
            told(&wanted("q35", vec![raw("02:00.0"), raw("03:00.0")]), &[]),
            "",
            "the whole group in one VM"
        );
    }

    #[test]
    fn what_would_fail_at_the_start_is_named() {
        let theirs = Claim {
            vmid: "105".parse().expect("a VMID"),
            name: "games".into(),
            devices: vec![mapped("gpu0")],
        };
        let lines = [
            told(&wanted("q35", vec![raw("05:00")]), &[]),
            told(&wanted("q35", vec![raw("04:00")]), &[]),
            told(&wanted("q35", vec![raw("02:00")]), &[]),
            told(&wanted("q35", vec![raw("01:00"), mapped("gpu0")]), &[]),
            told(&wanted("q35", vec![raw("01:00.1")]), &[theirs]),
            told(&wanted("pc", vec![mapped("none")]), &[]),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r#"
        node pve has no PCI device 0000:05:00. Display controllers and accelerators that it has: 0000:01:00.0 RTX, 0000:02:00.0, 0000:04:00.0.
        the PCI device 0000:04:00 of node pve is in no IOMMU group. Switch on VT-d or AMD-Vi in the firmware of the host, and the IOMMU in its kernel, then boot it.
        the PCI device 0000:02:00 shares IOMMU group 2 with 0000:03:00.0 I210. All of them would leave the host when the VM starts. Put the card into another slot, or pass all of them to this VM.
        the PCI device 0000:01:00 is given to this VM twice. Name it once.
        the PCI device 0000:01:00 is given to VM 105 games already. A device works for one VM at a time: take it from that one, or give this node another.
        there is no PCI mapping `none` with a device of node pve, or these credentials may not see it. Make it under Datacenter > Resource Mappings; using it needs Mapping.Use on /mapping/pci/none.
        machine type pc has no PCI Express for a GPU. Set machine = "q35".
        "#);
    }

    #[test]
    fn a_mapping_holds_what_proxmox_compares() {
        let of = |address: &str| {
            mapped_device(&node(), address.parse().expect("an address"), &devices())
                .map(|device| device.to_string())
                .map_err(|problem| problem.what)
        };
        assert_eq!(
            of("01:00"),
            Ok("id=10de:2204,iommugroup=1,node=pve,path=0000:01:00,subsystem-id=10de:1467".into())
        );
        assert_eq!(
            of("04:00.0"),
            Ok("id=10de:2204,node=pve,path=0000:04:00.0".into())
        );
        assert_eq!(
            of("05:00"),
            Err("node pve has no PCI device 0000:05:00".into())
        );
    }
}
