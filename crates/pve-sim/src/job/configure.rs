//! Changing a configuration, option by option: the work of `qmconfig`, and of the daemon itself while its caller waits.

use super::{Job, Lock, Step, StorageLock};
use crate::api::qemu::{Applying, Change};
use crate::fail::Result;
use crate::world::World;

/// The worker.
#[derive(Debug)]
pub(crate) struct Configure {
    change: Change,
    lock: Lock,
    allocation: StorageLock,
    stage: Stage,
}

/// What is left to do. Keys leave their list when they are written, so that a wait goes on where it began.
#[derive(Debug)]
enum Stage {
    Check,
    Delete(Vec<String>),
    Set(Vec<String>),
    Apply(Applying),
}

impl Configure {
    pub(crate) fn new(change: Change) -> Self {
        Self {
            change,
            lock: Lock::default(),
            allocation: StorageLock::default(),
            stage: Stage::Check,
        }
    }

    /// Ends the current stage and gives the next one.
    fn advance(&mut self, world: &mut World) -> Result<Option<Stage>> {
        let (change, allocation) = (&self.change, &mut self.allocation);
        match &mut self.stage {
            Stage::Check => {
                change.begin(world)?;
                Ok(Some(Stage::Delete(change.deletions())))
            }
            Stage::Delete(left) => {
                while let Some(key) = left.last() {
                    change.delete_one(world, key, allocation)?;
                    left.pop();
                }
                Ok(Some(Stage::Set(change.settings(world))))
            }
            Stage::Set(left) => {
                while let Some(key) = left.last() {
                    change.set_one(world, key, allocation)?;
                    left.pop();
                }
                change.end(world)?;
                Ok(Some(Stage::Apply(Applying::default())))
            }
            Stage::Apply(applying) => {
                applying.run(world, change.vmid)?;
                change.end(world)?;
                Ok(None)
            }
        }
    }
}

impl Job for Configure {
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step> {
        self.lock.exclusive(world, task, self.change.vmid)?;
        while let Some(next) = self.advance(world)? {
            self.stage = next;
        }
        Ok(Step::Done)
    }
}
