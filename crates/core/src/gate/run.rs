//! A run from beginning to end.

use std::path::PathBuf;

use tf_run::plan::{Counts, Refresh};
use tf_run::{RunError, Terraform};

use super::assess::Assessment;
use super::journal::Ending;
use super::secrets::Redactor;
use super::sequence::{Gate, Stop};
use crate::evidence::{Ended, digests};

use super::{GateConfig, GateError, Hooks, Level, LiveRead, Reason, Source, Verdict};
use crate::difference::Difference;

/// What a gate came to.
#[derive(Debug)]
pub struct Report {
    /// The verdict.
    pub verdict: Verdict,
    /// How far it reaches.
    pub level: Option<Level>,
    /// What speaks against a pass, the gravest first.
    pub reasons: Vec<Reason>,
    /// What was not looked at, so that nobody takes it for granted.
    pub not_checked: Vec<String>,
    /// What the applied plan did; none where it did not come that far.
    pub applied: Option<Counts>,
    /// How much of the state the second plan read.
    pub refresh: Option<Refresh>,
    /// Every difference after the apply, with what is known about it.
    pub differences: Vec<(Source, Difference)>,
    /// What the independent read of the host came to; none where nobody looked.
    pub live: Option<LiveRead>,
    /// The failure of Terraform, where the verdict is about one.
    pub failure: Option<RunError>,
    /// The directory with record, transcript and output.
    pub directory: PathBuf,
}

/// Runs the gate on the root module of `terraform`, whose logs must go to the run's directory.
///
/// # Errors
/// Only where the record could not be kept; everything else is a verdict.
pub fn run(
    config: &GateConfig,
    terraform: &Terraform,
    hooks: Hooks<'_>,
) -> Result<Report, GateError> {
    let mut gate = Gate::open(config, terraform, hooks)?;
    let sequence = gate.sequence();
    if sequence.is_err() {
        gate.learn_from_state()?;
    }
    let end = End::of(sequence, terraform)?.swept(gate.journal.redactor());
    gate.journal.end(&Ending {
        verdict: end.verdict,
        level: end.level,
        reasons: &end.reasons,
        not_checked: &gate.not_checked,
    })?;
    let End {
        verdict,
        level,
        reasons,
        failure,
    } = end;
    let Gate {
        journal,
        ledger,
        not_checked,
        applied,
        refresh,
        differences,
        live_read,
        ..
    } = gate;
    let directory = config.directory.path().to_owned();
    ledger.end(Ended {
        time: journal.time(),
        verdict,
        level,
        files: digests(&directory)?,
    })?;
    Ok(Report {
        verdict,
        level,
        reasons,
        not_checked,
        applied,
        refresh,
        differences,
        live: live_read,
        failure,
        directory,
    })
}

struct End {
    verdict: Verdict,
    level: Option<Level>,
    reasons: Vec<Reason>,
    failure: Option<RunError>,
}

impl End {
    fn of(sequence: Result<Assessment, Stop>, terraform: &Terraform) -> Result<Self, GateError> {
        match sequence {
            Ok(Assessment {
                verdict,
                level,
                reasons,
                ..
            }) => Ok(Self {
                verdict,
                level,
                reasons,
                failure: None,
            }),
            Err(Stop::Gate(error)) => Err(error),
            Err(Stop::Because(reason)) => Ok(Self::early(stopped_by(&reason), reason, None)),
            Err(Stop::Terraform(error)) => {
                let reason = why(&error, terraform);
                Ok(Self::early(reason.verdict(), reason, Some(error)))
            }
        }
    }

    /// Reasons quote what Terraform and providers said.
    fn swept(mut self, redactor: &Redactor) -> Self {
        let text = |text: &str| redactor.text(text);
        for reason in &mut self.reasons {
            reason.reword(&text);
        }
        self
    }

    fn early(verdict: Verdict, reason: Reason, failure: Option<RunError>) -> Self {
        Self {
            verdict,
            level: None,
            reasons: vec![reason],
            failure,
        }
    }
}

/// An interrupted Terraform reports errors too; the interrupt is the reason.
fn why(error: &RunError, terraform: &Terraform) -> Reason {
    if terraform.interrupt().is_asked() {
        Reason::Interrupted
    } else {
        Reason::Terraform {
            message: chain(error),
        }
    }
}

/// Inputs that moved before the apply are a refusal; later they only blind the proof.
fn stopped_by(reason: &Reason) -> Verdict {
    match reason {
        Reason::InputsMoved { .. } => Verdict::Refused,
        other => other.verdict(),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}
