//! Looking into a vault.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use time::OffsetDateTime;

use super::index::{Event, Index, Row};
use super::manifest::{FORMAT, Manifest};
use super::seal::{Keys, SealError};
use super::snapshot::{Snapshot, Standing};
use super::{MANIFEST, SEALED, SNAPSHOTS, STATE};
use crate::state::content::Content;

/// A vault, as its index tells of it. One that does not exist yet is empty.
#[derive(Debug, Clone)]
pub struct Vault {
    pub(super) dir: PathBuf,
    pub(super) index: Index,
    snapshots: Vec<Snapshot>,
    keys: Keys,
}

/// A restore of which the end is not recorded.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct UnfinishedRestore {
    /// What was to be restored.
    pub source: String,
    /// The digest of the live state before.
    pub before: Option<String>,
    /// The digest it was to get.
    pub after: String,
}

/// Something in the vault could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// A file could not be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file could not be written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// A manifest is no manifest.
    #[error("failed to understand `{}`", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// A newer em-infra wrote it.
    #[error("`{}` has format {format}, and this em-infra knows {FORMAT}", path.display())]
    Newer {
        /// The manifest.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// The stored bytes are not those that were stored.
    #[error("`{}` is damaged: its digest is not the recorded one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// The state is sealed and no key was given.
    #[error("the state in `{0}` is sealed, and no key was given")]
    Sealed(String),
    /// Sealing or opening failed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// No snapshot is called so.
    #[error(transparent)]
    NotFound(#[from] NotFound),
}

/// A name that means no snapshot, or several.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotFound {
    /// The vault holds no good snapshot at all.
    #[error("the vault `{}` holds no good snapshot", .0.display())]
    Nothing(PathBuf),
    /// None has this id.
    #[error("no snapshot is called `{0}`")]
    Unknown(String),
    /// Several ids begin so.
    #[error("`{0}` is the beginning of {1} snapshots")]
    Ambiguous(String, usize),
}

pub(super) fn read(path: &Path) -> Result<Vec<u8>, VaultError> {
    fs::read(path).map_err(|source| VaultError::Read {
        path: path.to_owned(),
        source,
    })
}

impl Vault {
    /// Opens the vault in `dir` for reading.
    pub fn open(dir: &Path) -> Result<Self, VaultError> {
        let index = Index::read(dir).map_err(|source| VaultError::Read {
            path: dir.join(super::INDEX),
            source,
        })?;
        Ok(Self::of(dir.to_owned(), index))
    }

    pub(super) fn of(dir: PathBuf, index: Index) -> Self {
        let mut vault = Self {
            dir,
            snapshots: Vec::new(),
            index: Index::default(),
            keys: Keys::default(),
        };
        index.rows.iter().for_each(|row| vault.take_in(row));
        vault.index = index;
        vault
    }

    /// The same with keys that open sealed states.
    #[must_use]
    pub fn with_keys(mut self, keys: Keys) -> Self {
        self.keys = keys;
        self
    }

    pub(super) fn keys(&self) -> Keys {
        self.keys.clone()
    }

    /// The place of the vault.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Every set that was not pruned, in the order in which they were stored.
    pub fn snapshots(&self) -> &[Snapshot] {
        &self.snapshots
    }

    /// The last good one: what a live state is judged by.
    pub fn last_good(&self) -> Option<&Snapshot> {
        self.snapshots
            .iter()
            .rev()
            .find(|snapshot| snapshot.standing == Standing::Good)
    }

    /// The snapshot whose state has this digest.
    pub fn with_state(&self, digest: files::Digest) -> Option<&Snapshot> {
        let digest = digest.to_string();
        self.snapshots
            .iter()
            .rev()
            .find(|snapshot| snapshot.state == digest)
    }

    /// The highest serial that was ever stored of `lineage`, pruned ones included.
    pub fn highest_serial(&self, lineage: &str) -> Option<u64> {
        let serials = self.index.rows.iter().filter_map(|row| match &row.event {
            Event::Snapshot {
                lineage: its,
                serial,
                ..
            } if its == lineage => *serial,
            _ => None,
        });
        serials.max()
    }

    /// The snapshot that `name` means: `latest`, an id, or the beginning of one.
    pub fn find(&self, name: &str) -> Result<&Snapshot, NotFound> {
        if name == "latest" {
            return self
                .last_good()
                .ok_or_else(|| NotFound::Nothing(self.dir.clone()));
        }
        let begins = |snapshot: &&Snapshot| snapshot.id.starts_with(name);
        let mut found = self.snapshots.iter().filter(begins);
        match (found.next(), found.count()) {
            (Some(snapshot), 0) => Ok(snapshot),
            (Some(_), _) if let Some(exact) = self.snapshots.iter().find(|s| s.id == name) => {
                Ok(exact)
            }
            (Some(_), more) => Err(NotFound::Ambiguous(name.to_owned(), more + 1)),
            (None, _) => Err(NotFound::Unknown(name.to_owned())),
        }
    }

    /// The stored state of `snapshot`, checked against its digest.
    pub fn content(&self, snapshot: &Snapshot) -> Result<Content, VaultError> {
        let (path, bytes) = self.opened(snapshot)?;
        let content = Content::new(bytes);
        if content.digest().to_string() == snapshot.state {
            Ok(content)
        } else {
            Err(VaultError::Damaged { path })
        }
    }

    fn opened(&self, snapshot: &Snapshot) -> Result<(PathBuf, Vec<u8>), VaultError> {
        let set = self.set(&snapshot.id);
        let sealed = set.join(SEALED);
        if !sealed.exists() {
            let path = set.join(STATE);
            let bytes = read(&path)?;
            return Ok((path, bytes));
        }
        if self.keys.is_empty() {
            return Err(VaultError::Sealed(snapshot.id.clone()));
        }
        let bytes = self.keys.open(&read(&sealed)?)?;
        Ok((sealed, bytes))
    }

    /// The manifest of `snapshot`, checked against its digest.
    pub fn manifest(&self, snapshot: &Snapshot) -> Result<Manifest, VaultError> {
        let path = self.set(&snapshot.id).join(MANIFEST);
        let bytes = read(&path)?;
        if files::Digest::of_bytes(&bytes).to_string() != snapshot.manifest {
            return Err(VaultError::Damaged { path });
        }
        parse_manifest(&path, &bytes)
    }

    /// The restore that was begun last, where its end is not recorded.
    pub fn unfinished_restore(&self) -> Option<UnfinishedRestore> {
        let last = self
            .index
            .rows
            .iter()
            .rev()
            .find_map(|row| match &row.event {
                Event::Restored { .. } => Some(None),
                Event::RestoreBegun {
                    source,
                    before,
                    after,
                    ..
                } => Some(Some(UnfinishedRestore {
                    source: source.clone(),
                    before: before.clone(),
                    after: after.clone(),
                })),
                _ => None,
            });
        last.flatten()
    }

    /// The last copy that was made: where, and when.
    pub fn last_copy(&self) -> Option<(&str, OffsetDateTime)> {
        self.index
            .rows
            .iter()
            .rev()
            .find_map(|row| match &row.event {
                Event::Copied { to, .. } => Some((to.as_str(), row.time)),
                _ => None,
            })
    }

    /// The set that was last stored or seen, and when.
    pub(super) fn last_look(&self) -> Option<(&str, OffsetDateTime)> {
        self.index
            .rows
            .iter()
            .rev()
            .find_map(|row| match &row.event {
                Event::Snapshot { id, .. } | Event::Seen { id, .. } => {
                    Some((id.as_str(), row.time))
                }
                _ => None,
            })
    }

    /// The directory of a set.
    pub fn set(&self, id: &str) -> PathBuf {
        self.dir.join(SNAPSHOTS).join(id)
    }

    /// Ids of every set that was pruned, whether its files are gone or not.
    pub(super) fn pruned(&self) -> Vec<&str> {
        let pruned = self.index.rows.iter().filter_map(|row| match &row.event {
            Event::Pruned { ids } => Some(ids),
            _ => None,
        });
        pruned.flatten().map(String::as_str).collect()
    }

    pub(super) fn take_in(&mut self, row: &Row) {
        let named = |id: &str, snapshots: &mut Vec<Snapshot>, change: &dyn Fn(&mut Snapshot)| {
            snapshots
                .iter_mut()
                .filter(|snapshot| snapshot.id == id)
                .for_each(change);
        };
        match &row.event {
            Event::Snapshot { .. } => self.snapshots.extend(of_row(row)),
            Event::Seen { id, .. } => named(id, &mut self.snapshots, &|s| s.seen = row.time),
            Event::Pinned { id } => named(id, &mut self.snapshots, &|s| s.pinned = true),
            Event::Unpinned { id } => named(id, &mut self.snapshots, &|s| s.pinned = false),
            Event::Pruned { ids } => self
                .snapshots
                .retain(|snapshot| !ids.contains(&snapshot.id)),
            Event::RestoreBegun { .. }
            | Event::Restored { .. }
            | Event::Copied { .. }
            | Event::Unknown => {}
        }
    }
}

fn of_row(row: &Row) -> Option<Snapshot> {
    let Event::Snapshot {
        id,
        manifest,
        state,
        reason,
        standing,
        lineage,
        serial,
        managed,
        pinned,
    } = &row.event
    else {
        return None;
    };
    Some(Snapshot {
        id: id.clone(),
        time: row.time,
        seen: row.time,
        reason: reason.clone(),
        standing: *standing,
        lineage: lineage.clone(),
        serial: *serial,
        managed: *managed,
        pinned: *pinned,
        state: state.clone(),
        manifest: manifest.clone(),
    })
}

pub(super) fn parse_manifest(path: &Path, bytes: &[u8]) -> Result<Manifest, VaultError> {
    let manifest: Manifest =
        serde_json::from_slice(bytes).map_err(|source| VaultError::Manifest {
            path: path.to_owned(),
            source,
        })?;
    if manifest.format > FORMAT {
        return Err(VaultError::Newer {
            path: path.to_owned(),
            format: manifest.format,
        });
    }
    Ok(manifest)
}
