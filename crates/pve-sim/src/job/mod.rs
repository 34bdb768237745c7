//! What tasks do, step by step on simulated time.
//!
//! A job holds its locks from the step that takes them to its end; whatever it waits for, it says so
//! by [`Fail::Wait`](crate::fail::Fail::Wait) and is run again.

mod clone;
mod convert;
mod create;
mod destroy;
mod passthrough;
mod resize;
mod start;
mod stop;

use std::fmt::Debug;
use std::time::Duration;

pub(crate) use clone::{Clone, ClonePlan};
pub(crate) use convert::Convert;
pub(crate) use create::{Create, CreatePlan};
pub(crate) use destroy::Destroy;
pub(crate) use resize::Resize;
pub(crate) use start::Start;
pub(crate) use stop::{Reboot, Reset, Shutdown, Stop};

use crate::clock::SimTime;
use crate::fail::Result;
use crate::world::{LockMode, World};

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Go on at that moment.
    Sleep(SimTime),
    Done,
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

/// The allocation lock of a storage: waited for before each volume, with patience of its own each time.
#[derive(Debug, Default)]
struct StorageLock {
    since: Option<SimTime>,
}

impl StorageLock {
    fn pass(&mut self, world: &World, name: &str) -> Result<()> {
        let since = *self.since.get_or_insert(world.now);
        world.wait_for_storage(name, since, PATIENCE)?;
        self.since = None;
        Ok(())
    }
}
