//! Changing the configuration: the checks before, and the writing one option at a time.
//!
//! Writing is not atomic, as in Proxmox: each option is checked by its value when its turn comes, in no
//! fixed order, and what was written before a refusal stays pending.

use std::collections::BTreeMap;

use super::access::{check_bridges, check_storage_access};
use super::bootorder;
use super::disk::DiskMaker;
use super::hotplug::{cleanup_pending, forget_used, put_aside, without};
use super::listing::memory_mib;
use super::normalise::{normalise, stored};
use super::options::exists;
use super::permission::{Target, check_skiplock};
use super::tags::{changed_tags, tag_list, unique_tags};
use crate::auth::Principal;
use crate::fail::{Result, bad_param, die};
use crate::job::StorageLock;
use crate::schema::{Args, Given, split_list};
use crate::world::{Drive, World, is_disk_key};

/// A change that has passed everything that does not depend on the machine's state.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) vmid: u32,
    who: Principal,
    /// `None` stands for a key without a value.
    set: BTreeMap<String, Option<String>>,
    delete: Vec<String>,
    revert: Vec<String>,
    force: bool,
    digest: Option<String>,
    skiplock: bool,
}

const NOT_OPTIONS: [&str; 8] = [
    "node",
    "vmid",
    "digest",
    "skiplock",
    "delete",
    "revert",
    "force",
    "background_delay",
];

impl Change {
    /// Reads and checks a request.
    pub(crate) fn read(world: &mut World, who: &Principal, mut args: Args) -> Result<Self> {
        let vmid = args.vmid("vmid");
        let skiplock = args.is_on("skiplock");
        check_skiplock(who, skiplock)?;
        let list = |key: &str| -> Vec<String> {
            split_list(args.text(key).unwrap_or_default())
                .map(str::to_owned)
                .collect()
        };
        let (delete, revert) = (list("delete"), list("revert"));
        let (force, digest) = (args.is_on("force"), args.text("digest").map(str::to_owned));
        let keys: Vec<String> = args
            .keys()
            .filter(|key| !NOT_OPTIONS.contains(key))
            .map(str::to_owned)
            .collect();
        let mut change = Self {
            vmid,
            who: who.clone(),
            set: BTreeMap::new(),
            delete,
            revert,
            force,
            digest,
            skiplock,
        };
        for key in keys {
            let value = match args.take(&key) {
                Some(Given::Text(text)) => Some(text),
                _ => None,
            };
            change.set.insert(
                if key == "cdrom" {
                    "ide2".to_owned()
                } else {
                    key
                },
                value,
            );
        }
        change.check(world)?;
        Ok(change)
    }

    fn check(&mut self, world: &mut World) -> Result<()> {
        if self.set.is_empty() && self.delete.is_empty() && self.revert.is_empty() {
            return Err(die("no options specified"));
        }
        self.check_lists()?;
        normalise(world, &mut self.set)?;
        let target = self.target();
        world.check_options(&self.who, target, self.delete.iter().map(String::as_str))?;
        world.check_options(&self.who, target, self.set.keys().map(String::as_str))?;
        check_storage_access(world, &self.who, self.vmid, &self.set)?;
        check_bridges(world, &self.who, &self.set)
    }

    fn target(&self) -> Target<'static> {
        Target {
            vmid: self.vmid,
            pool: None,
        }
    }

    fn check_lists(&self) -> Result<()> {
        for key in &self.revert {
            if !exists(key) {
                return Err(bad_param("revert", format!("unknown option '{key}'")));
            }
            if self.set.contains_key(key) {
                let text = format!("you can't use '-{key}' and -revert {key}' at the same time");
                return Err(bad_param("delete", text));
            }
        }
        for key in &self.delete {
            if self.set.contains_key(key) {
                let text = format!("you can't use '-{key}' and -delete {key}' at the same time");
                return Err(bad_param("delete", text));
            }
            if self.revert.contains(key) {
                let text =
                    format!("you can't use '-delete {key}' and -revert {key}' at the same time");
                return Err(bad_param("revert", text));
            }
            if !exists(key) {
                return Err(bad_param("delete", format!("unknown option '{key}'")));
            }
        }
        Ok(())
    }

    /// Existence, digest and lock of the machine.
    pub(crate) fn check_state(&self, world: &World) -> Result<()> {
        let vm = world.require_vm(self.vmid)?;
        if self
            .digest
            .as_ref()
            .is_some_and(|digest| *digest != vm.digest())
        {
            return Err(die("checksum mismatch (file change by other user?)"));
        }
        world.check_config_lock(self.vmid, self.skiplock)
    }

    /// The first checks and writes, once the lock file is held.
    pub(crate) fn begin(&self, world: &mut World) -> Result<()> {
        self.check_state(world)?;
        for key in &self.revert {
            world.require_vm_mut(self.vmid)?.revert(key);
        }
        self.check_balloon(world)
    }

    /// What is to be deleted, the first one last.
    pub(crate) fn deletions(&self) -> Vec<String> {
        self.delete.iter().rev().cloned().collect()
    }

    /// What is to be set, in no fixed order, the first one last.
    pub(crate) fn settings(&self, world: &mut World) -> Vec<String> {
        let mut keys: Vec<String> = self.set.keys().cloned().collect();
        shuffle(world, &mut keys);
        keys.reverse();
        keys
    }

    /// Leaves nothing that says the same twice.
    pub(crate) fn end(&self, world: &mut World) -> Result<()> {
        let vm = world.require_vm_mut(self.vmid)?;
        cleanup_pending(vm);
        forget_used(vm);
        Ok(())
    }

    fn check_balloon(&self, world: &World) -> Result<()> {
        let vm = world.require_vm(self.vmid)?;
        let wanted = |key: &str| self.set.get(key).cloned().flatten();
        let (memory, balloon) = (wanted("memory"), wanted("balloon"));
        if memory.is_none() && balloon.is_none() {
            return Ok(());
        }
        let memory = memory.or_else(|| vm.option("memory"));
        let balloon = balloon
            .or_else(|| vm.option("balloon"))
            .and_then(|b| b.parse::<u64>().ok());
        if balloon.is_some_and(|balloon| balloon > memory_mib(memory.as_deref())) {
            return Err(die(
                "balloon value too large (must be smaller than assigned memory)",
            ));
        }
        Ok(())
    }

    /// Deletes one option, or marks it for deletion.
    pub(crate) fn delete_one(
        &self,
        world: &mut World,
        key: &str,
        allocation: &mut StorageLock,
    ) -> Result<()> {
        let vm = world.require_vm(self.vmid)?;
        let was_pending = vm.pending.get(key).map(Drive::parse);
        let Some(value) = vm.config.get(key).or(vm.pending.get(key)) else {
            // Only a warning in the log: what is not there need not be deleted.
            return Ok(());
        };
        let value = value.to_owned();
        self.check_delete(world, key, &value, vm.config.is_on("protection"))?;
        if let Some(drive) = was_pending.filter(|_| is_disk_key(key)) {
            put_aside(world, self.vmid, &drive, allocation)?;
        }
        if key.starts_with("unused") {
            allocation.free(world, self.vmid, &Drive::parse(&value))?;
        }
        let vm = world.require_vm_mut(self.vmid)?;
        vm.pending.remove(key);
        if let Some(shorter) = vm.option("boot").and_then(|boot| without(&boot, key)) {
            vm.pending.put("boot", &shorter);
        }
        if key.starts_with("unused") {
            vm.config.remove(key);
        } else if vm.config.has(key) {
            vm.deletions.insert(key.to_owned(), self.force);
        }
        Ok(())
    }

    fn check_delete(&self, world: &World, key: &str, value: &str, protected: bool) -> Result<()> {
        let (who, target) = (&self.who, self.target());
        let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
        if protected && (is_disk_key(key) || key.starts_with("unused")) {
            let thing = if is_disk_key(key) {
                format!("can't remove drive '{key}'")
            } else {
                format!("can't remove unused disk '{value}'")
            };
            return Err(die(format!("{thing} - protection mode enabled")));
        }
        match family {
            _ if is_disk_key(key) => world.check_vm(who, target, &["VM.Config.Disk"]),
            "serial" if key != family => {
                world.check_serial(who, target, "delete", key, [Some(value), None])
            }
            "hostpci" => world.check_hostpci(who, target, key, value),
            "usb" => world.check_usb(who, target, key, value),
            "net" => world.check_net(who, value),
            "tags" => world.check_tags(who, target, &tag_list(value)),
            _ => Ok(()),
        }
    }

    /// Makes one option pending, and what it names.
    pub(crate) fn set_one(
        &self,
        world: &mut World,
        key: &str,
        allocation: &mut StorageLock,
    ) -> Result<()> {
        let Some(value) = self.set.get(key).and_then(Clone::clone) else {
            return Err(die(format!(
                "unable to parse value of '{key}' - got undefined value"
            )));
        };
        let vm = world.require_vm(self.vmid)?;
        if vm.pending.get(key) == Some(&value) {
            return Ok(());
        }
        let old = vm.config.get(key).map(str::to_owned);
        let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
        let (who, target) = (&self.who, self.target());
        let value = match family {
            _ if is_disk_key(key) => {
                self.set_drive(world, key, old.as_deref(), &value, allocation)?
            }
            "serial" if key != family => {
                world.check_serial(who, target, "modify", key, [old.as_deref(), Some(&value)])?;
                value
            }
            "usb" if key != family => {
                for value in old.iter().chain([&value]) {
                    world.check_usb(who, target, key, value)?;
                }
                value
            }
            "hostpci" if key != family => {
                for value in old.iter().chain([&value]) {
                    world.check_hostpci(who, target, key, value)?;
                }
                value
            }
            "net" if key != family => {
                if let Some(old) = &old {
                    world.check_net(who, old)?;
                }
                value
            }
            "tags" => {
                let value = unique_tags(world, &value);
                world.check_tags(who, target, &changed_tags(old.as_deref(), &value))?;
                value
            }
            "boot" => self.boot_order(world, &value)?,
            _ => value,
        };
        let vm = world.require_vm_mut(self.vmid)?;
        vm.deletions.remove(key);
        vm.pending.put(key, &stored(key, &value));
        forget_used(vm);
        Ok(())
    }

    fn set_drive(
        &self,
        world: &mut World,
        key: &str,
        old: Option<&str>,
        value: &str,
        allocation: &mut StorageLock,
    ) -> Result<String> {
        if let Some(old) = old {
            world.check_drive(&self.who, self.target(), &Drive::parse(old))?;
        }
        let wish = world.drive(key, value);
        world.check_drive(&self.who, self.target(), &wish)?;
        let replaced = world.require_vm(self.vmid)?.pending.get(key);
        if let Some(replaced) = replaced.map(Drive::parse) {
            put_aside(world, self.vmid, &replaced, allocation)?;
        }
        if let Some(storage) = wish.allocates_on() {
            allocation.pass(world, storage)?;
        }
        let options = world.require_vm(self.vmid)?.merged().iter().collect();
        let vmid = self.vmid;
        let made = DiskMaker { world, vmid }.make(key, &wish, &options)?;
        self.boot_from_new_cd(world, key, &made.drive)?;
        Ok(made.drive.print())
    }

    /// A new CD drive can be booted from, after everything else.
    fn boot_from_new_cd(&self, world: &mut World, key: &str, drive: &Drive) -> Result<()> {
        let is_cd = drive.is_cdrom() && !drive.is_cloudinit();
        let vm = world.require_vm_mut(self.vmid)?;
        let Some(mut order) = vm.option("boot").and_then(|b| bootorder::devices(&b)) else {
            return Ok(());
        };
        if is_cd && !order.is_empty() && !order.iter().any(|device| device == key) {
            order.push(key.to_owned());
            vm.pending.put("boot", &bootorder::print(&order));
        }
        Ok(())
    }

    fn boot_order(&self, world: &World, value: &str) -> Result<String> {
        let vm = world.require_vm(self.vmid)?;
        let Some(devices) = bootorder::devices(value) else {
            return Ok(value.to_owned());
        };
        for device in &devices {
            let there =
                vm.config.has(device) || vm.pending.has(device) || self.set.contains_key(device);
            if !there || self.delete.contains(device) {
                // The stray quote is Proxmox's.
                let text = format!("invalid bootorder: device '{device}' does not exist'");
                return Err(die(text));
            }
        }
        Ok(bootorder::print(&devices))
    }
}

fn shuffle<T>(world: &mut World, items: &mut [T]) {
    for index in (1..items.len()).rev() {
        items.swap(index, world.ids.below(index + 1));
    }
}
