//! `qmdestroy`: a machine and its volumes go.

use super::{Job, Lock, Step, StorageLock};
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
    allocation: StorageLock,
    until: Option<SimTime>,
    /// The volumes that are still to go, once it is known which.
    left: Option<Vec<Drive>>,
    warnings: usize,
}

impl Destroy {
    pub(crate) fn new(vmid: u32, skiplock: bool, purge: bool, unreferenced: bool) -> Self {
        Self {
            vmid,
            skiplock,
            purge,
            unreferenced,
            lock: Lock::default(),
            allocation: StorageLock::default(),
            until: None,
            left: None,
            warnings: 0,
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

    /// What goes with the machine: the volumes it names, and those that only bear its number if it was asked for.
    fn volumes(&self, world: &World) -> Result<Vec<Drive>> {
        let mut volumes = self.drives(world)?;
        if self.unreferenced {
            let named = world.volumes_of(self.vmid).into_iter();
            let named = named.map(|(name, volname)| Drive::parse(&format!("{name}:{volname}")));
            volumes.extend(named);
        }
        volumes.reverse();
        Ok(volumes)
    }

    /// A volume that cannot be freed is left behind with a warning.
    fn free_volumes(&mut self, world: &mut World, task: usize) -> Result<()> {
        let mut left = match self.left.take() {
            Some(left) => left,
            None => self.volumes(world)?,
        };
        while let Some(drive) = left.last() {
            match self.allocation.try_free(world, self.vmid, drive) {
                Ok(None) => {}
                Ok(Some(why)) => self.warn(world, task, &drive.file, &why),
                Err(wait) => {
                    self.left = Some(left);
                    return Err(wait);
                }
            }
            left.pop();
        }
        self.left = Some(left);
        Ok(())
    }

    fn warn(&mut self, world: &mut World, task: usize, volid: &str, why: &str) {
        self.warnings += 1;
        let text = format!("WARN: Could not remove disk '{volid}', check manually: {why}");
        world.log(task, text);
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
        self.free_volumes(world, task)?;
        if self.purge {
            let text = format!("purging VM {} from related configurations..", self.vmid);
            world.log(task, text);
        }
        world.forget_vm(self.vmid);
        match self.warnings {
            0 => Ok(Step::Done),
            warnings => Ok(Step::Warned(warnings)),
        }
    }
}
