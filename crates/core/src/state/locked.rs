//! The state under Terraform's own lock.
//!
//! While the value lives, Terraform waits (with `-lock-timeout`) or refuses, and prints who holds the state and for
//! what. em-infra never runs Terraform meanwhile: it would wait for itself.

use std::path::PathBuf;

use files::{Attempt, LockedFile, Mode};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::content::Content;
use super::place::Place;

/// Who asks for the state, and for what; Terraform shows it to whoever waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// `user@host`.
    pub name: String,
    /// The version of em-infra.
    pub version: String,
    /// When.
    pub now: OffsetDateTime,
}

/// The state, locked.
#[derive(Debug)]
pub struct LockedState {
    file: LockedFile,
    info: PathBuf,
}

/// What came of asking for the lock.
#[derive(Debug)]
pub enum Lock {
    /// It is held by this process now.
    Taken(LockedState),
    /// There is no state file, so there is nothing to lock.
    Missing,
}

/// The state could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("the state is in use by {0}")]
    Held(Holder),
    /// A file operation failed.
    #[error(transparent)]
    Files(#[from] files::Error),
}

/// Who holds a state.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Holder {
    /// The number of the process, where the system knows it.
    pub pid: Option<u32>,
    /// What it does, in its own words.
    pub operation: Option<String>,
    /// Whose it is, in its own words.
    pub who: Option<String>,
    /// Since when, in its own words.
    pub since: Option<String>,
}

/// The file that Terraform reads to know whom it waits for.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    #[serde(rename = "ID")]
    id: String,
    operation: String,
    #[serde(rename = "Info")]
    purpose: String,
    who: String,
    version: String,
    created: String,
    path: String,
}

impl LockedState {
    /// Locks the state at `place` without waiting, and says so to whoever comes.
    ///
    /// A Terraform that comes between the lock and the note does not wait but refuses.
    pub fn take(place: &Place, who: &Who, operation: &str) -> Result<Lock, LockError> {
        let file = match LockedFile::attempt(place.state())? {
            Attempt::Locked(file) => file,
            Attempt::Missing => return Ok(Lock::Missing),
            Attempt::Held(pid) => return Err(LockError::Held(Holder::read(place, pid))),
        };
        let info = place.lock_info();
        files::create_atomic(&info, &note(place, who, operation), Mode::Private)?;
        Ok(Lock::Taken(Self { file, info }))
    }

    /// What the state holds.
    pub fn read(&mut self) -> Result<Content, files::Error> {
        self.file.read().map(Content::new)
    }

    /// Puts `bytes` in place of what the state holds. Its inode stays, since others wait for a lock on it; and since
    /// JSON ends where it ends, the blanks that cover an older and longer state change nothing.
    pub fn rewrite(&mut self, bytes: &[u8]) -> Result<(), files::Error> {
        self.file.rewrite(bytes, b'\n')
    }
}

/// First the note, then the lock: whoever locks next writes a note of its own.
impl Drop for LockedState {
    fn drop(&mut self) {
        drop(files::remove_file(&self.info));
    }
}

impl Holder {
    /// Who holds the state at `place`, if anybody does.
    pub fn of(place: &Place) -> Result<Option<Self>, files::Error> {
        let held = files::holder(place.state())?;
        Ok(held.map(|pid| Self::read(place, pid)))
    }

    fn read(place: &Place, pid: Option<u32>) -> Self {
        let note = std::fs::read(place.lock_info()).unwrap_or_default();
        let Ok(note) = serde_json::from_slice::<Info>(&note) else {
            return Self {
                pid,
                ..Self::default()
            };
        };
        let operation = note
            .operation
            .trim_start_matches("OperationType")
            .to_lowercase();
        Self {
            pid,
            operation: Some(operation),
            who: Some(note.who),
            since: Some(note.created),
        }
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.pid {
            Some(pid) => write!(f, "process {pid}")?,
            None => f.write_str("another process")?,
        }
        let said = [
            ("", &self.operation),
            ("by ", &self.who),
            ("since ", &self.since),
        ];
        let said = said.map(|(word, said)| said.as_ref().map(|said| format!("{word}{said}")));
        let said: Vec<String> = said.into_iter().flatten().collect();
        if said.is_empty() {
            return Ok(());
        }
        write!(f, " ({})", said.join(" "))
    }
}

fn note(place: &Place, who: &Who, operation: &str) -> Vec<u8> {
    let created = who.now.format(&Rfc3339).unwrap_or_default();
    let seed = format!("{created}\0{}\0{}", who.name, std::process::id());
    let name = place
        .state()
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let info = Info {
        id: files::Digest::of_bytes(seed.as_bytes()).to_string()[..32].to_owned(),
        operation: operation.to_owned(),
        purpose: format!("em-infra {operation}"),
        who: who.name.clone(),
        version: who.version.clone(),
        created,
        path: name,
    };
    serde_json::to_vec(&info).expect("text members always encode")
}
