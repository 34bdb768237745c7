//! Starting a machine: the checks that Proxmox leaves to the worker, then its process.

use super::passthrough::assign;
use super::{Job, Lock, Step};
use crate::api::qemu::{Applying, vcpus};
use crate::clock::SimTime;
use crate::fail::{Fail, Result, die};
use crate::world::{Drive, Process, World, is_disk_key};

/// `qmstart`.
#[derive(Debug)]
pub(crate) struct Start {
    vmid: u32,
    skiplock: bool,
    lock: Lock,
    applying: Applying,
    /// Set once the checks have passed: when the process is up, and the PCI functions it gets.
    launched: Option<(SimTime, Vec<String>)>,
}

impl Start {
    pub(crate) fn new(vmid: u32, skiplock: bool) -> Self {
        Self {
            vmid,
            skiplock,
            lock: Lock::default(),
            applying: Applying::default(),
            launched: None,
        }
    }

    fn prepare(&mut self, world: &mut World, task: usize) -> Result<Vec<String>> {
        let vm = world.require_vm(self.vmid)?;
        if vm.is_template() {
            return Err(die("you can't start a vm if it's a template"));
        }
        // A machine suspended to disk is started from there.
        if vm.lock() != Some("suspended") {
            world.check_config_lock(self.vmid, self.skiplock)?;
        }
        if world.require_vm(self.vmid)?.is_running() {
            return Err(die(format!("VM {} already running", self.vmid)));
        }
        // What cannot be applied stays pending and hinders nothing.
        if let Err(wait @ Fail::Wait(_)) = self.applying.run(world, self.vmid) {
            return Err(wait);
        }
        check_cpus(world, self.vmid)?;
        check_bridges(world, task, self.vmid)?;
        let pci = assign(world, task, self.vmid)?;
        check_volumes(world, self.vmid)?;
        if has_cloudinit(world, self.vmid) {
            world.log(task, "generating cloud-init ISO");
        }
        if let Some(text) = world.host.hypervisor_refuses.clone() {
            world.log(task, text);
            return Err(die("start failed: QEMU exited with code 1"));
        }
        Ok(pci)
    }
}

impl Job for Start {
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step> {
        self.lock.exclusive(world, task, self.vmid)?;
        let Some((up, pci)) = self.launched.take() else {
            let pci = self.prepare(world, task)?;
            let up = world.now.plus(world.pace.start);
            self.launched = Some((up, pci));
            return Ok(Step::Sleep(up));
        };
        let process = Process {
            pid: world.ids.pid(),
            started: up,
            pci,
        };
        world.require_vm_mut(self.vmid)?.process = Some(process);
        Ok(Step::Done)
    }
}

fn check_cpus(world: &World, vmid: u32) -> Result<()> {
    let cpus = world.host.cpus;
    if vcpus(world.require_vm(vmid)?) > u64::from(cpus) {
        return Err(die(format!("MAX {cpus} vcpus allowed per VM on this node")));
    }
    Ok(())
}

fn check_bridges(world: &mut World, task: usize, vmid: u32) -> Result<()> {
    let vm = world.require_vm(vmid)?;
    let nets = vm.config.iter().filter(|(key, _)| {
        key.strip_prefix("net")
            .is_some_and(|number| number.parse::<u8>().is_ok())
    });
    let missing = nets
        .filter_map(|(_, value)| world.properties("net", value).remove("bridge"))
        .find(|bridge| !world.bridges.iter().any(|known| known.iface == *bridge));
    match missing {
        None => Ok(()),
        Some(bridge) if world.version.is_9() => {
            Err(die(format!("bridge '{bridge}' does not exist")))
        }
        // 8.4 leaves it to the script the hypervisor runs.
        Some(bridge) => {
            world.log(task, format!("bridge '{bridge}' does not exist"));
            Err(die("start failed: QEMU exited with code 1"))
        }
    }
}

fn drives(world: &World, vmid: u32) -> Result<Vec<Drive>> {
    let options = &world.require_vm(vmid)?.config;
    let drives = options.iter().filter(|(key, _)| is_disk_key(key));
    Ok(drives.map(|(_, value)| Drive::parse(value)).collect())
}

fn check_volumes(world: &World, vmid: u32) -> Result<()> {
    for drive in drives(world, vmid)? {
        if drive.is_empty() || drive.file.starts_with('/') {
            continue;
        }
        let (name, volname) = crate::world::parse_volid(&drive.file)?;
        let storage = world.require_enabled(name)?;
        if storage.volume(volname).is_none() {
            return Err(die(format!("volume '{}' does not exist", drive.file)));
        }
    }
    Ok(())
}

fn has_cloudinit(world: &World, vmid: u32) -> bool {
    drives(world, vmid).is_ok_and(|drives| drives.iter().any(Drive::is_cloudinit))
}
