//! Handing over to the Talos bootstrap: where the document comes from, and whether the nodes are there.

mod advice;
mod machine;
mod probe;
mod source;
mod verify;

pub use machine::{Card, Machine, MachineTrouble};
pub use probe::{Fingerprint, Seen, Trouble, probe};
pub use source::{SourceError, of_inputs, of_plan, of_state, of_text};
pub use verify::{Heard, Inspection, NodeReport, Timing, verify};

/// Port of Talos' API, in maintenance mode and after.
pub const API_PORT: u16 = 50000;
