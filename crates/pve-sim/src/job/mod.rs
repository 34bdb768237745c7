//! What tasks do, step by step on simulated time.
//!
//! A job holds its locks from the step that takes them to its end; whatever it waits for, it says so
//! by [`Fail::Wait`](crate::fail::Fail::Wait) and is run again.

use std::fmt::Debug;

use crate::clock::SimTime;
use crate::fail::Result;
use crate::world::World;

/// How a step ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Go on at that moment.
    Sleep(SimTime),
    Done,
    /// Done, with this many warnings in the log.
    Warned(u32),
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
