//! `qmclone`: a copy of a machine, disk by disk.

use std::time::Duration;

use super::{Job, Lock, Step, StorageLock};
use crate::api::qemu::{
    check_clone, copy_log, formatting, is_plain_cdrom, print_net, print_sorted,
};
use crate::auth::Principal;
use crate::clock::SimTime;
use crate::fail::{Fail, Result, die};
use crate::world::{
    Drive, LockMode, Options, Vm, Volume, World, human_size, is_disk_key, parse_volid,
};

/// A clone as it was asked for.
#[derive(Clone, Debug)]
pub(crate) struct ClonePlan {
    pub(crate) vmid: u32,
    pub(crate) newid: u32,
    pub(crate) name: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) pool: Option<String>,
    pub(crate) snapname: Option<String>,
    pub(crate) storage: Option<String>,
    pub(crate) format: Option<String>,
    pub(crate) full: bool,
    pub(crate) target: Option<String>,
}

/// Clones wait only this long for lock files.
const PATIENCE: Duration = Duration::from_secs(1);

/// A copy that is under way.
#[derive(Debug)]
struct Copy {
    key: String,
    drive: Drive,
    ends: SimTime,
    size: u64,
    command: String,
    fails: bool,
}

/// The worker.
#[derive(Debug)]
pub(crate) struct Clone {
    plan: ClonePlan,
    who: Principal,
    source: Lock,
    target: Lock,
    allocation: StorageLock,
    /// Set once the target's configuration is there.
    config: Option<Options>,
    left: Vec<(String, Drive)>,
    copy: Option<Copy>,
    made: Vec<Drive>,
}

impl Clone {
    pub(crate) fn new(plan: ClonePlan, who: Principal) -> Self {
        Self {
            plan,
            who,
            source: Lock::default(),
            target: Lock::default(),
            allocation: StorageLock::default(),
            config: None,
            left: Vec::new(),
            copy: None,
            made: Vec::new(),
        }
    }

    fn take_locks(&mut self, world: &mut World, task: usize) -> Result<()> {
        let running = world.vm(self.plan.vmid).is_some_and(Vm::is_running);
        let mode = if running {
            LockMode::Exclusive
        } else {
            LockMode::Shared
        };
        self.source
            .take(world, task, self.plan.vmid, mode, PATIENCE)?;
        self.target
            .take(world, task, self.plan.newid, LockMode::Exclusive, PATIENCE)
    }

    /// Takes the id, and works out the configuration to be.
    fn begin(&mut self, world: &mut World, task: usize) -> Result<()> {
        let newid = self.plan.newid;
        world.clone_targets.retain(|(target, _)| *target != newid);
        check_clone(world, &self.who, &self.plan)?;
        let source = world.require_vm(self.plan.vmid)?.config.clone();
        self.left = source
            .iter()
            .filter(|(key, _)| is_disk_key(key))
            .map(|(key, value)| (key.to_owned(), Drive::parse(value)))
            .filter(|(_, drive)| !is_plain_cdrom(drive))
            .collect();
        self.left.reverse();
        self.config = Some(self.new_config(world, &source));
        let temporary = [
            ("lock", "clone"),
            ("description", " qmclone temporary file"),
        ];
        world.put_new_vm(newid, temporary);
        if world.version.is_9() {
            let (from, to) = (self.plan.vmid, self.plan.newid);
            world.log(task, format!("creating a clone of VM {from} with ID {to}"));
        }
        Ok(())
    }

    fn new_config(&self, world: &mut World, source: &Options) -> Options {
        let mut config = Options::default();
        for (key, value) in source.iter() {
            let is_net = key
                .strip_prefix("net")
                .is_some_and(|n| n.parse::<u8>().is_ok());
            if is_net {
                config.put(key, &with_new_mac(world, value));
            } else if is_disk_key(key) {
                if is_plain_cdrom(&Drive::parse(value)) {
                    config.put(key, value);
                }
            } else if !key.starts_with("unused") && key != "template" {
                config.put(key, value);
            }
        }
        let mut smbios = world.properties("smbios1", source.get("smbios1").unwrap_or_default());
        smbios.insert("uuid".to_owned(), world.ids.uuid());
        config.put("smbios1", &print_sorted(&smbios));
        if source.has("vmgenid") {
            config.put("vmgenid", &world.ids.uuid());
        }
        config.put("name", &self.name(source));
        if let Some(description) = &self.plan.description {
            config.put("description", description.trim_end());
        }
        config.put("lock", "clone");
        config
    }

    fn name(&self, source: &Options) -> String {
        let of = source
            .get("name")
            .map_or_else(|| self.plan.vmid.to_string(), str::to_owned);
        self.plan
            .name
            .clone()
            .unwrap_or_else(|| format!("Copy-of-VM-{of}"))
    }

    /// Starts with the next disk; linked ones are done at once.
    fn next_disk(&mut self, world: &mut World, task: usize) -> Result<Option<SimTime>> {
        self.pass_allocation(world)?;
        let Some((key, drive)) = self.left.pop() else {
            return Ok(None);
        };
        let linked = !self.plan.full && !drive.is_cloudinit() && key != "tpmstate0";
        if linked {
            self.link(world, task, &key, &drive)?;
            return Ok(Some(world.now.plus(world.pace.small)));
        }
        let copy = self.start_copy(world, task, key, &drive)?;
        let ends = copy.ends;
        self.copy = Some(copy);
        Ok(Some(ends))
    }

    /// Waits for the storage of the next disk.
    fn pass_allocation(&mut self, world: &World) -> Result<()> {
        let Some((_, drive)) = self.left.last() else {
            return Ok(());
        };
        let (from, _) = parse_volid(&drive.file)?;
        let name = self.plan.storage.as_deref().unwrap_or(from);
        self.allocation
            .pass(world, name)
            .map_err(|fail| match fail {
                Fail::Error(error) => die(format!("clone failed: {}", error.text)),
                wait @ Fail::Wait(_) => wait,
            })
    }

    fn link(&mut self, world: &mut World, task: usize, key: &str, drive: &Drive) -> Result<()> {
        let newid = self.plan.newid;
        world.log(
            task,
            format!("create linked clone of drive {key} ({})", drive.file),
        );
        let (name, volname) = parse_volid(&drive.file)?;
        let (version, now) = (world.version, world.now);
        let storage = world.require_enabled_mut(name)?;
        let Some(parent) = storage.volume(volname).cloned() else {
            return Err(die(format!(
                "clone failed: volume '{}' does not exist",
                drive.file
            )));
        };
        let own = storage.own_name(volname).to_owned();
        let format = if storage.kind.is_dir() {
            "qcow2"
        } else {
            "raw"
        };
        let new = storage.next_disk(newid, format);
        let mut log = Vec::new();
        if storage.kind.is_dir() {
            let file = new.rsplit('/').next().unwrap_or(&new).to_owned();
            let base = format!("../{own}");
            log.push(format!(
                "clone {volname}: images, {file}, {newid} to {file} (base={base})"
            ));
            let backing = Some((base.as_str(), parent.format.as_str()));
            log.push(formatting(
                version,
                storage,
                &new,
                format,
                parent.size,
                backing,
            ));
        }
        let mut volume = Volume::new(format, parent.size, now);
        volume.base = Some(own);
        storage.allocate(&new, volume)?;
        let full = storage.full_volname(&new);
        let made = moved(drive, &format!("{name}:{full}"), parent.size);
        for line in log {
            world.log(task, line);
        }
        self.keep(world, key, made)
    }

    fn start_copy(
        &mut self,
        world: &mut World,
        task: usize,
        key: String,
        drive: &Drive,
    ) -> Result<Copy> {
        world.log(
            task,
            format!("create full clone of drive {key} ({})", drive.file),
        );
        let (from_name, from_volname) = parse_volid(&drive.file)?;
        let from = world.require_enabled(from_name)?;
        let Some(volume) = from.volume(from_volname).cloned() else {
            return Err(die(format!(
                "clone failed: volume '{}' does not exist",
                drive.file
            )));
        };
        let from_path = from.path(from_volname);
        let name = self
            .plan
            .storage
            .clone()
            .unwrap_or_else(|| from_name.to_owned());
        let (version, now, newid) = (world.version, world.now, self.plan.newid);
        let storage = world.require_enabled_mut(&name)?;
        let wished = self
            .plan
            .format
            .as_deref()
            .filter(|_| !drive.is_cloudinit());
        let format = storage
            .format_for(Some(wished.unwrap_or(&volume.format)))
            .to_owned();
        let new = if drive.is_cloudinit() {
            storage.name_of(newid, &format!("vm-{newid}-cloudinit"), &format)
        } else {
            storage.next_disk(newid, &format)
        };
        let mut log = vec![formatting(
            version,
            storage,
            &new,
            &format,
            volume.size,
            None,
        )];
        let fails = storage.is_too_full_for(volume.used);
        storage.allocate(&new, Volume::new(&format, volume.size, now))?;
        let command = format!(
            "/usr/bin/qemu-img convert -p -n -f {} -O {format} {from_path} zeroinit:{}",
            volume.format,
            storage.path(&new)
        );
        let made = moved(drive, &format!("{name}:{new}"), volume.size);
        self.made.push(made.clone());
        log.extend(copy_log(version, &made.file));
        for line in log {
            world.log(task, line);
        }
        let ends = now.plus(copy_time(world, volume.size, drive));
        Ok(Copy {
            key,
            drive: made,
            ends,
            size: volume.size,
            command,
            fails,
        })
    }

    fn end_copy(&mut self, world: &mut World, task: usize, copy: Copy) -> Result<()> {
        if copy.fails {
            world.log(
                task,
                "qemu-img: error while writing at byte 0: No space left on device",
            );
            let text = format!(
                "clone failed: copy failed: command '{}' failed: exit code 1",
                copy.command
            );
            return Err(die(text));
        }
        // The cloud-init image is made anew, not copied.
        if !copy.drive.is_cloudinit() {
            for line in progress(copy.size) {
                world.log(task, line);
            }
        }
        self.keep(world, &copy.key, copy.drive)
    }

    /// Writes the configuration with a finished disk in it.
    fn keep(&mut self, world: &mut World, key: &str, drive: Drive) -> Result<()> {
        if let Some(config) = &mut self.config {
            config.put(key, &drive.print());
            world.require_vm_mut(self.plan.newid)?.config = config.clone();
        }
        if !self.made.contains(&drive) {
            self.made.push(drive);
        }
        Ok(())
    }

    fn finish(&mut self, world: &mut World) -> Result<()> {
        if let Some(mut config) = self.config.take() {
            config.remove("lock");
            let inside = world.vm(self.plan.vmid).map(|source| source.guest.copied());
            let target = world.require_vm_mut(self.plan.newid)?;
            target.config = config;
            target.guest = inside.unwrap_or_default();
        }
        if let Some(pool) = self
            .plan
            .pool
            .as_ref()
            .and_then(|pool| world.pools.get_mut(pool))
        {
            pool.vms.insert(self.plan.newid);
        }
        Ok(())
    }

    /// Frees what was made and gives the id back.
    fn undo(&mut self, world: &mut World) {
        if self.config.is_none() {
            return;
        }
        for drive in std::mem::take(&mut self.made) {
            world.free_drive(self.plan.newid, &drive);
        }
        world.forget_vm(self.plan.newid);
    }

    fn advance(&mut self, world: &mut World, task: usize) -> Result<Step> {
        if let Some(copy) = self.copy.take() {
            self.end_copy(world, task, copy)?;
        }
        if let Some(until) = self.next_disk(world, task)? {
            return Ok(Step::Sleep(until));
        }
        self.finish(world)?;
        Ok(Step::Done)
    }
}

impl Job for Clone {
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step> {
        self.take_locks(world, task)?;
        if self.config.is_none() {
            self.begin(world, task)?;
            return Ok(Step::Sleep(world.now.plus(world.pace.small)));
        }
        self.advance(world, task).inspect_err(|fail| {
            if matches!(fail, Fail::Error(_)) {
                self.undo(world);
            }
        })
    }

    fn interrupted(&mut self, world: &mut World, _task: usize) -> String {
        self.undo(world);
        self.copy.as_ref().map_or_else(
            || "clone failed: interrupted by signal".to_owned(),
            |copy| {
                format!(
                    "clone failed: copy failed: command '{}' failed: interrupted by signal",
                    copy.command
                )
            },
        )
    }
}

/// A drive on another volume.
fn moved(drive: &Drive, volid: &str, size: u64) -> Drive {
    let mut moved = drive.clone();
    volid.clone_into(&mut moved.file);
    moved.flags.remove("format");
    moved.flags.insert("size".to_owned(), human_size(size));
    moved
}

fn with_new_mac(world: &mut World, value: &str) -> String {
    let mac = world.properties("net", value).remove("macaddr");
    let without = match mac {
        Some(mac) => value
            .replace(&format!("={mac}"), "")
            .replace("macaddr,", ""),
        None => value.to_owned(),
    };
    print_net(world, &without)
}

/// How long a copy takes.
pub(super) fn copy_time(world: &World, size: u64, drive: &Drive) -> Duration {
    if drive.is_cloudinit() {
        return world.pace.small;
    }
    let millis = size.saturating_mul(1000) / world.pace.copy_rate.max(1);
    Duration::from_millis(millis).max(world.pace.copy_at_least)
}

/// What a copy prints while it goes on.
pub(super) fn progress(size: u64) -> [String; 2] {
    let total = in_units(size);
    [
        format!("transferred 0.0 B of {total} (0.00%)"),
        format!("transferred {total} of {total} (100.00%)"),
    ]
}

fn in_units(bytes: u64) -> String {
    let mut unit = "B";
    let mut divisor = 1_u64;
    for next in ["KiB", "MiB", "GiB", "TiB"] {
        if bytes / divisor < 1024 {
            break;
        }
        divisor *= 1024;
        unit = next;
    }
    let tenths = u128::from(bytes) * 10 / u128::from(divisor);
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}
