//! The lock files of machines (`/var/lock/qemu-server/lock-N.conf`), which serialise changes, and those of storages
//! (`/var/lock/pve-manager/pve-storage-NAME`), which serialise allocations.

use std::collections::BTreeMap;

use crate::clock::SimTime;

/// How a lock file is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockMode {
    /// Several may read at once, as clones of one template do.
    Shared,
    Exclusive,
}

/// Who has which lock file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Locks {
    held: Vec<(u32, LockMode, usize)>,
    /// Locks of processes outside of the API, some of which end by themselves.
    outside: BTreeMap<u32, Option<SimTime>>,
    /// The same for storages. The host's own allocations take no time, so nobody else is ever seen with one.
    storages: BTreeMap<String, Option<SimTime>>,
}

impl Locks {
    pub(crate) fn is_free(&self, vmid: u32, mode: LockMode, now: SimTime) -> bool {
        let outside = self
            .outside
            .get(&vmid)
            .is_some_and(|end| end.is_none_or(|end| now < end));
        !outside
            && self.held.iter().all(|(held, held_mode, _)| {
                *held != vmid || (*held_mode == LockMode::Shared && mode == LockMode::Shared)
            })
    }

    /// Takes a lock for a task; the caller has seen that it is free.
    pub(crate) fn take(&mut self, vmid: u32, mode: LockMode, task: usize) {
        self.held.push((vmid, mode, task));
    }

    /// Gives back everything a task holds.
    pub(crate) fn release_all(&mut self, task: usize) {
        self.held.retain(|(_, _, holder)| *holder != task);
    }

    /// A process outside of the API takes or releases the lock file.
    pub(crate) fn hold_outside(&mut self, vmid: u32, held: bool) {
        if held {
            self.outside.insert(vmid, None);
        } else {
            self.outside.remove(&vmid);
        }
    }

    /// The same until a moment.
    pub(crate) fn hold_outside_until(&mut self, vmid: u32, end: SimTime) {
        self.outside.insert(vmid, Some(end));
    }

    /// A process outside of the API takes the allocation lock of a storage, until a moment or until released.
    pub(crate) fn hold_storage(&mut self, name: &str, end: Option<SimTime>) {
        self.storages.insert(name.to_owned(), end);
    }

    /// That process lets go.
    pub(crate) fn release_storage(&mut self, name: &str) {
        self.storages.remove(name);
    }

    /// Whether a volume can be allocated now, or else when: `Err(None)` when nobody knows.
    pub(crate) fn storage_is_free(&self, name: &str, now: SimTime) -> Result<(), Option<SimTime>> {
        match self.storages.get(name) {
            None => Ok(()),
            Some(Some(end)) if *end <= now => Ok(()),
            Some(end) => Err(*end),
        }
    }

    /// When the process that has the lock file of a machine lets it go.
    pub(crate) fn outside_end(&self, vmid: u32) -> Option<SimTime> {
        self.outside.get(&vmid).copied().flatten()
    }
}
