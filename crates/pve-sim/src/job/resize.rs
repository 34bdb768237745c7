//! `resize`: growing a disk.

use super::{Job, Lock, Step};
use crate::auth::Principal;
use crate::convert::parse_size;
use crate::fail::{Result, die};
use crate::world::{Drive, World, human_size, parse_volid};

/// The worker.
#[derive(Debug)]
pub(crate) struct Resize {
    vmid: u32,
    who: Principal,
    skiplock: bool,
    disk: String,
    size: String,
    digest: Option<String>,
    lock: Lock,
}

impl Resize {
    pub(crate) fn new(
        vmid: u32,
        who: Principal,
        skiplock: bool,
        disk: &str,
        size: &str,
        digest: Option<&str>,
    ) -> Self {
        let (disk, size) = (disk.to_owned(), size.to_owned());
        let digest = digest.map(str::to_owned);
        Self {
            vmid,
            who,
            skiplock,
            disk,
            size,
            digest,
            lock: Lock::default(),
        }
    }

    fn check(&self, world: &World) -> Result<Drive> {
        let vm = world.require_vm(self.vmid)?;
        if self
            .digest
            .as_ref()
            .is_some_and(|digest| *digest != vm.digest())
        {
            return Err(die("checksum mismatch (file change by other user?)"));
        }
        world.check_config_lock(self.vmid, self.skiplock)?;
        let Some(value) = vm.config.get(&self.disk) else {
            return Err(die(format!("disk '{}' does not exist", self.disk)));
        };
        let drive = Drive::parse(value);
        let (name, volname) = parse_volid(&drive.file)?;
        if drive.is_cdrom() {
            return Err(die("you can't resize a cdrom"));
        }
        world.check(
            &self.who,
            &format!("/storage/{name}"),
            &["Datastore.AllocateSpace"],
        )?;
        let storage = world.require_enabled(name)?;
        let Some(volume) = storage.volume(volname) else {
            return Err(die(format!("volume '{}' does not exist", drive.file)));
        };
        if volume.format == "qcow2" && !vm.snapshots.is_empty() {
            let text = format!("can't resize volume: {} if snapshot exists", drive.file);
            return Err(die(text));
        }
        Ok(drive)
    }

    /// The size to be, from the size that is.
    fn wanted(&self, now: u64) -> u64 {
        match self.size.strip_prefix('+') {
            Some(more) => now.saturating_add(parse_size(more).unwrap_or(0)),
            None => parse_size(&self.size).unwrap_or(0),
        }
    }
}

impl Job for Resize {
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step> {
        self.lock.exclusive(world, task, self.vmid)?;
        let mut drive = self.check(world)?;
        let now = world.volume(&drive.file).map_or(0, |volume| volume.size);
        let wanted = self.wanted(now);
        if wanted < now {
            return Err(die("shrinking disks is not supported"));
        }
        if wanted == now {
            return Ok(Step::Done);
        }
        let (name, volname) = parse_volid(&drive.file)?;
        if let Some(volume) = world.require_enabled_mut(name)?.volume_mut(volname) {
            // Image files are made of whole KiB; the option keeps what was asked for.
            volume.size = wanted.checked_next_multiple_of(1024).unwrap_or(wanted);
        }
        drive.flags.insert("size".to_owned(), human_size(wanted));
        let vm = world.require_vm_mut(self.vmid)?;
        vm.config.put(&self.disk, &drive.print());
        // A running machine is told by its hypervisor; the image tool has nothing to say then.
        if !vm.is_running() {
            world.log(task, "Image resized.");
        }
        Ok(Step::Done)
    }
}
