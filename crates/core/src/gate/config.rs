//! What the gate is told and what it asks.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tf_run::InitArgs;
use tf_run::plan::Plan;
use time::OffsetDateTime;

use super::{Event, LiveRead, RunDirectory};

/// One run of the gate.
#[derive(Debug)]
pub struct GateConfig {
    /// Where the run is written to.
    pub directory: RunDirectory,
    /// Arguments of `init`.
    pub init: InitArgs,
    /// Files with inputs beside those that Terraform finds itself, in order.
    pub var_files: Vec<PathBuf>,
    /// Outputs that must be known at plan, never null and the same after apply.
    pub promised_outputs: BTreeSet<String>,
    /// What kind of host the providers talk to.
    pub host: HostKind,
    /// Who runs the gate.
    pub tool: Tool,
}

/// What kind of host the providers talk to. A record always says: evidence from an embedded host is
/// evidence about the configuration, not about anybody's machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostKind {
    /// One that em-infra itself simulates.
    Embedded,
    /// A real one.
    Real,
    /// The caller cannot tell.
    Unspecified,
}

/// The program that runs the gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What the caller says about a plan before it is applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// Apply it.
    Apply,
    /// Do not.
    Stop,
}

/// What the caller's own check of the inputs found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// Nothing that stops the gate.
    Passed,
    /// Errors, which the caller has shown.
    Errors(usize),
}

/// What the gate needs from outside while it runs.
pub struct Hooks<'a> {
    /// The clock.
    pub now: &'a (dyn Fn() -> OffsetDateTime + Sync),
    /// Hears of everything as it happens.
    pub on_event: &'a mut dyn FnMut(Event<'_>),
    /// Checks the inputs before anything else; the record says when there is none.
    pub check: Option<&'a mut dyn FnMut() -> Checked>,
    /// Reads the real objects on its own after the apply, beside the second plan and on another thread; the record says when
    /// there is none.
    pub live: Option<&'a mut (dyn FnMut() -> LiveRead + Send)>,
    /// Asked before a plan that does something is applied.
    pub approve: &'a mut dyn FnMut(&Plan) -> Approval,
}

impl HostKind {
    /// What people read in lists and trackers.
    pub fn label(self) -> &'static str {
        match self {
            Self::Embedded => "embedded host",
            Self::Real => "real host",
            Self::Unspecified => "host not identified",
        }
    }
}
