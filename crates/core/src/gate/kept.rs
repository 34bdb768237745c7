//! Files that a run keeps: swept of secrets before anybody relies on them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use files::{Digest, Mode};

use super::secrets::Redactor;

/// A file with secrets in it, and what it is without them.
#[derive(Debug)]
pub(super) struct Sweep {
    path: PathBuf,
    swept: Vec<u8>,
}

impl Sweep {
    /// None where there are none, or no such file.
    pub(super) fn of(path: &Path, redactor: &Redactor) -> Option<Self> {
        let bytes = fs::read(path).ok()?;
        match redactor.sweep(&bytes) {
            Cow::Borrowed(_) => None,
            Cow::Owned(swept) => Some(Self {
                path: path.to_owned(),
                swept,
            }),
        }
    }

    /// The directory of the run that the file belongs to.
    pub(super) fn run(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes the secrets out. Where that fails the file is removed: a log is worth less than a secret.
    pub(super) fn execute(self) -> files::Result<()> {
        files::create_atomic(&self.path, &self.swept, Mode::Private).inspect_err(|_| {
            fs::remove_file(&self.path).ok();
        })
    }
}

/// What the files of `sweeps` will be, by name.
pub(super) fn digests_of<'s>(
    sweeps: impl IntoIterator<Item = &'s Sweep>,
) -> BTreeMap<String, String> {
    let digest = |sweep: &Sweep| {
        let name = sweep.path.file_name().unwrap_or_default().to_string_lossy();
        (
            name.into_owned(),
            Digest::of_bytes(&sweep.swept).to_string(),
        )
    };
    sweeps.into_iter().map(digest).collect()
}
