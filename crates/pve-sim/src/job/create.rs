//! `qmcreate`: a machine from nothing, its disks one after the other.

use super::clone::{copy_time, progress};
use super::{Job, Lock, Start, Step, StorageLock};
use crate::api::qemu::{DiskMaker, Made, default_order, print_order, with_uuid};
use crate::clock::SimTime;
use crate::fail::{Fail, Result, die};
use crate::world::{Drive, Options, World, is_disk_key};

/// A machine as it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct CreatePlan {
    pub(crate) vmid: u32,
    /// As the file will hold them, drives still as wishes.
    pub(crate) options: Options,
    pub(crate) pool: Option<String>,
    pub(crate) start: bool,
}

/// The worker.
#[derive(Debug)]
pub(crate) struct Create {
    plan: CreatePlan,
    lock: Lock,
    allocation: StorageLock,
    left: Option<Vec<String>>,
    copy: Option<(String, Made, SimTime)>,
    made: Vec<Drive>,
    /// The machine is there and is to be started.
    start: Option<Start>,
}

impl Create {
    pub(crate) fn new(plan: CreatePlan) -> Self {
        Self {
            plan,
            lock: Lock::default(),
            allocation: StorageLock::default(),
            left: None,
            copy: None,
            made: Vec::new(),
            start: None,
        }
    }

    fn disks(&self) -> Vec<String> {
        let mut keys: Vec<String> = self
            .plan
            .options
            .keys()
            .filter(|key| is_disk_key(key))
            .map(str::to_owned)
            .collect();
        keys.reverse();
        keys
    }

    fn next_disk(&mut self, world: &mut World, task: usize) -> Result<Option<SimTime>> {
        self.pass_allocation(world)?;
        let Some(key) = self.left.as_mut().and_then(Vec::pop) else {
            return Ok(None);
        };
        let wish = world.drive(&key, self.plan.options.get(&key).unwrap_or_default());
        let vmid = self.plan.vmid;
        let made = DiskMaker { world, vmid }.make(&key, &wish, &self.plan.options)?;
        if made.volid.is_some() {
            self.made.push(made.drive.clone());
        }
        made.log
            .iter()
            .for_each(|line| world.log(task, line.as_str()));
        let wait = match made.copied {
            Some(bytes) if bytes > 0 => copy_time(world, bytes, &made.drive),
            _ => world.pace.small,
        };
        let ends = world.now.plus(wait);
        self.copy = Some((key, made, ends));
        Ok(Some(ends))
    }

    /// Waits for the storage on which the next disk is to be made.
    fn pass_allocation(&mut self, world: &World) -> Result<()> {
        let Some(key) = self.left.as_ref().and_then(|left| left.last()) else {
            return Ok(());
        };
        let wish = Drive::parse(self.plan.options.get(key).unwrap_or_default());
        wish.allocates_on()
            .map_or(Ok(()), |name| self.allocation.pass(world, name))
    }

    fn end_disk(&mut self, world: &mut World, task: usize, key: &str, made: &Made) {
        if made.copied.is_some() {
            for line in progress(World::drive_size(&made.drive)) {
                world.log(task, line);
            }
        }
        if made.volid.is_some() {
            let text = made.drive.print();
            world.log(task, format!("{key}: successfully created disk '{text}'"));
        }
        self.plan.options.put(key, &made.drive.print());
    }

    fn finish(&mut self, world: &mut World) -> Result<()> {
        let options = &mut self.plan.options;
        let smbios = with_uuid(world, options.get("smbios1"));
        options.put("smbios1", &smbios);
        match options.get("vmgenid") {
            Some("0") => {
                options.remove("vmgenid");
            }
            None | Some("1") => options.put("vmgenid", &world.ids.uuid()),
            Some(_) => {}
        }
        if !options.has("boot") {
            let order = print_order(&default_order(options));
            options.put("boot", &order);
        }
        let (qemu, now) = (world.version.qemu(), world.now.secs());
        options.put("meta", &format!("creation-qemu={qemu},ctime={now}"));
        if options.get("description") == Some("") {
            options.remove("description");
        }
        let options = options.clone();
        world.require_vm_mut(self.plan.vmid)?.config = options;
        if let Some(pool) = self
            .plan
            .pool
            .as_ref()
            .and_then(|pool| world.pools.get_mut(pool))
        {
            pool.vms.insert(self.plan.vmid);
        }
        Ok(())
    }

    fn undo(&mut self, world: &mut World) {
        for drive in std::mem::take(&mut self.made) {
            world.free_drive(self.plan.vmid, &drive);
        }
        world.forget_vm(self.plan.vmid);
    }

    fn advance(&mut self, world: &mut World, task: usize) -> Result<Step> {
        if self.left.is_none() {
            self.left = Some(self.disks());
        }
        if let Some((key, made, _)) = self.copy.take() {
            self.end_disk(world, task, &key, &made);
        }
        if let Some(until) = self.next_disk(world, task)? {
            return Ok(Step::Sleep(until));
        }
        self.finish(world)?;
        if !self.plan.start {
            return Ok(Step::Done);
        }
        world.log(task, "Execute autostart");
        world.locks.release_all(task);
        self.start = Some(Start::new(self.plan.vmid, false));
        Ok(Step::Sleep(world.now.plus(world.pace.small)))
    }

    fn refused(&self, fail: Fail) -> Fail {
        match fail {
            Fail::Error(error) => die(format!(
                "unable to create VM {} - {}",
                self.plan.vmid,
                error.exit_text()
            )),
            wait @ Fail::Wait(_) => wait,
        }
    }
}

impl Job for Create {
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step> {
        if let Some(start) = &mut self.start {
            return start.step(world, task);
        }
        self.lock.exclusive(world, task, self.plan.vmid)?;
        self.advance(world, task).map_err(|fail| {
            if matches!(fail, Fail::Error(_)) {
                self.undo(world);
            }
            self.refused(fail)
        })
    }

    fn interrupted(&mut self, world: &mut World, _task: usize) -> String {
        if self.start.is_none() {
            self.undo(world);
        }
        format!(
            "unable to create VM {} - interrupted by signal",
            self.plan.vmid
        )
    }
}
