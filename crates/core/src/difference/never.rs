//! What no rule may explain.

use super::{Path, Pattern};

/// A place whose difference is never noise.
#[derive(Debug, Clone, Copy)]
pub struct Never {
    /// Where.
    pub path: Pattern,
    /// What it is about.
    pub about: &'static str,
}

const fn never(path: &'static str, about: &'static str) -> Never {
    Never {
        path: Pattern(path),
        about,
    }
}

/// Identity, place, power, size, disks, network and devices of a machine, under the names that providers
/// for Proxmox VE use. Beside these: every sensitive value, and every deletion and replacement.
pub const NEVER: &[Never] = &[
    never("vmid", "which VM it is"),
    never("vm_id", "which VM it is"),
    never("uuid", "which VM it is"),
    never("smbios.**", "which VM it is"),
    never("name", "which VM it is"),
    never("node", "where it runs"),
    never("node_name", "where it runs"),
    never("target_node", "where it runs"),
    never("started", "whether it runs"),
    never("vm_state", "whether it runs"),
    never("cores", "how large it is"),
    never("sockets", "how large it is"),
    never("vcpus", "how large it is"),
    never("cpu[*].cores", "how large it is"),
    never("cpu[*].sockets", "how large it is"),
    never("cpu[*].hotplugged", "how large it is"),
    never("memory.**", "how large it is"),
    never("balloon", "how large it is"),
    never("disk", "its disks"),
    never("disk[*]", "its disks"),
    never("disk_gb", "its disks"),
    never("storage", "its disks"),
    never("disks", "its disks"),
    never("disks.**.size", "its disks"),
    never("disks.**.storage", "its disks"),
    never("disks.**.disk", "its disks"),
    never("disks.**.passthrough.**", "its disks"),
    never("disk[*].size", "its disks"),
    never("disk[*].storage", "its disks"),
    never("disk[*].slot", "its disks"),
    never("disk[*].type", "its disks"),
    never("disk[*].id", "its disks"),
    never("disk[*].volume", "its disks"),
    never("disk[*].file", "its disks"),
    never("disk[*].file_id", "its disks"),
    never("disk[*].import_from", "its disks"),
    never("disk[*].datastore_id", "its disks"),
    never("disk[*].interface", "its disks"),
    never("disk[*].path_in_datastore", "its disks"),
    never("efi_disk.**", "its disks"),
    never("efidisk.**", "its disks"),
    never("tpm_state.**", "its disks"),
    never("clone.**", "what it is made from"),
    never("network.**", "its network"),
    never("network_device.**", "its network"),
    never("ipconfig*", "its network"),
    never("initialization[*].ip_config.**", "its network"),
    never("boot", "what it boots"),
    never("bootdisk", "what it boots"),
    never("boot_order.**", "what it boots"),
    never("hostpci.**", "its devices"),
    never("pci.**", "its devices"),
    never("pcis.**", "its devices"),
    never("usb.**", "its devices"),
];

pub(super) fn about(path: &Path) -> Option<&'static str> {
    let never = NEVER.iter().find(|never| never.path.matches(path));
    never.map(|never| never.about)
}
