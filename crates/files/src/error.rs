//! Failures of file operations: which action, on which path, why.

use std::io;
use std::path::{Path, PathBuf};

/// A file operation that did not work. The source says why.
#[derive(Debug, thiserror::Error)]
#[error("failed to {action} `{}`", path.display())]
pub struct Error {
    action: &'static str,
    path: PathBuf,
    #[source]
    source: io::Error,
}

/// The result of a file operation.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The path the operation was about.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the operation failed because the path is taken already.
    pub fn is_already_there(&self) -> bool {
        self.source.kind() == io::ErrorKind::AlreadyExists
    }
}

/// Names action and path of an I/O error, for use in `map_err`.
pub(crate) fn failed_to(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error {
        action,
        path,
        source,
    }
}
