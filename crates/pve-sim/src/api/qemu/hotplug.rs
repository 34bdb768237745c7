//! Applying pending changes: all of them to a stopped machine, some to a running one.

use std::collections::BTreeMap;

use super::bootorder;
use super::options::{applies_live, is_cloudinit};
use crate::fail::{ApiError, Result};
use crate::job::StorageLock;
use crate::world::{Drive, Options, Vm, World, is_disk_key};

/// Applies pending changes one by one: all of a stopped machine, of a running one those it can take.
#[derive(Debug, Default)]
pub(crate) struct Applying {
    allocation: StorageLock,
    /// What could not be applied, and why; it stays pending.
    refused: BTreeMap<String, String>,
}

impl Applying {
    /// Applies what can be applied; the error has a text for every option that could not.
    pub(crate) fn run(&mut self, world: &mut World, vmid: u32) -> Result<()> {
        while let Some(key) = self.next_deletion(world.require_vm(vmid)?) {
            self.delete(world, vmid, &key)?;
        }
        while let Some(key) = self.next_setting(world.require_vm(vmid)?) {
            self.set(world, vmid, &key)?;
        }
        let vm = world.require_vm_mut(vmid)?;
        if vm.is_running() && vm.cloudinit.is_some() {
            vm.cloudinit = Some(cloudinit_values(&vm.config));
        }
        if self.refused.is_empty() {
            return Ok(());
        }
        Err(ApiError::parameters(std::mem::take(&mut self.refused)).into())
    }

    fn next_deletion(&self, vm: &Vm) -> Option<String> {
        let mut keys = vm.deletions.keys();
        keys.find(|key| self.takes(vm, key)).cloned()
    }

    fn next_setting(&self, vm: &Vm) -> Option<String> {
        let mut keys = vm.pending.keys();
        keys.find(|key| self.takes(vm, key)).map(str::to_owned)
    }

    fn takes(&self, vm: &Vm, key: &str) -> bool {
        !self.refused.contains_key(key) && (!vm.is_running() || is_live(vm, key))
    }

    fn delete(&mut self, world: &mut World, vmid: u32, key: &str) -> Result<()> {
        let vm = world.require_vm(vmid)?;
        let force = vm.deletions.get(key).is_some_and(|force| *force);
        let drive = vm.config.get(key).filter(|_| is_disk_key(key));
        if let Some(drive) = drive.map(Drive::parse) {
            if !force {
                put_aside(world, vmid, &drive, &mut self.allocation)?;
            } else if let Some(why) = self.allocation.try_free(world, vmid, &drive)? {
                self.refuse(world.require_vm(vmid)?.is_running(), key, &why);
                return Ok(());
            }
        }
        let vm = world.require_vm_mut(vmid)?;
        vm.deletions.remove(key);
        vm.config.remove(key);
        Ok(())
    }

    fn refuse(&mut self, running: bool, key: &str, why: &str) {
        let text = if running {
            format!("hotplug problem - {why}\n")
        } else {
            format!("unable to apply pending change {key} : {why}\n")
        };
        self.refused.insert(key.to_owned(), text);
    }

    fn set(&mut self, world: &mut World, vmid: u32, key: &str) -> Result<()> {
        let vm = world.require_vm(vmid)?;
        let value = vm.pending.get(key).unwrap_or_default().to_owned();
        let old = vm.config.get(key).filter(|_| is_disk_key(key));
        let replaced = old
            .map(Drive::parse)
            .filter(|old| old.file != Drive::parse(&value).file);
        if let Some(replaced) = replaced {
            put_aside(world, vmid, &replaced, &mut self.allocation)?;
        }
        let vm = world.require_vm_mut(vmid)?;
        vm.pending.remove(key);
        // The description is a comment in the file: an empty one is none.
        let gone = key == "description" && value.is_empty();
        vm.config.put_or_remove(key, (!gone).then_some(&*value));
        Ok(())
    }
}

/// Applies what can be applied at once; the rest waits for the next start.
pub(crate) fn apply_pending(world: &mut World, vmid: u32) {
    drop(Applying::default().run(world, vmid));
}

/// Whether a running machine takes a change.
fn is_live(vm: &Vm, key: &str) -> bool {
    applies_live(key) || is_balloon_step(vm, key) || is_pluggable(vm, key)
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

/// What becomes of a volume that loses its drive: that of a cloud-init drive is freed, or left where it is if its
/// storage is held too long; others are kept as `unusedN`.
pub(crate) fn put_aside(
    world: &mut World,
    vmid: u32,
    drive: &Drive,
    allocation: &mut StorageLock,
) -> Result<()> {
    if drive.is_cloudinit() {
        allocation.try_free(world, vmid, drive)?;
    } else {
        register_unused(world, vmid, drive);
    }
    Ok(())
}

/// Keeps a volume that lost its drive as `unusedN`.
fn register_unused(world: &mut World, vmid: u32, drive: &Drive) {
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
