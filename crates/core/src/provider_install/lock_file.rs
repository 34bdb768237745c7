//! Our own block in `.terraform.lock.hcl`.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hcl_edit::structure::{Block, Body};

use super::PROVIDER_SOURCE;

/// The dependency lock file of one Terraform root.
#[derive(Debug, Clone)]
pub struct LockFile {
    path: PathBuf,
}

/// What [`LockFile::forget_provider`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mended {
    /// There is no lock file: the next `init` writes one.
    NoLockFile,
    /// The lock file does not name our provider.
    NotLocked,
    /// Our block was taken out; the next `init` writes it anew. Other providers' blocks are as they were.
    Forgotten,
}

/// A lock file that could not be read, understood or written.
#[derive(Debug, thiserror::Error)]
pub enum LockFileError {
    /// It could not be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// The lock file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: io::Error,
    },
    /// It is not HCL.
    #[error("failed to parse `{}`", path.display())]
    Parse {
        /// The lock file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: Box<hcl_edit::parser::Error>,
    },
    /// It could not be written.
    #[error("failed to write `{}`", path.display())]
    Write {
        /// The lock file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: files::Error,
    },
}

impl LockFile {
    /// The lock file of the Terraform root `root`.
    pub fn of(root: &Path) -> Self {
        Self {
            path: root.join(".terraform.lock.hcl"),
        }
    }

    /// The version that the lock file holds our provider at, if it does.
    pub fn locked_version(&self) -> Result<Option<semver::Version>, LockFileError> {
        let Some(text) = self.read()? else {
            return Ok(None);
        };
        let body = self.parse(&text)?;
        let version = body
            .blocks()
            .find(|block| is_ours(block))
            .and_then(|block| {
                block
                    .body
                    .get_attribute("version")
                    .and_then(|attribute| attribute.value.as_str())
            });
        Ok(version.and_then(|version| semver::Version::parse(version).ok()))
    }

    /// The version of every locked provider, by its full name.
    pub fn versions(&self) -> Result<BTreeMap<String, semver::Version>, LockFileError> {
        let Some(text) = self.read()? else {
            return Ok(BTreeMap::new());
        };
        let body = self.parse(&text)?;
        let version = |block: &Block| {
            let name = block.labels.first()?.as_str().to_owned();
            let version = block.body.get_attribute("version")?.value.as_str()?;
            Some((name, semver::Version::parse(version).ok()?))
        };
        let providers = body
            .blocks()
            .filter(|block| block.ident.as_str() == "provider");
        Ok(providers.filter_map(version).collect())
    }

    /// Takes our provider's block out, so that the next `init` selects the newest installed build.
    pub fn forget_provider(&self) -> Result<Mended, LockFileError> {
        let Some(text) = self.read()? else {
            return Ok(Mended::NoLockFile);
        };
        let mut body = self.parse(&text)?;
        let removed = body.remove_blocks("provider");
        let (ours, others): (Vec<Block>, Vec<Block>) = removed.into_iter().partition(is_ours);
        if ours.is_empty() {
            return Ok(Mended::NotLocked);
        }
        for block in others {
            body.push(block);
        }
        files::create_atomic(
            &self.path,
            body.to_string().as_bytes(),
            files::Mode::Private,
        )
        .map_err(|source| LockFileError::Write {
            path: self.path.clone(),
            source,
        })?;
        Ok(Mended::Forgotten)
    }

    fn read(&self) -> Result<Option<String>, LockFileError> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LockFileError::Read {
                path: self.path.clone(),
                source,
            }),
        }
    }

    fn parse(&self, text: &str) -> Result<Body, LockFileError> {
        text.parse().map_err(|source| LockFileError::Parse {
            path: self.path.clone(),
            source: Box::new(source),
        })
    }
}

fn is_ours(block: &Block) -> bool {
    block
        .labels
        .first()
        .is_some_and(|label| label.as_str() == PROVIDER_SOURCE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: &str = r#"# This file is maintained automatically by "terraform init".

provider "registry.terraform.io/hashicorp/random" {
  version = "3.6.0"
}

provider "terraform.local/em-infra/eminfra" {
  version = "0.1.4"
  hashes  = ["h1:one"]
}
"#;

    fn lock(text: &str) -> (tempfile::TempDir, LockFile) {
        let folder = tempfile::tempdir().unwrap();
        let lock = LockFile::of(folder.path());
        files::create_atomic(&lock.path, text.as_bytes(), files::Mode::Private).unwrap();
        (folder, lock)
    }

    #[test]
    fn only_our_block_is_taken_out() {
        let (_folder, lock) = lock(TWO);

        assert_eq!(
            lock.locked_version().unwrap(),
            Some(semver::Version::new(0, 1, 4))
        );
        assert_eq!(lock.forget_provider().unwrap(), Mended::Forgotten);

        let (kept, _) = TWO.split_once("\nprovider \"terraform.local").unwrap();
        assert_eq!(fs::read_to_string(&lock.path).unwrap(), kept);
        assert_eq!(lock.forget_provider().unwrap(), Mended::NotLocked);
    }

    #[test]
    fn no_lock_file_is_nothing_to_mend() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            LockFile::of(folder.path()).forget_provider().unwrap(),
            Mended::NoLockFile
        );
    }

    #[test]
    fn a_lock_file_that_is_not_hcl_is_named_and_kept() {
        let (_folder, lock) = lock("provider \"");
        assert!(matches!(
            lock.forget_provider(),
            Err(LockFileError::Parse { .. })
        ));
        assert_eq!(fs::read_to_string(&lock.path).unwrap(), "provider \"");
    }
}
