//! One em-infra at a time per environment.
//!
//! The lock is the one that `gate` takes. Terraform's own cannot span several Terraform runs: em-infra would lock Terraform out.

use files::ExclusiveLock;

use super::place::Place;

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
    Held(std::path::PathBuf),
    /// A file operation failed.
    #[error(transparent)]
    Files(#[from] files::Error),
}

impl RunLock {
    /// Takes the lock of the environment at `place`, without waiting.
    pub fn take(place: &Place) -> Result<Self, RunLockError> {
        let own = place.root().join(".em-infra");
        files::create_private_dirs(&own)?;
        let lock = files::try_lock(&own.join("gate.lock"))?;
        let held = || RunLockError::Held(place.root().to_owned());
        Ok(Self {
            _lock: lock.ok_or_else(held)?,
        })
    }
}
