//! A plan as `show -json` prints it.
//!
//! Owns the reading of plan format 1.x and the question whether a plan is quiet. Members that a
//! newer minor version adds are ignored, another major version is refused. Knows no provider.

mod actions;
mod change;
mod check;
mod format;
mod quiet;
mod read;
mod refresh;

pub use actions::Actions;
pub use change::{Change, ChangeSummary, Mode, ResourceChange};
pub use check::{CheckObject, CheckResult, CheckStatus};
pub use format::FormatVersion;
pub use quiet::{Noise, PlanExit, noise};
pub use read::{Counts, Plan, PriorState, RelevantAttribute};
pub use refresh::Refresh;
