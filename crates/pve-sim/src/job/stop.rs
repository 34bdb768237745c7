//! Stopping, shutting down, resetting and rebooting machines.

use std::time::Duration;

use super::{Job, Lock, Start, Step};
use crate::api::qemu::{agent_is_configured, agent_responds, apply_pending};
use crate::clock::SimTime;
use crate::fail::{Result, die};
use crate::world::World;

/// `qmstop`: pulling the plug.
#[derive(Debug)]
pub(crate) struct Stop {
    vmid: u32,
    skiplock: bool,
    lock: Lock,
    until: Option<SimTime>,
}

impl Stop {
    pub(crate) fn new(vmid: u32, skiplock: bool) -> Self {
        Self {
            vmid,
            skiplock,
            lock: Lock::default(),
            until: None,
        }
    }
}

/// Whether there is anything to stop; an error when there is no machine or it is locked.
fn has_process(world: &World, vmid: u32, skiplock: bool) -> Result<bool> {
    let Some(vm) = world.vm(vmid) else {
        return Err(world.unfindable(vmid));
    };
    if vm.is_running() {
        world.check_config_lock(vmid, skiplock)?;
    }
    Ok(vm.is_running())
}

/// Ends the process; what was pending applies then.
fn end(world: &mut World, vmid: u32) {
    world.guest_exits(vmid);
    apply_pending(world, vmid);
}

impl Job for Stop {
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step> {
        self.lock.exclusive(world, task, self.vmid)?;
        if self.until.is_none() {
            if !has_process(world, self.vmid, self.skiplock)? {
                return Ok(Step::Done);
            }
            let until = world.now.plus(world.pace.stop);
            self.until = Some(until);
            return Ok(Step::Sleep(until));
        }
        end(world, self.vmid);
        Ok(Step::Done)
    }
}

/// How far a shutdown is.
#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Asked,
    /// The agent is tried first; one that is configured but silent is given up after a while.
    Pinged,
    /// The power button was pressed; the guest ends then, or not at all.
    Pressed {
        ends: SimTime,
        gives_up: SimTime,
    },
}

/// `qmshutdown`: asking the guest to end.
#[derive(Debug)]
pub(crate) struct Shutdown {
    vmid: u32,
    skiplock: bool,
    timeout: Duration,
    force: bool,
    lock: Lock,
    phase: Phase,
}

/// How long a silent agent is waited for.
const PING: Duration = Duration::from_secs(3);

impl Shutdown {
    pub(crate) fn new(vmid: u32, skiplock: bool, timeout: Option<u64>, force: bool) -> Self {
        let timeout = Duration::from_secs(timeout.unwrap_or(60).min(86_400));
        Self {
            vmid,
            skiplock,
            timeout,
            force,
            lock: Lock::default(),
            phase: Phase::Asked,
        }
    }

    fn press(&mut self, world: &World) -> Step {
        let ends = world.now.plus(world.pace.shutdown);
        let gives_up = world.now.plus(self.timeout);
        let ignored = world
            .vm(self.vmid)
            .is_some_and(|vm| vm.guest.ignores_shutdown);
        let until = if ignored {
            gives_up
        } else {
            ends.min(gives_up)
        };
        self.phase = Phase::Pressed {
            ends: if ignored { SimTime(u64::MAX) } else { ends },
            gives_up,
        };
        Step::Sleep(until)
    }

    fn ask(&mut self, world: &mut World) -> Result<Step> {
        if !has_process(world, self.vmid, self.skiplock)? {
            return Ok(Step::Done);
        }
        let vm = world.require_vm(self.vmid)?;
        if agent_is_configured(vm.config.get("agent")) && !agent_responds(vm) {
            self.phase = Phase::Pinged;
            return Ok(Step::Sleep(world.now.plus(PING)));
        }
        Ok(self.press(world))
    }

    fn give_up(&self, world: &mut World, task: usize) -> Result<Step> {
        if !self.force {
            return Err(die("VM quit/powerdown failed - got timeout"));
        }
        world.log(task, "VM still running - terminating now with SIGTERM");
        end(world, self.vmid);
        Ok(Step::Done)
    }
}

impl Job for Shutdown {
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step> {
        self.lock.exclusive(world, task, self.vmid)?;
        match self.phase {
            Phase::Asked => self.ask(world),
            Phase::Pinged => {
                let protocol = if world.version.is_9() { "qga" } else { "qmp" };
                let line = format!(
                    "QEMU Guest Agent is not running - VM {} {protocol} command 'guest-ping' \
                     failed - got timeout",
                    self.vmid
                );
                world.log(task, line);
                Ok(self.press(world))
            }
            Phase::Pressed { ends, .. } if world.now >= ends => {
                end(world, self.vmid);
                Ok(Step::Done)
            }
            Phase::Pressed { gives_up, .. } if world.now >= gives_up => self.give_up(world, task),
            Phase::Pressed { ends, gives_up } => Ok(Step::Sleep(ends.min(gives_up))),
        }
    }
}

/// `qmreset`: pressing the reset button.
#[derive(Debug)]
pub(crate) struct Reset {
    vmid: u32,
    skiplock: bool,
    lock: Lock,
}

impl Reset {
    pub(crate) fn new(vmid: u32, skiplock: bool) -> Self {
        Self {
            vmid,
            skiplock,
            lock: Lock::default(),
        }
    }
}

impl Job for Reset {
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step> {
        self.lock.exclusive(world, task, self.vmid)?;
        world.require_vm(self.vmid)?;
        world.check_config_lock(self.vmid, self.skiplock)?;
        Ok(Step::Done)
    }
}

/// `qmreboot`: shutting down, then starting with what was pending.
#[derive(Debug)]
pub(crate) struct Reboot {
    vmid: u32,
    down: Option<Shutdown>,
    up: Option<Start>,
}

impl Reboot {
    pub(crate) fn new(vmid: u32, timeout: Option<u64>) -> Self {
        Self {
            vmid,
            down: Some(Shutdown::new(vmid, false, timeout, false)),
            up: None,
        }
    }
}

impl Job for Reboot {
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step> {
        if let Some(down) = &mut self.down {
            let step = down.step(world, task)?;
            if step != Step::Done {
                return Ok(step);
            }
            self.down = None;
            world.locks.release_all(task);
        }
        self.up
            .get_or_insert_with(|| Start::new(self.vmid, false))
            .step(world, task)
    }
}
