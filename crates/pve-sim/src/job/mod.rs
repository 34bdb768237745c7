//! What tasks do, step by step on simulated time.
//!
//! A job holds its locks from the step that takes them to its end; whatever it waits for, it says so
//! by [`Fail::Wait`](crate::fail::Fail::Wait) and is run again.

mod clone;
mod configure;
mod convert;
mod create;
mod destroy;
mod free;
mod passthrough;
mod resize;
mod start;
mod stop;

use std::fmt::Debug;
use std::time::Duration;

pub(crate) use clone::{Clone, ClonePlan};
pub(crate) use configure::Configure;
pub(crate) use convert::Convert;
pub(crate) use create::{Create, CreatePlan};
pub(crate) use destroy::Destroy;
pub(crate) use free::Free;
pub(crate) use resize::Resize;
pub(crate) use start::Start;
pub(crate) use stop::{Reboot, Reset, Shutdown, Stop};

use crate::clock::SimTime;
use crate::fail::{Fail, Result};
use crate::world::{Drive, LockMode, World, parse_volid};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Go on at that moment.
    Sleep(SimTime),
    Done,
    /// Done, but for so many things that did not work and are in the log.
    Warned(usize),
}

/// The work of a task. `task` is its index, for the log and for locks.
pub(crate) trait Job: Debug + Send {
    /// Does what is to be done now.
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step>;

    /// Cleans up after SIGTERM and gives the exit status.
    fn interrupted(&mut self, _world: &mut World, _task: usize) -> String {
        "interrupted by signal".to_owned()
    }
}

/// How long most workers wait for a lock file.
const PATIENCE: Duration = Duration::from_secs(10);

/// A lock file a job needs: taken once, waited for from the first time it was asked for.
#[derive(Debug, Default)]
struct Lock {
    since: Option<SimTime>,
    taken: bool,
}

impl Lock {
    /// Takes the lock file of a machine, or waits for it.
    fn take(
        &mut self,
        world: &mut World,
        task: usize,
        vmid: u32,
        mode: LockMode,
        patience: Duration,
    ) -> Result<()> {
        if self.taken {
            return Ok(());
        }
        let since = *self.since.get_or_insert(world.now);
        world.wait_for_lock(vmid, mode, since, patience)?;
        world.locks.take(vmid, mode, task);
        self.taken = true;
        Ok(())
    }

    fn exclusive(&mut self, world: &mut World, task: usize, vmid: u32) -> Result<()> {
        self.take(world, task, vmid, LockMode::Exclusive, PATIENCE)
    }
}

/// The allocation lock of a storage: waited for before each volume is made or freed, with patience of its own each time.
#[derive(Debug, Default)]
pub(crate) struct StorageLock {
    since: Option<SimTime>,
}

impl StorageLock {
    /// Waits until nobody else is at work on the storage; the error is the time-out.
    pub(crate) fn pass(&mut self, world: &World, name: &str) -> Result<()> {
        let since = *self.since.get_or_insert(world.now);
        let outcome = world.wait_for_storage(name, since, PATIENCE);
        if !matches!(outcome, Err(Fail::Wait(_))) {
            self.since = None;
        }
        outcome
    }

    /// Frees the volume of a drive, if it is the machine's own, once its storage lets it.
    pub(crate) fn free(&mut self, world: &mut World, vmid: u32, drive: &Drive) -> Result<()> {
        if let Ok((name, _)) = parse_volid(&drive.file)
            && world.owns(vmid, &drive.file)
            && world.volume(&drive.file).is_some()
        {
            self.pass(world, name)?;
        }
        world.free_drive(vmid, drive);
        Ok(())
    }

    /// The same where Proxmox goes on without: gives what it says then.
    pub(crate) fn try_free(
        &mut self,
        world: &mut World,
        vmid: u32,
        drive: &Drive,
    ) -> Result<Option<String>> {
        match self.free(world, vmid, drive) {
            Ok(()) => Ok(None),
            Err(Fail::Error(error)) => Ok(Some(error.exit_text())),
            Err(wait) => Err(wait),
        }
    }
}
