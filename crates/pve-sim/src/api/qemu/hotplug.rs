//! Applying pending changes: all of them to a stopped machine, some to a running one.

use super::bootorder;
use super::options::{applies_live, is_cloudinit};
use crate::world::{Drive, Options, Vm, World, is_disk_key};

/// Applies every pending change of a stopped machine.
pub(crate) fn apply_pending(world: &mut World, vmid: u32) {
    apply_if(world, vmid, |_, _| true);
}

/// Applies the pending changes a running machine can take.
pub(crate) fn hotplug_pending(world: &mut World, vmid: u32) {
    apply_if(world, vmid, |vm, key| {
        applies_live(key) || is_balloon_step(vm, key) || is_pluggable(vm, key)
    });
    if let Some(vm) = world.vms.get_mut(&vmid)
        && vm.cloudinit.is_some()
    {
        vm.cloudinit = Some(cloudinit_values(&vm.config));
    }
}

/// A balloon can be blown up and let down, but neither brought in nor taken out.
fn is_balloon_step(vm: &Vm, key: &str) -> bool {
    let is_on = |value: Option<&str>| value != Some("0");
    key == "balloon"
        && !vm.deletions.contains_key(key)
        && is_on(vm.config.get(key)) == is_on(vm.pending.get(key))
}

/// Network cards, and disks on the buses that allow it, unless `hotplug` forbids.
fn is_pluggable(vm: &Vm, key: &str) -> bool {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    let feature = match family {
        "net" => "network",
        "scsi" | "virtio" => "disk",
        "usb" => "usb",
        "ide" | "sata" => return is_media_change(vm, key),
        _ => return false,
    };
    match vm.config.get("hotplug") {
        None | Some("1") => true,
        Some(features) => features.split([',', ';']).any(|f| f == feature),
    }
}

/// A CD can be changed in a drive that stays.
fn is_media_change(vm: &Vm, key: &str) -> bool {
    let is_cdrom = |value: Option<&str>| value.is_some_and(|v| Drive::parse(v).is_cdrom());
    is_cdrom(vm.config.get(key)) && is_cdrom(vm.pending.get(key))
}

fn apply_if(world: &mut World, vmid: u32, fits: impl Fn(&Vm, &str) -> bool) {
    let Some(vm) = world.vms.get(&vmid) else {
        return;
    };
    let deletions: Vec<(String, bool)> = vm
        .deletions
        .iter()
        .filter(|(key, _)| fits(vm, key))
        .map(|(key, force)| (key.clone(), *force))
        .collect();
    let pending: Vec<(String, String)> = vm
        .pending
        .iter()
        .filter(|(key, _)| fits(vm, key))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect();
    for (key, force) in deletions {
        delete(world, vmid, &key, force);
    }
    for (key, value) in pending {
        set(world, vmid, &key, &value);
    }
}

fn delete(world: &mut World, vmid: u32, key: &str, force: bool) {
    let Some(vm) = world.vms.get_mut(&vmid) else {
        return;
    };
    vm.deletions.remove(key);
    let old = vm.config.remove(key);
    if let Some(old) = old.filter(|_| is_disk_key(key)) {
        let drive = Drive::parse(&old);
        if force || drive.is_cloudinit() {
            world.free_drive(vmid, &drive);
        } else {
            register_unused(world, vmid, &drive);
        }
    }
}

fn set(world: &mut World, vmid: u32, key: &str, value: &str) {
    let Some(vm) = world.vms.get_mut(&vmid) else {
        return;
    };
    vm.pending.remove(key);
    let old = vm.config.get(key).map(Drive::parse);
    // The description is a comment in the file: an empty one is none.
    let gone = key == "description" && value.is_empty();
    vm.config.put_or_remove(key, (!gone).then_some(value));
    let replaced = old.filter(|old| is_disk_key(key) && old.file != Drive::parse(value).file);
    if let Some(old) = replaced {
        if old.is_cloudinit() {
            world.free_drive(vmid, &old);
        } else {
            register_unused(world, vmid, &old);
        }
    }
}

/// Keeps a volume that lost its drive as `unusedN`.
pub(crate) fn register_unused(world: &mut World, vmid: u32, drive: &Drive) {
    if drive.is_cdrom() || drive.is_empty() || !world.owns(vmid, &drive.file) {
        return;
    }
    let Some(vm) = world.vms.get_mut(&vmid) else {
        return;
    };
    let known = |key: &str, value: &str| key.starts_with("unused") && value == drive.file;
    if vm.config.iter().any(|(key, value)| known(key, value)) {
        return;
    }
    let free = (0..256)
        .map(|n| format!("unused{n}"))
        .find(|key| !vm.config.has(key));
    if let Some(key) = free {
        vm.config.put(&key, &drive.file);
    }
}

/// Forgets `unusedN` of volumes that are drives again.
pub(crate) fn forget_used(vm: &mut Vm) {
    let in_use: Vec<String> = vm
        .config
        .iter()
        .chain(vm.pending.iter())
        .filter(|(key, _)| is_disk_key(key))
        .map(|(_, value)| Drive::parse(value).file)
        .collect();
    let stale: Vec<String> = vm
        .config
        .iter()
        .filter(|(key, value)| key.starts_with("unused") && in_use.iter().any(|v| v == value))
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in stale {
        vm.config.remove(&key);
    }
}

/// Drops pending changes that would change nothing.
pub(crate) fn cleanup_pending(vm: &mut Vm) {
    let same: Vec<String> = vm
        .pending
        .iter()
        .filter(|(key, value)| vm.config.get(key) == Some(value))
        .map(|(key, _)| key.to_owned())
        .collect();
    for key in same {
        vm.pending.remove(&key);
    }
    let config = &vm.config;
    vm.deletions.retain(|key, _| config.has(key));
}

/// The values a cloud-init drive is made from.
pub(crate) fn cloudinit_values(options: &Options) -> Options {
    options
        .iter()
        .filter(|(key, _)| is_cloudinit(key) || *key == "name" || key.starts_with("net"))
        .collect()
}

/// Takes a device out of a boot order.
pub(crate) fn without(boot: &str, device: &str) -> Option<String> {
    let devices = bootorder::devices(boot)?;
    let kept: Vec<String> = devices.iter().filter(|d| *d != device).cloned().collect();
    (kept.len() < devices.len()).then(|| bootorder::print(&kept))
}
