//! Locks between processes of em-infra.
//!
//! These are `flock` locks on files of their own. Terraform's state lock is another kind (fcntl)
//! and does not see them: they order em-infra's own runs, never its access to a state.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::error::failed_to;
use crate::{Mode, Result};

/// Held until dropped, or until the process ends in whatever way.
#[derive(Debug)]
pub struct ExclusiveLock(File);

/// Unlocks instead of only closing: a process that another thread is just starting has a copy of
/// the open file until it becomes its program, and with it the lock.
impl Drop for ExclusiveLock {
    fn drop(&mut self) {
        // Where unlocking fails, closing follows.
        self.0.unlock().ok();
    }
}

/// Waits for the lock on `path`, a file that exists for the lock alone and is made when missing.
pub fn lock(path: &Path) -> Result<ExclusiveLock> {
    let file = open(path)?;
    file.lock().map_err(failed_to("lock", path))?;
    Ok(ExclusiveLock(file))
}

/// Takes the lock on `path`, or answers `None` where another process (or another handle in this
/// one) holds it.
pub fn try_lock(path: &Path) -> Result<Option<ExclusiveLock>> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(ExclusiveLock(file))),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed_to("lock", path)(error)),
    }
}

fn open(path: &Path) -> Result<File> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .mode(Mode::Private.bits())
        .open(path)
        .map_err(failed_to("open the lock file", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_lock_is_refused_and_a_dropped_one_is_free() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = lock(&path).unwrap();
        assert!(try_lock(&path).unwrap().is_none());
        drop(held);
        assert!(try_lock(&path).unwrap().is_some());
    }
}
