//! `.em-infra/` in a Terraform root: what em-infra keeps beside a configuration. Private, and never in git.

use std::path::{Path, PathBuf};

use files::Mode;

/// Where em-infra keeps things beside the configuration in `root`.
pub(crate) fn of(root: &Path) -> PathBuf {
    root.join(".em-infra")
}

/// Makes the directory `base` where it is missing, in a way that git leaves it alone.
pub(crate) fn make(base: &Path) -> files::Result<()> {
    files::create_private_dirs(base)?;
    match files::create_complete(&base.join(".gitignore"), b"*\n", Mode::Private) {
        Err(error) if !error.is_already_there() => Err(error),
        _ => Ok(()),
    }
}
