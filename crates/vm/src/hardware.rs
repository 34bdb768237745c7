//! Finding the parts of a VM in its options: the disk it boots from, its cloud-init drive, its
//! passed-through devices.

use pve_api::{BadOption, BootOrder, Bus, Disk, DiskSlot, VmConfig};

/// Returns the disk that the VM boots from: the first disk of the boot order, else the first of
/// the slots that Proxmox's own default order prefers.
pub(crate) fn boot_disk(config: &VmConfig) -> Result<Option<(DiskSlot, Disk)>, BadOption> {
    let mut disks = drives(config)?;
    disks.retain(|(_, disk)| !disk.is_cdrom() && !disk.is_cloud_init());
    let place = |name: &str| disks.iter().position(|(slot, _)| slot.to_string() == name);
    let ordered = match config.boot()? {
        Some(BootOrder::Devices(devices)) => devices.iter().find_map(|device| place(device)),
        Some(BootOrder::Legacy(_)) | None => None,
    };
    let usual = || {
        ["scsi0", "virtio0", "sata0", "ide0"]
            .into_iter()
            .find_map(place)
    };
    Ok(ordered.or_else(usual).map(|place| disks.swap_remove(place)))
}

/// Returns the slot of the cloud-init drive.
pub(crate) fn cloud_init_drive(config: &VmConfig) -> Result<Option<DiskSlot>, BadOption> {
    Ok(drives(config)?
        .into_iter()
        .find(|(_, disk)| disk.is_cloud_init())
        .map(|(slot, _)| slot))
}

fn drives(config: &VmConfig) -> Result<Vec<(DiskSlot, Disk)>, BadOption> {
    let attached = |(slot, _): &(DiskSlot, Disk)| {
        matches!(slot.bus(), Bus::Ide | Bus::Sata | Bus::Scsi | Bus::Virtio)
    };
    Ok(config.disks()?.into_iter().filter(attached).collect())
}

/// Returns a slot for a cloud-init drive. Of the IDE slots, a q35 machine has only these two.
pub(crate) fn free_slot(config: &VmConfig) -> Option<&'static str> {
    [
        "ide2", "ide0", "sata5", "sata4", "sata3", "sata2", "sata1", "sata0",
    ]
    .into_iter()
    .find(|slot| config.get(slot).is_none())
}

/// Returns the name servers, in order.
pub(crate) fn nameservers(config: &VmConfig) -> Vec<String> {
    let text = config.get("nameserver").unwrap_or_default();
    let servers = text.split(|char: char| char.is_whitespace() || ",;".contains(char));
    servers
        .filter(|server| !server.is_empty())
        .map(str::to_owned)
        .collect()
}
