//! The attributes of single nodes, in `workers`, `gpu_workers` and `node_overrides`.

use crate::inputs::{CLONE_MODE, DISK, VLAN, WORKER_CORES, WORKER_MEMORY};
use crate::kind::{Attribute, Kind, Whole};
use crate::text::{Text, VMID_MAX, VMID_MIN};

/// What any node can have of its own.
pub const NODE: &[Attribute] = &[
    attribute(
        "slot",
        Whole::range(1, 999),
        "Place in the VMID and address ranges, when the name ends in no number.",
    ),
    attribute(
        "vmid",
        Whole::range(VMID_MIN, VMID_MAX),
        "VMID instead of `vmid_start` plus slot.",
    ),
    attribute(
        "address",
        Kind::Text(Text::Address),
        "Address instead of `node_address_start` plus slot.",
    ),
    attribute(
        "mac",
        Kind::Text(Text::Mac),
        "MAC address instead of the derived one.",
    ),
    attribute(
        "uuid",
        Kind::Text(Text::Uuid),
        "SMBIOS UUID instead of the derived one.",
    ),
    attribute(
        "node",
        Kind::Text(Text::ProxmoxNode),
        "Proxmox node instead of `node`.",
    ),
    attribute(
        "template",
        Kind::Text(Text::Template),
        "Template instead of the role's.",
    ),
    attribute(
        "clone_mode",
        CLONE_MODE,
        "`full` or `linked` instead of `clone_mode`.",
    ),
    attribute(
        "pool",
        Kind::Text(Text::Pool),
        "Resource pool instead of `proxmox_pool`.",
    ),
    attribute("cores", WORKER_CORES, "CPU cores instead of the role's."),
    attribute(
        "memory_mb",
        WORKER_MEMORY,
        "Memory in MiB instead of the role's.",
    ),
    attribute("disk_gb", DISK, "Disk in GiB instead of the role's."),
    attribute(
        "disk_pool",
        Kind::Text(Text::Storage),
        "Storage instead of `disk_pool`.",
    ),
    attribute(
        "cpu_type",
        Kind::Text(Text::CpuType),
        "CPU type instead of `cpu_type`.",
    ),
    attribute(
        "bios",
        Kind::Text(Text::Choice(&["seabios", "ovmf"])),
        "Firmware instead of the template's.",
    ),
    attribute(
        "network_bridge",
        Kind::Text(Text::Bridge),
        "Bridge instead of `network_bridge`.",
    ),
    attribute("network_vlan", VLAN, "VLAN tag instead of `network_vlan`."),
    attribute(
        "tags",
        Kind::List(&Kind::Text(Text::Tag)),
        "Tags instead of `em-infra`, the environment and the role.",
    ),
    attribute(
        "onboot",
        Kind::Bool,
        "Whether the VM starts with the host; it does unless this says `false`.",
    ),
    attribute(
        "startup_order",
        Whole::range(0, 9999),
        "Place in the host's start order; needs Sys.Modify on `/`.",
    ),
    attribute(
        "protection",
        Kind::Bool,
        "Whether Proxmox itself refuses to remove the VM.",
    ),
];

/// The devices of a GPU worker.
pub const GPUS: &[Attribute] = &[attribute(
    "gpus",
    Kind::List(&Kind::Object(&[GPU_SOURCE])),
    "PCI devices passed through, each by `mapping` or by `bdf`.",
)];

/// One device: exactly one of the two.
pub const GPU_SOURCE: &[Attribute] = &[
    attribute(
        "bdf",
        Kind::Text(Text::Pci),
        "PCI address; needs `root@pam` with a password.",
    ),
    attribute(
        "mapping",
        Kind::Text(Text::Mapping),
        "Proxmox PCI resource mapping; works with an API token.",
    ),
];

const fn attribute(name: &'static str, kind: Kind, description: &'static str) -> Attribute {
    Attribute {
        name,
        kind,
        description,
    }
}
