//! One em-infra at a time per environment.
//!
//! The lock is the one that `gate` takes. Terraform's own cannot span several Terraform runs: em-infra would lock Terraform out.

use std::path::PathBuf;

use files::ExclusiveLock;

use super::place::Place;
use crate::own_directory;

/// Held for as long as a command changes an environment.
#[derive(Debug)]
pub struct RunLock {
    _lock: ExclusiveLock,
}

/// The environment is in use, or its lock cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum RunLockError {
    /// Another em-infra works on it.
    #[error("another em-infra works on `{0}`")]
    Held(PathBuf),
    /// A file operation failed.
    #[error(transparent)]
    Files(#[from] files::Error),
}

impl RunLock {
    /// Takes the lock of the environment at `place`, without waiting.
    pub fn take(place: &Place) -> Result<Self, RunLockError> {
        own_directory::make(&own_directory::of(place.root()))?;
        let lock = files::try_lock(&path(place))?;
        let held = || RunLockError::Held(place.root().to_owned());
        Ok(Self {
            _lock: lock.ok_or_else(held)?,
        })
    }

    /// Whether somebody has it. Makes nothing.
    pub(super) fn is_held(place: &Place) -> Result<bool, files::Error> {
        let path = path(place);
        Ok(path.exists() && files::try_lock(&path)?.is_none())
    }
}

fn path(place: &Place) -> PathBuf {
    own_directory::of(place.root()).join("gate.lock")
}
