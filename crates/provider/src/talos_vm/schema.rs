//! What the resource looks like to Terraform.

use tf_plugin::{Attribute, IdentityAttribute, IdentitySchema, Nesting, Schema, Type};

/// Kept by the provider beside the state of a VM whose apply was stopped before its end.
pub(super) const PARKED: &[u8] = br#"{"parked":true}"#;

/// Kept by the provider beside the state of a VM that somebody renamed in Proxmox.
pub(super) const RENAMED: &[u8] = br#"{"renamed":true}"#;

const NULL_IS_UNMANAGED: &str = "A VM made by cloning a Talos template. An argument that is left out is not \
managed: it is neither compared nor written. Changing `name`, `env_name`, `vmid` or `node` replaces the VM; \
`template`, `clone` and `talos_version` are facts of its creation, and changing them is recorded only.";

pub(super) fn resource() -> Schema {
    let key = [
        Attribute::string("name")
            .required()
            .describe("The name, a DNS label."),
        Attribute::string("env_name")
            .required()
            .describe("The environment that the VM belongs to."),
        Attribute::number("vmid").required().describe("The VMID."),
        Attribute::string("node")
            .required()
            .describe("The node of the host."),
    ];
    let origin = [
        Attribute::string("template")
            .required()
            .describe("The template, by name or VMID."),
        Attribute::string("clone").describe("`full` or `linked`."),
        Attribute::string("pool").describe("The resource pool of the VM."),
        Attribute::string("role").describe("`controlplane` or `worker`."),
        Attribute::string("talos_version").describe("The Talos version of the template."),
    ];
    let all = key
        .into_iter()
        .chain(origin)
        .chain(hardware())
        .chain(network())
        .chain(habits());
    Schema::new(all.chain(computed())).describe(NULL_IS_UNMANAGED)
}

fn hardware() -> [Attribute; 9] {
    let gpu = [
        Attribute::string("bdf").describe(
            "The PCI address, as in `0000:01:00`. With `mapping`, what that stands for: another \
             address restarts the VM. Alone, only root@pam with a password may set it.",
        ),
        Attribute::string("mapping").describe("The name of a resource mapping, for tokens."),
    ];
    [
        Attribute::number("cores").describe("Virtual CPUs."),
        Attribute::number("memory").describe("Memory in MiB."),
        Attribute::string("cpu_type").describe("The CPU model, `x86-64-v2` at least for Talos."),
        Attribute::string("machine").describe("The machine type, as in `q35`."),
        Attribute::string("bios")
            .describe("`seabios` or `ovmf`, which gets a disk for its variables (`efidisk0`)."),
        Attribute::number("disk_gb").describe("The size of the boot disk in GiB; it only grows."),
        Attribute::string("storage").describe("The storage of the disks."),
        Attribute::string("uuid")
            .required()
            .describe("The SMBIOS UUID, by which the VM is known."),
        Attribute::nested("gpus", Nesting::List, gpu)
            .describe("PCI devices that are passed through, each by `mapping` or by `bdf` alone."),
    ]
}

fn network() -> [Attribute; 8] {
    [
        Attribute::string("bridge").describe("The bridge of the network card."),
        Attribute::number("vlan").describe("The VLAN of the network card."),
        Attribute::string("mac").describe("The MAC address of the network card."),
        Attribute::string("address_mode").describe(
            "`static`: the cloud-init drive gives the address to a nocloud image. `dhcp_reserved`: \
             a DHCP server does, and the address is only recorded.",
        ),
        Attribute::string("address").describe("The address, without the length of its prefix."),
        Attribute::number("prefix_length").describe("The length of the network prefix."),
        Attribute::string("gateway").describe("The default gateway."),
        Attribute::list("nameservers", Type::String).describe("The name servers, in order."),
    ]
}

fn habits() -> [Attribute; 5] {
    [
        Attribute::set("tags", Type::String).describe("Tags; case makes no difference."),
        Attribute::bool("onboot").describe("Whether the VM starts with the host."),
        Attribute::number("startup_order")
            .describe("The place in the start order; needs Sys.Modify on `/`."),
        Attribute::bool("protection").describe("Whether Proxmox refuses to remove the VM."),
        Attribute::bool("started").describe("Whether the VM runs."),
    ]
}

fn computed() -> [Attribute; 2] {
    [
        Attribute::string("id")
            .computed()
            .describe("`NODE/VMID`, for import."),
        Attribute::bool("existing").computed().describe(
            "Whether the VM was there before this state, and was taken over or imported.",
        ),
    ]
}

pub(super) fn identity() -> IdentitySchema {
    IdentitySchema::new([
        IdentityAttribute::required("node", Type::String).describe("The node of the host."),
        IdentityAttribute::required("vmid", Type::Number).describe("The VMID."),
        IdentityAttribute::optional("env_name", Type::String)
            .describe("The environment; when given, a VM of another one is refused."),
    ])
}
