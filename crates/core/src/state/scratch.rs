//! A directory of its own for plans, a state in the making and what Terraform says; it goes with the run.

use std::path::{Path, PathBuf};

use super::rebuild;
use crate::own_directory;

/// The directory, as long as the value lives.
#[derive(Debug)]
pub(super) struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Makes it anew: what a killed run left is removed. The caller holds the lock of the environment.
    pub(super) fn make(root: &Path) -> files::Result<Self> {
        let path = place(root);
        own_directory::make(&own_directory::of(root))?;
        files::remove_tree(&path)?;
        files::create_private_dir(&path)?;
        Ok(Self { path })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The state in the making.
    pub(super) fn state(&self) -> PathBuf {
        self.path.join("terraform.tfstate")
    }

    /// A saved plan.
    pub(super) fn plan(&self, label: &str) -> PathBuf {
        self.path.join(format!("{label}.tfplan"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What cannot be removed is named by `state status`, and removed by the next run.
        drop(files::remove_tree(&self.path));
    }
}

fn place(root: &Path) -> PathBuf {
    own_directory::of(root).join("scratch")
}

/// What a killed run left in `root`.
pub(super) fn leftovers(root: &Path) -> Vec<PathBuf> {
    let scratch = place(root);
    let scratch = scratch.exists().then_some(scratch);
    scratch
        .into_iter()
        .chain(rebuild::left_imports(root))
        .collect()
}
