//! From the live state into the vault.

use super::content::Content;
use super::locked::{Lock, LockError, LockedState, Who};
use super::place::Place;
use super::vault::{NewSet, Pin, Standing, Stored, VaultError, VaultWriter};

/// What is to be kept, where, and why.
#[derive(Debug, Clone, Copy)]
pub struct SnapshotRequest<'a> {
    /// The environment.
    pub place: &'a Place,
    /// The directory of the vault.
    pub vault: &'a std::path::Path,
    /// Who asks, and when.
    pub who: &'a Who,
    /// Why, in a few words.
    pub reason: &'a str,
    /// Whether the state is judged by the last good one.
    pub judgement: Judgement,
    /// Whether the keep rules apply.
    pub pin: Pin,
}

/// Whether a state is judged by the last good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Judgement {
    /// Another lineage or a lower serial is not good.
    ByHistory,
    /// Every state that can be read is good: the user says so.
    AsGood,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The vault holds the state.
    Stored(Stored),
    /// There is no state file.
    NoState,
}

/// The state could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// It could not be locked or read.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// It could not be stored.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// Reads the live state under Terraform's lock and stores it. A file that is no state is stored too, as evidence.
pub fn snapshot(request: &SnapshotRequest<'_>) -> Result<Taken, SnapshotError> {
    let content = match LockedState::take(request.place, request.who, "snapshot")? {
        Lock::Taken(mut state) => state.read().map_err(LockError::from)?,
        Lock::Missing => return Ok(Taken::NoState),
    };
    let mut vault = VaultWriter::open(request.vault)?;
    store(&mut vault, request, &content).map(Taken::Stored)
}

/// Stores what was read from the live state.
pub(super) fn store(
    vault: &mut VaultWriter,
    request: &SnapshotRequest<'_>,
    content: &Content,
) -> Result<Stored, SnapshotError> {
    let last = match request.judgement {
        Judgement::ByHistory => vault.vault().last_good().cloned(),
        Judgement::AsGood => None,
    };
    let new = NewSet {
        content,
        standing: Standing::judge(content, last.as_ref()),
        reason: request.reason,
        pin: request.pin,
        place: request.place,
        who: request.who,
    };
    Ok(vault.store(&new)?)
}
