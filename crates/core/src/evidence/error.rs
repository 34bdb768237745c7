//! Why evidence could not be written or read.

use std::io;
use std::path::PathBuf;

/// Evidence that could not be written or read; what is wrong with evidence that was read is a finding.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// A file could not be written or digested.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// A file or directory could not be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// What could not be read.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A row could not be put into words.
    #[error("failed to write a row of evidence")]
    Row(#[from] serde_json::Error),
}
