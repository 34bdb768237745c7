//! `qmtemplate`: a machine becomes a template.

use super::{Job, Lock, Step, StorageLock};
use crate::fail::{Result, die};
use crate::world::{Drive, World, is_disk_key, parse_volid};

/// The worker.
#[derive(Debug)]
pub(crate) struct Convert {
    vmid: u32,
    disk: Option<String>,
    lock: Lock,
    allocation: StorageLock,
}

impl Convert {
    pub(crate) fn new(vmid: u32, disk: Option<String>) -> Self {
        Self {
            vmid,
            disk,
            lock: Lock::default(),
            allocation: StorageLock::default(),
        }
    }

    /// What is refused before a worker is forked, and again inside of it.
    pub(crate) fn check(&self, world: &World) -> Result<()> {
        let vm = world.require_vm(self.vmid)?;
        world.check_config_lock(self.vmid, false)?;
        if !vm.snapshots.is_empty() {
            return Err(die(
                "unable to create template, because VM contains snapshots",
            ));
        }
        if vm.is_template() && self.disk.is_none() {
            return Err(die("you can't convert a template to a template"));
        }
        if vm.is_running() {
            return Err(die("you can't convert a VM to template if VM is running"));
        }
        Ok(())
    }
}

impl Job for Convert {
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step> {
        self.lock.exclusive(world, task, self.vmid)?;
        self.check(world)?;
        let disks: Vec<(String, Drive)> = world
            .require_vm(self.vmid)?
            .config
            .iter()
            .filter(|(key, _)| is_disk_key(key))
            .filter(|(key, _)| self.disk.as_deref().is_none_or(|only| only == *key))
            .map(|(key, value)| (key.to_owned(), Drive::parse(value)))
            .filter(|(_, drive)| !drive.is_cdrom() && !drive.is_empty())
            .collect();
        for (key, mut drive) in disks {
            let (name, volname) = parse_volid(&drive.file)?;
            if volname
                .rsplit('/')
                .next()
                .is_some_and(|file| file.starts_with("base-"))
            {
                continue;
            }
            self.allocation.pass(world, name)?;
            let storage = world.require_enabled_mut(name)?;
            let Some(base) = storage.make_base(volname) else {
                return Err(die(format!("volume '{}' does not exist", drive.file)));
            };
            drive.file = format!("{name}:{base}");
            world
                .require_vm_mut(self.vmid)?
                .config
                .put(&key, &drive.print());
        }
        world.require_vm_mut(self.vmid)?.config.put("template", "1");
        Ok(Step::Done)
    }
}
