//! Evidence: what the runs of the gate left behind, and whether it is still as it was written.
//!
//! `.em-infra/evidence.jsonl` has two rows for each run, one when it begins and one when it ends, and
//! the latter holds the digest of every file of the run. The rows of that ledger and of each record
//! are chained: a row says the digest of the row before it and seals its own bytes. So any change
//! afterwards shows, and the row is named. Whoever rewrites everything consistently is not found out
//! this way; for that, keep the digest of the ledger's last row elsewhere.

mod chain;
mod error;
mod ledger;
mod tracker;
mod verify;

pub use chain::Breach;
pub use error::EvidenceError;
pub use ledger::{Ended, Run, history};
pub use tracker::{Entry, Tracker, TrackerError};
pub use verify::{Finding, Verification, Weight, verify};

pub(crate) use chain::Chain;
pub(crate) use ledger::{Ledger, digests, providers_at_last_pass};
