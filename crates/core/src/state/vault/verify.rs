//! Is every set what it was when it was stored?

use std::fmt;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use files::Digest;

use super::index::Break;
use super::manifest::Manifest;
use super::reader::{Vault, VaultError};
use super::snapshot::{Snapshot, Standing};
use super::{INDEX, UNFINISHED, writer};

/// What was looked at and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verification {
    /// How many sets were read.
    pub snapshots: usize,
    /// How many bytes were read.
    pub bytes: u64,
    /// How many sealed states were not opened, for want of a key: they are what was stored, and that is all.
    pub unopened: usize,
    /// What is wrong.
    pub faults: Vec<Fault>,
    /// Leftovers of a killed writer, which the next one clears up.
    pub leftovers: Vec<String>,
}

/// Something that is not as it was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// A row of the index cannot be read.
    UnreadableRow(usize),
    /// A row of the index does not follow from the one before: rows were changed, removed or exchanged.
    BrokenChain(usize),
    /// A file is missing or not what was stored.
    Damaged {
        /// The set.
        id: String,
        /// The file.
        file: String,
    },
    /// Row and manifest of a set tell different things.
    Disagreement {
        /// The set.
        id: String,
    },
    /// A good state is none.
    NotUsable {
        /// The set.
        id: String,
    },
    /// No row tells of the set, and it is not whole.
    Stray {
        /// The set.
        id: String,
    },
    /// Others can read it.
    Open {
        /// The file or directory, from the vault's own.
        path: String,
    },
}

impl Vault {
    /// Reads everything and compares it with what was recorded.
    pub fn verify(&self) -> Result<Verification, VaultError> {
        let mut found = Verification {
            snapshots: self.snapshots().len(),
            bytes: 0,
            unopened: 0,
            faults: self.index.breaks.iter().map(fault_of).collect(),
            leftovers: self.leftovers()?,
        };
        for snapshot in self.snapshots() {
            self.verify_set(snapshot, &mut found);
        }
        for id in self.sets_without_row()? {
            match self.whole_set(&id) {
                Some(_) => found
                    .leftovers
                    .push(format!("the set `{id}` has no row yet")),
                None => found.faults.push(Fault::Stray { id }),
            }
        }
        self.verify_modes(&mut found);
        Ok(found)
    }

    fn verify_set(&self, snapshot: &Snapshot, found: &mut Verification) {
        let id = || snapshot.id.clone();
        let Ok(manifest) = self.manifest(snapshot) else {
            let file = super::MANIFEST.to_owned();
            found.faults.push(Fault::Damaged { id: id(), file });
            return;
        };
        found.bytes += manifest
            .files
            .iter()
            .map(|file| file.bytes as u64)
            .sum::<u64>();
        let damaged = self.damaged_files(&manifest).into_iter();
        let whole = damaged.len() == 0;
        found
            .faults
            .extend(damaged.map(|file| Fault::Damaged { id: id(), file }));
        if !agree(snapshot, &manifest) {
            found.faults.push(Fault::Disagreement { id: id() });
        }
        let content = self.content(snapshot);
        if let Err(VaultError::Sealed(_)) = content {
            found.unopened += 1;
            return;
        }
        let usable = content.is_ok_and(|content| content.state().is_ok());
        if whole && snapshot.standing != Standing::Unusable && !usable {
            found.faults.push(Fault::NotUsable { id: id() });
        }
    }

    /// Whether any file of a set is not what was stored.
    pub fn is_damaged(&self, snapshot: &Snapshot) -> bool {
        self.manifest(snapshot)
            .map_or(true, |manifest| !self.damaged_files(&manifest).is_empty())
    }

    /// The files of a set that are not what its manifest says.
    pub(super) fn damaged_files(&self, manifest: &Manifest) -> Vec<String> {
        let set = self.set(&manifest.id);
        let is_damaged = |path: &str, sha256: &str| {
            Digest::of_file(&set.join(path)).map_or(true, |digest| digest.to_string() != sha256)
        };
        let damaged = manifest
            .files
            .iter()
            .filter(|file| is_damaged(&file.path, &file.sha256));
        damaged.map(|file| file.path.clone()).collect()
    }

    fn leftovers(&self) -> Result<Vec<String>, VaultError> {
        let pruned = self.pruned();
        let names = writer::names_in(&self.dir.join(super::SNAPSHOTS))?;
        let mut found: Vec<String> = names
            .into_iter()
            .filter(|name| name.starts_with(UNFINISHED) || pruned.contains(&name.as_str()))
            .map(|name| format!("the set `{name}` was being written or removed"))
            .collect();
        found.extend(
            self.index
                .torn
                .map(|_| "the last row was being written".to_owned()),
        );
        Ok(found)
    }

    fn verify_modes(&self, found: &mut Verification) {
        let mut paths = vec![self.dir.clone(), self.dir.join(INDEX)];
        for snapshot in self.snapshots() {
            let set = self.set(&snapshot.id);
            paths.push(set.join(super::STATE));
            paths.push(set.join(super::SEALED));
            paths.push(set);
        }
        let open = paths.iter().filter(|path| is_open(path));
        found.faults.extend(open.map(|path| {
            let path = path.strip_prefix(&self.dir).unwrap_or(path);
            Fault::Open {
                path: format!("./{}", path.display()),
            }
        }));
    }
}

fn is_open(path: &Path) -> bool {
    let others = fs::metadata(path).map_or(0, |meta| meta.permissions().mode() & 0o077);
    others != 0
}

fn fault_of(found: &Break) -> Fault {
    match found {
        Break::Unreadable(row) => Fault::UnreadableRow(*row),
        Break::Chain(row) => Fault::BrokenChain(*row),
    }
}

fn agree(snapshot: &Snapshot, manifest: &Manifest) -> bool {
    let serial = manifest.state.as_ref().map(|state| state.serial);
    let lineage = manifest.state.as_ref().map_or("", |state| &state.lineage);
    manifest.id == snapshot.id
        && manifest.state_digest() == Some(snapshot.state.as_str())
        && (serial, lineage) == (snapshot.serial, snapshot.lineage.as_str())
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnreadableRow(row) => write!(f, "row {row} of the index cannot be read"),
            Self::BrokenChain(row) => write!(
                f,
                "row {row} of the index does not follow from the one before it: rows were changed, removed or exchanged"
            ),
            Self::Damaged { id, file } => {
                write!(f, "`{id}/{file}` is missing or not what was stored")
            }
            Self::Disagreement { id } => {
                write!(f, "index and manifest tell different things about `{id}`")
            }
            Self::NotUsable { id } => write!(f, "the state in `{id}` cannot be used"),
            Self::Stray { id } => write!(f, "no row tells of `{id}`, and it is not whole"),
            Self::Open { path } => write!(f, "`{path}` can be read by others"),
        }
    }
}
