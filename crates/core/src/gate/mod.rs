//! The gate: init, plan, apply of exactly that plan, and the proof that a second plan is empty.
//!
//! Terraform's exit code is not the proof. It is 0 with a failing check, with `-target`, with
//! absorbed drift and with `-refresh=false`. The gate reads the plans themselves, proves that the
//! second one looked at the real objects, plans once more without looking, compares the promised
//! outputs at plan and after apply, and says what it did not check. What it did and saw is written
//! to a run directory as it goes, so that a killed run leaves a readable record.

mod assess;
mod config;
mod error;
mod event;
mod hearing;
mod inputs;
mod journal;
mod kept;
mod leftovers;
mod live_read;
mod output_check;
mod plan_file;
mod plans;
mod record;
mod rows;
mod run;
mod run_directory;
mod secrets;
mod sequence;
mod step;
mod transcript;
mod verdict;

pub use assess::{Assessment, Evidence, PlanEvidence, assess};
pub use config::{Approval, Checked, GateConfig, Hooks, HostKind, Tool};
pub use error::GateError;
pub use event::{Event, StepEnd};
pub use inputs::Inputs;
pub use live_read::LiveRead;
pub use output_check::OutputFault;
pub use run::{Report, run};
pub use run_directory::RunDirectory;
pub use step::Step;
pub use verdict::{Level, Reason, Source, Verdict};
