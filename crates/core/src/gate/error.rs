//! Why the gate could not do its own work.

use crate::evidence::EvidenceError;

/// The gate could not write down what it does, so it stopped. What Terraform fails at is no error
/// here but a verdict.
#[derive(Debug, thiserror::Error)]
pub enum GateError {
    /// The run directory could not be written.
    #[error("failed to keep the record of the run")]
    Record(#[from] files::Error),
    /// A row could not be put into words.
    #[error("failed to write a row of the record")]
    Row(#[from] serde_json::Error),
    /// The evidence could not be written.
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
}
