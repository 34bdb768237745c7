//! The independent read of the real objects, which the caller does: the gate itself knows no host.

use crate::drift::{Mismatch, Unmanaged};

/// What an independent read came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveRead {
    /// The host was read.
    Done {
        /// How many machines were looked for.
        machines: usize,
        /// Which host, and as whom.
        host: String,
        /// Where it disagrees.
        mismatches: Vec<Mismatch>,
        /// Who else stands on the VMIDs of this environment or carries its marker: worth knowing, and no fault of what was
        /// applied.
        beside: Vec<Unmanaged>,
    },
    /// It could not be read, for this reason.
    NotPossible(String),
}
