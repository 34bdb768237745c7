//! `qmdestroy`: a machine and its volumes go.

use super::{Job, Lock, Step};
use crate::clock::SimTime;
use crate::fail::{Result, die};
use crate::world::{Drive, World, is_disk_key, parse_volid};

/// The worker.
#[derive(Debug)]
pub(crate) struct Destroy {
    vmid: u32,
    skiplock: bool,
    purge: bool,
    unreferenced: bool,
    lock: Lock,
    until: Option<SimTime>,
}

impl Destroy {
    pub(crate) fn new(vmid: u32, skiplock: bool, purge: bool, unreferenced: bool) -> Self {
        Self {
            vmid,
            skiplock,
            purge,
            unreferenced,
            lock: Lock::default(),
            until: None,
        }
    }

    /// What is refused before a worker is forked, and again inside of it.
    pub(crate) fn check(&self, world: &World) -> Result<()> {
        let (vmid, vm) = (self.vmid, world.require_vm(self.vmid)?);
        if vm.config.is_on("protection") {
            return Err(die(format!(
                "can't remove VM {vmid} - protection mode enabled"
            )));
        }
        if vm.is_running() {
            return Err(die(format!("VM {vmid} is running - destroy failed")));
        }
        Ok(())
    }

    fn drives(&self, world: &World) -> Result<Vec<Drive>> {
        let options = &world.require_vm(self.vmid)?.config;
        let drives = options
            .iter()
            .filter(|(key, _)| is_disk_key(key) || key.starts_with("unused"));
        Ok(drives.map(|(_, value)| Drive::parse(value)).collect())
    }

    fn check_children(&self, world: &World) -> Result<()> {
        for drive in self.drives(world)? {
            let Ok((name, volname)) = parse_volid(&drive.file) else {
                continue;
            };
            if world
                .storage(name)
                .is_some_and(|storage| storage.has_children(volname))
            {
                let text = format!(
                    "base volume '{}' is still in use by linked cloned",
                    drive.file
                );
                return Err(die(text));
            }
        }
        Ok(())
    }

    fn free_volumes(&self, world: &mut World) -> Result<()> {
        for drive in self.drives(world)? {
            world.free_drive(self.vmid, &drive);
        }
        if self.unreferenced {
            for (name, volname) in world.volumes_of(self.vmid) {
                if let Some(storage) = world.storage_mut(&name) {
                    storage.free(&volname);
                }
            }
        }
        Ok(())
    }
}

impl Job for Destroy {
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step> {
        self.lock.exclusive(world, task, self.vmid)?;
        if self.until.is_none() {
            self.check(world)?;
            world.check_config_lock(self.vmid, self.skiplock)?;
            self.check_children(world)?;
            let until = world.now.plus(world.pace.small);
            self.until = Some(until);
            return Ok(Step::Sleep(until));
        }
        self.free_volumes(world)?;
        if self.purge {
            let text = format!("purging VM {} from related configurations..", self.vmid);
            world.log(task, text);
        }
        world.forget_vm(self.vmid);
        Ok(Step::Done)
    }
}
