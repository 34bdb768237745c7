//! Saved plans hold secrets in clear, so they live as long as they are needed.

use std::fs;
use std::path::{Path, PathBuf};

/// A path for a saved plan; what is there is removed with it.
#[derive(Debug)]
pub(super) struct PlanFile(PathBuf);

impl PlanFile {
    pub(super) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for PlanFile {
    fn drop(&mut self) {
        // There is none where planning did not come that far.
        fs::remove_file(&self.0).ok();
    }
}
