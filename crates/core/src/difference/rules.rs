//! The rules. Each has fixtures in `tests/differences/fixtures.json`: a difference that it explains and one
//! that it must not; a rule without both fails the build.

use time::macros::date;

use super::condition::Condition::{
    Appears, BothEmpty, Default, Follows, Forward, Reported, SameDecoded, SameLines, SameWords,
    Upgraded,
};
use super::rule::Class::{N1, N2, N3, N4, N5, N6, N7, N9};
use super::{Class, Condition, Pattern, Rule};

const BPG: &str = "bpg/proxmox";
const BPG_VM: &str = "proxmox_virtual_environment_vm";
const BPG_MAPPING: &str = "proxmox_virtual_environment_hardware_mapping_pci";
const TELMATE: &str = "Telmate/proxmox";
const TELMATE_VM: &str = "proxmox_vm_qemu";

/// Rules that rest on an issue that is open upstream, or on a release that will be succeeded.
const LOOK_AGAIN: time::Date = date!(2027 - 12 - 31);
/// Rules that rest on how Terraform itself works.
const LASTING: time::Date = date!(2030 - 12 - 31);

const fn any(
    name: &'static str,
    class: Class,
    path: &'static str,
    condition: Condition,
    reason: &'static str,
    reference: &'static str,
) -> Rule {
    Rule {
        name,
        class,
        provider: "*",
        versions: "",
        resource: "*",
        path: Pattern(path),
        condition,
        reason,
        reference,
        expires: LASTING,
    }
}

const fn bpg(
    name: &'static str,
    class: Class,
    path: &'static str,
    condition: Condition,
    reason: &'static str,
    reference: &'static str,
) -> Rule {
    Rule {
        provider: BPG,
        resource: BPG_VM,
        expires: LOOK_AGAIN,
        ..any(name, class, path, condition, reason, reference)
    }
}

const fn telmate(
    name: &'static str,
    class: Class,
    path: &'static str,
    condition: Condition,
    reason: &'static str,
    reference: &'static str,
) -> Rule {
    Rule {
        provider: TELMATE,
        resource: TELMATE_VM,
        expires: LOOK_AGAIN,
        ..any(name, class, path, condition, reason, reference)
    }
}

/// Every rule, the most particular first.
pub const RULES: &[Rule] = &[
    bpg(
        "bpg-cpu-architecture",
        N2,
        "cpu[*].architecture",
        Default(&["x86_64"]),
        "the template's architecture is read into a clone",
        "bpg/terraform-provider-proxmox#1494",
    ),
    bpg(
        "bpg-cpu-units",
        N2,
        "cpu[*].units",
        Default(&["1024", "100"]),
        "the default weight is read into a clone",
        "bpg/terraform-provider-proxmox#2402",
    ),
    bpg(
        "bpg-agent-type",
        N2,
        "agent[*].type",
        Default(&["virtio"]),
        "Proxmox leaves the default out",
        "bpg/terraform-provider-proxmox#2902",
    ),
    bpg(
        "bpg-keyboard-layout",
        N2,
        "keyboard_layout",
        Default(&["en-us"]),
        "Proxmox leaves the default out",
        "bpg/terraform-provider-proxmox#932",
    ),
    bpg(
        "bpg-vga",
        N2,
        "vga",
        Default(&["std", "16"]),
        "the template's display is read into a clone",
        "bpg/terraform-provider-proxmox#1224",
    ),
    bpg(
        "bpg-disk-format",
        N2,
        "disk[*].file_format",
        Default(&["raw", "qcow2"]),
        "the format follows from the storage, and Proxmox leaves it out",
        "bpg/terraform-provider-proxmox#1035",
    ),
    bpg(
        "bpg-disk-cache",
        N2,
        "disk[*].cache",
        Default(&["none"]),
        "Proxmox leaves the default out",
        "bpg/terraform-provider-proxmox#450",
    ),
    bpg(
        "bpg-disk-discard",
        N2,
        "disk[*].discard",
        Default(&["ignore"]),
        "Proxmox leaves the default out",
        "bpg/terraform-provider-proxmox#360",
    ),
    bpg(
        "bpg-startup-delays",
        N2,
        "startup[*].*_delay",
        Default(&["-1"]),
        "a delay that is not set is read back as -1",
        "bpg/terraform-provider-proxmox#475",
    ),
    bpg(
        "bpg-timeouts",
        N2,
        "timeout_*",
        Appears,
        "a setting of the provider itself, which no import can read",
        "bpg/terraform-provider-proxmox#2295",
    ),
    bpg(
        "bpg-reboot-after-update",
        N2,
        "reboot_after_update",
        Appears,
        "a setting of the provider itself, which no import can read",
        "bpg/terraform-provider-proxmox#2294",
    ),
    bpg(
        "bpg-tags",
        N3,
        "tags",
        SameWords,
        "Proxmox sorts tags and writes them in lower case",
        "bpg/terraform-provider-proxmox#2999",
    ),
    bpg(
        "bpg-ssh-keys",
        N4,
        "initialization[*].user_account[*].keys",
        SameLines,
        "a line end after the last key",
        "bpg/terraform-provider-proxmox#1622",
    ),
    bpg(
        "bpg-description",
        N4,
        "description",
        SameLines,
        "Proxmox ends a description with a line end",
        "bpg/terraform-provider-proxmox#2980",
    ),
    Rule {
        resource: BPG_MAPPING,
        versions: "<0.111.1",
        ..bpg(
            "bpg-mapping-comment",
            N4,
            "comment",
            SameDecoded,
            "Proxmox decodes the comment of a mapping",
            "bpg/terraform-provider-proxmox#2980",
        )
    },
    Rule {
        versions: ">=0.108.0, <0.109.0",
        ..bpg(
            "bpg-addresses-lost",
            N9,
            "ipv4_addresses",
            Upgraded,
            "0.108 reads no addresses back",
            "bpg/terraform-provider-proxmox#2928",
        )
    },
    bpg(
        "bpg-agent-addresses",
        N5,
        "ipv*_addresses",
        Reported,
        "what the guest agent says, and changes with the guest",
        "bpg/terraform-provider-proxmox#1788",
    ),
    bpg(
        "bpg-agent-interfaces",
        N5,
        "network_interface_names",
        Reported,
        "what the guest agent says, and changes with the guest",
        "bpg/terraform-provider-proxmox#1788",
    ),
    bpg(
        "bpg-agent-later",
        N6,
        "ipv4_addresses",
        Follows,
        "unknown whenever anything else of the VM changes",
        "bpg/terraform-provider-proxmox#1788",
    ),
    telmate(
        "telmate-startup-shutdown",
        N2,
        "startup_shutdown",
        Default(&["-1"]),
        "reading sets the block, with -1 for all that is not set",
        "Telmate/terraform-provider-proxmox#1495",
    ),
    telmate(
        "telmate-disk-format",
        N2,
        "disk[*].format",
        Default(&["raw", "qcow2"]),
        "the default of one disk schema is not in the other",
        "Telmate/terraform-provider-proxmox#1164",
    ),
    telmate(
        "telmate-disk-backup",
        N2,
        "disk[*].backup",
        Default(&["true"]),
        "the default of one disk schema is not in the other",
        "Telmate/terraform-provider-proxmox#1164",
    ),
    telmate(
        "telmate-disks-format",
        N2,
        "disks.**.format",
        Default(&["raw", "qcow2"]),
        "the default of one disk schema is not in the other",
        "Telmate/terraform-provider-proxmox#1124",
    ),
    telmate(
        "telmate-disks-asyncio",
        N2,
        "disks.**.asyncio",
        Default(&["io_uring"]),
        "the default of one disk schema is not in the other",
        "Telmate/terraform-provider-proxmox#1124",
    ),
    telmate(
        "telmate-tags",
        N3,
        "tags",
        SameWords,
        "Proxmox sorts tags, writes them in lower case and separates them otherwise",
        "Telmate/terraform-provider-proxmox commit 7c7e09a",
    ),
    telmate(
        "telmate-nameserver",
        N4,
        "nameserver",
        SameWords,
        "name servers come back with another separator",
        "Telmate/terraform-provider-proxmox#1311",
    ),
    telmate(
        "telmate-description",
        N4,
        "desc",
        SameLines,
        "Proxmox ends a description with a line end",
        "Telmate/terraform-provider-proxmox#1030",
    ),
    telmate(
        "telmate-reboot-required",
        N5,
        "reboot_required",
        Reported,
        "it says what the provider would do, and is nothing of the VM",
        "Telmate/terraform-provider-proxmox#1393",
    ),
    telmate(
        "telmate-addresses",
        N5,
        "default_ipv*_address",
        Reported,
        "what the guest agent says, and changes with the guest",
        "Telmate/terraform-provider-proxmox#1526",
    ),
    telmate(
        "telmate-ssh-later",
        N6,
        "ssh_*",
        Follows,
        "unknown whenever anything else of the VM changes",
        "Telmate/terraform-provider-proxmox#1526",
    ),
    any(
        "time-of-last-change",
        N7,
        "last_modified",
        Forward,
        "the server's own time of the last change",
        "terraform-provider-aws documentation, `last_modified`",
    ),
    any(
        "uptime",
        N7,
        "uptime",
        Forward,
        "how long something has run",
        "Proxmox VE API, /nodes/{node}/qemu/{vmid}/status/current",
    ),
    any(
        "nothing-in-two-forms",
        N1,
        "**",
        BothEmpty,
        "Terraform keeps null, \"\", [] and {} apart; most servers do not",
        "bpg/terraform-provider-proxmox#1672",
    ),
];
