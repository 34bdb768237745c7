//! What the gate tells while it runs.

use std::time::Duration;

use tf_run::plan::{Counts, Refresh};

use super::Step;

/// Something that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A step begins, with the command line where Terraform does it.
    Started {
        /// The step.
        step: Step,
        /// The command line.
        command: Option<&'a str>,
    },
    /// Terraform reports.
    Terraform {
        /// The step.
        step: Step,
        /// What it reports.
        event: &'a tf_run::Event,
    },
    /// A plan was made and read.
    Planned {
        /// The step.
        step: Step,
        /// What it would do.
        counts: Counts,
        /// Objects that differ from the state.
        drift: usize,
        /// How much of the state was read; none for the plan that is not to read.
        refresh: Option<&'a Refresh>,
    },
    /// A step ended.
    Finished {
        /// The step.
        step: Step,
        /// How.
        end: StepEnd,
        /// How long it took.
        elapsed: Duration,
    },
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepEnd {
    /// It did its work.
    Done,
    /// There was nothing to do.
    Skipped,
    /// It failed.
    Failed,
}

impl StepEnd {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped: nothing to do",
            Self::Failed => "failed",
        }
    }
}
