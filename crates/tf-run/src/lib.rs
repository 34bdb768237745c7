//! Finding, installing and driving the real Terraform.
//!
//! Owns: which engine is used, the argument vector and the environment of each subcommand, the
//! process and its output files, and the reading of what Terraform prints as JSON. Refuses: to know
//! any provider, to print, to read the environment or the clock, to pass `-lock=false`.
//!
//! ```no_run
//! use tf_run::{Choice, Engine, Env, InitArgs, Interrupt, PlanArgs, Terraform};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let env = Env::default();
//! let engine = Engine::find(&Choice::default(), &env, &mut |_| ())?;
//! let terraform = Terraform::new(engine, "env/dev", "env/dev/.run", &env, Interrupt::default())?;
//! terraform.init(&InitArgs::default(), "init", &mut |_| ())?;
//! let plan = terraform.plan(&PlanArgs::to_file("env/dev/.run/plan".as_ref()), "plan", &mut |_| ())?;
//! # Ok(())
//! # }
//! ```

mod child;
mod command;
mod diagnostic;
mod engine;
mod env;
mod format;
mod interrupt;
mod json;
pub mod plan;
mod run_error;
mod scrub;
mod state;
mod tail;
mod terraform;
mod ui;

pub use child::Exit;
pub use command::{
    ApplyArgs, Argv, DestroyArgs, InitArgs, OutputArgs, OutputValue, PlanArgs, PlanKind, Planned,
    ReadObjects, ShowArgs, StateUse, Upgrade, ValidateArgs, Validation,
};
pub use diagnostic::{Diagnostic, Position, Range, Severity};
pub use engine::{
    Choice, Engine, EngineError, Notice, Origin, PATH_VARIABLE, Pinned, Product, Release,
    THREE_WAYS, Wheel,
};
pub use env::Env;
pub use format::FormatError;
pub use interrupt::Interrupt;
pub use json::Json;
pub use run_error::RunError;
pub use scrub::scrub;
pub use state::{Resource, Values};
pub use terraform::{Finished, Terraform};
pub use ui::{Event, Heard, ResourceEvent};
