//! `imgdel`: a volume goes.

use super::{Job, Step, StorageLock};
use crate::fail::{Result, die};
use crate::world::World;

/// The worker.
#[derive(Debug)]
pub(crate) struct Free {
    storage: String,
    volname: String,
    allocation: StorageLock,
}

impl Free {
    pub(crate) fn new(storage: &str, volname: &str) -> Self {
        Self {
            storage: storage.to_owned(),
            volname: volname.to_owned(),
            allocation: StorageLock::default(),
        }
    }
}

impl Job for Free {
    fn step(&mut self, world: &mut World, task: usize) -> Result<Step> {
        let (name, volname) = (&self.storage, &self.volname);
        world.require_enabled(name)?;
        self.allocation.pass(world, name)?;
        let storage = world.require_enabled_mut(name)?;
        if storage.has_children(volname) {
            return Err(die(format!(
                "base volume '{volname}' is still in use by linked clones"
            )));
        }
        let path = storage.path(volname);
        let missing = storage.free(volname).is_none() && storage.kind.is_dir();
        if missing {
            world.log(task, format!("disk image '{path}' does not exist"));
        }
        world.log(task, format!("Removed volume '{name}:{volname}'"));
        Ok(Step::Done)
    }
}
