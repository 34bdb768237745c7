//! Carrying out a restore.

use files::Mode;

use super::plan::{RestorePlan, RestoreRequest};
use super::source::Source;
use crate::state::content::Content;
use crate::state::locked::{Lock, LockError, LockedState};
use crate::state::run_lock::{RunLock, RunLockError};
use crate::state::vault::{
    Event, NewSet, Pin, Snapshot, Standing, Stored, VaultError, VaultWriter,
};

/// A plan that somebody agreed to.
#[derive(Debug)]
pub struct ConfirmedRestore {
    plan: RestorePlan,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What was restored.
    pub source: Source,
    /// The serial that the live state has now.
    pub serial: u64,
    /// The pinned snapshot of what was replaced, where there was something.
    pub replaced: Option<Snapshot>,
    /// The snapshot of the live state as it is now.
    pub now: Snapshot,
}

/// The restore did not happen, or not to its end; the live state is the old or the new one.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The state could not be locked, read or written.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Another em-infra works on the environment.
    #[error(transparent)]
    RunLock(#[from] RunLockError),
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The live state is not the one that the plan was made for.
    #[error("the live state changed after the plan was made")]
    Changed,
    /// What was read back is not what was written.
    #[error("the state reads back differently from what was written")]
    NotWritten,
}

impl From<files::Error> for RestoreError {
    fn from(error: files::Error) -> Self {
        Self::Lock(LockError::Files(error))
    }
}

impl ConfirmedRestore {
    pub(super) fn of(plan: RestorePlan) -> Self {
        Self { plan }
    }

    /// Puts the state in place.
    pub fn execute(&self, request: &RestoreRequest<'_>) -> Result<Restored, RestoreError> {
        self.execute_under(&RunLock::take(request.place)?, request)
    }

    /// The same where the caller keeps other em-infras out already.
    pub(in crate::state) fn execute_under(
        &self,
        _run: &RunLock,
        request: &RestoreRequest<'_>,
    ) -> Result<Restored, RestoreError> {
        let lock = LockedState::take(request.place, request.who, "restore")?;
        let mut vault = VaultWriter::open(request.vault)?;
        let (replaced, mut lock) = match lock {
            Lock::Taken(mut state) => (
                self.keep_current(request, &mut vault, &mut state)?,
                Some(state),
            ),
            Lock::Missing if self.plan.before.is_none() => (None, None),
            Lock::Missing => return Err(RestoreError::Changed),
        };
        let errored = Self::keep_errored(request, &mut vault)?;
        let new = Content::new(self.plan.bytes.clone());
        vault.record(request.who.now, self.begun(replaced.as_ref(), &new))?;
        let written = self.write(request, lock.as_mut())?;
        if written.digest() != new.digest() {
            return Err(RestoreError::NotWritten);
        }
        let source = self.plan.source.to_string();
        let after = new.digest().to_string();
        vault.record(request.who.now, Event::Restored { source, after })?;
        let now = Self::keep(
            request,
            &mut vault,
            &new,
            Standing::Good,
            "after restore",
            Pin::Free,
        )?;
        if errored {
            files::remove_file(&request.place.errored())?;
        }
        Ok(Restored {
            source: self.plan.source.clone(),
            serial: self.plan.serial,
            replaced,
            now: now.snapshot().clone(),
        })
    }

    fn keep_current(
        &self,
        request: &RestoreRequest<'_>,
        vault: &mut VaultWriter,
        state: &mut LockedState,
    ) -> Result<Option<Snapshot>, RestoreError> {
        let current = state.read()?;
        if Some(current.digest()) != self.plan.before {
            return Err(RestoreError::Changed);
        }
        let standing = Standing::judge_replaced(&current, vault.vault().last_good());
        let kept = Self::keep(
            request,
            vault,
            &current,
            standing,
            "before restore",
            Pin::Pinned,
        )?;
        Ok(Some(kept.snapshot().clone()))
    }

    /// What Terraform could not save is void after a restore, and may be the only record of something.
    fn keep_errored(
        request: &RestoreRequest<'_>,
        vault: &mut VaultWriter,
    ) -> Result<bool, RestoreError> {
        let path = request.place.errored();
        if !path.exists() {
            return Ok(false);
        }
        let bytes = std::fs::read(&path).map_err(|source| VaultError::Read { path, source })?;
        let content = Content::new(bytes);
        let standing = Standing::judge_replaced(&content, vault.vault().last_good());
        Self::keep(
            request,
            vault,
            &content,
            standing,
            "errored.tfstate",
            Pin::Pinned,
        )?;
        Ok(true)
    }

    fn keep(
        request: &RestoreRequest<'_>,
        vault: &mut VaultWriter,
        content: &Content,
        standing: Standing,
        reason: &str,
        pin: Pin,
    ) -> Result<Stored, VaultError> {
        vault.store(&NewSet {
            content,
            standing,
            reason,
            pin,
            place: request.place,
            who: request.who,
        })
    }

    fn begun(&self, replaced: Option<&Snapshot>, new: &Content) -> Event {
        Event::RestoreBegun {
            source: self.plan.source.to_string(),
            replaced: replaced.map(|snapshot| snapshot.id.clone()),
            serial: self.plan.serial,
            before: self.plan.before.map(|digest| digest.to_string()),
            after: new.digest().to_string(),
        }
    }

    /// In place where there is a file; as a whole new file where there is none, so that nobody ever sees an empty one.
    fn write(
        &self,
        request: &RestoreRequest<'_>,
        lock: Option<&mut LockedState>,
    ) -> Result<Content, RestoreError> {
        let path = request.place.state();
        if let Some(state) = lock {
            files::tighten(path)?;
            state.rewrite(&self.plan.bytes)?;
            return Ok(state.read()?);
        }
        if let Some(folder) = path.parent() {
            files::create_private_dirs(folder)?;
        }
        files::create_complete(path, &self.plan.bytes, Mode::Private)?;
        let bytes = std::fs::read(path).map_err(|source| VaultError::Read {
            path: path.to_owned(),
            source,
        })?;
        Ok(Content::new(bytes))
    }
}
