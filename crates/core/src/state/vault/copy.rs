//! A copy of a vault on another disk, checked by reading it back.
//!
//! The copy only grows: what is pruned here stays there. It is a vault like any other.

use std::path::{Path, PathBuf};

use files::{Digest, Mode};

use super::reader::{Vault, VaultError, read};
use super::seal::Recipients;
use super::snapshot::Snapshot;
use super::{INDEX, MANIFEST, SNAPSHOTS, UNFINISHED, Verification};

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// How many sets were not there yet.
    pub new: usize,
    /// What reading the copy back found.
    pub read_back: Verification,
}

/// The vault could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Something could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A file operation failed.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// The place holds the copy of another vault.
    #[error("`{}` holds another vault, or one that went its own way", .0.display())]
    Other(PathBuf),
    /// The source is damaged: a copy would spread it.
    #[error("this vault is damaged ({0} faults)")]
    Damaged(usize),
}

impl Vault {
    /// Copies every set that is not in `to` yet, then the index, and reads everything back.
    pub fn copy_to(&self, to: &Path) -> Result<Copied, CopyError> {
        let faults = self.verify()?.faults;
        if !faults.is_empty() {
            return Err(CopyError::Damaged(faults.len()));
        }
        files::create_private_dirs(&to.join(SNAPSHOTS))?;
        let _lock = files::lock(&to.join("lock"))?;
        let index = self.index_that_continues(to)?;
        let missing: Vec<&Snapshot> = self
            .snapshots()
            .iter()
            .filter(|set| !to.join(SNAPSHOTS).join(&set.id).exists())
            .collect();
        for snapshot in &missing {
            self.copy_set(snapshot, to)?;
        }
        // A vault like any other: what is kept there later is sealed as here.
        if let Some(recipients) = Recipients::of(&self.dir)? {
            recipients.take_effect(to)?;
        }
        files::create_atomic(&to.join(INDEX), &index, Mode::Private)?;
        Ok(Copied {
            new: missing.len(),
            read_back: Self::open(to)?.with_keys(self.keys()).verify()?,
        })
    }

    /// The own index, if the one in `to` is its beginning.
    fn index_that_continues(&self, to: &Path) -> Result<Vec<u8>, CopyError> {
        let own = index_bytes(&self.dir)?;
        let theirs = index_bytes(to)?;
        if own.starts_with(&theirs) {
            Ok(own)
        } else {
            Err(CopyError::Other(to.to_owned()))
        }
    }

    fn copy_set(&self, snapshot: &Snapshot, to: &Path) -> Result<(), CopyError> {
        let manifest = self.manifest(snapshot)?;
        let unfinished = to
            .join(SNAPSHOTS)
            .join(format!("{UNFINISHED}{}", snapshot.id));
        files::remove_tree(&unfinished)?;
        files::create_private_dir(&unfinished)?;
        let digests = manifest
            .files
            .iter()
            .map(|file| (file.path.as_str(), file.sha256.as_str()));
        for (name, sha256) in digests.chain([(MANIFEST, snapshot.manifest.as_str())]) {
            let path = self.set(&snapshot.id).join(name);
            let bytes = read(&path)?;
            if Digest::of_bytes(&bytes).to_string() != sha256 {
                return Err(VaultError::Damaged { path }.into());
            }
            let target = unfinished.join(name);
            if let Some(folder) = target.parent() {
                files::create_private_dirs(folder)?;
            }
            files::create_new(&target, &bytes, Mode::Private)?;
        }
        files::publish_dir(&unfinished, &to.join(SNAPSHOTS).join(&snapshot.id))?;
        Ok(())
    }
}

/// The whole rows of the index in `dir`.
fn index_bytes(dir: &Path) -> Result<Vec<u8>, VaultError> {
    let path = dir.join(INDEX);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let mut bytes = read(&path)?;
    let whole = bytes
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |end| end + 1);
    bytes.truncate(whole);
    Ok(bytes)
}
