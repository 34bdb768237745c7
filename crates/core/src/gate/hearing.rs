//! Running one command of Terraform as a step: event, rows, transcript.

use time::OffsetDateTime;

use tf_run::{Argv, Diagnostic, Event, Exit, Finished, RunError, Terraform};

use super::journal::{Journal, Outcome};
use super::sequence::{Gate, Stop};
use super::{GateError, Step, StepEnd};
use crate::state::ApplyJournal;

pub(super) type OnEvent<'a> = &'a mut dyn FnMut(&Event);

/// What a step has said so far.
#[derive(Debug, Default)]
pub(super) struct Hearing {
    diagnostics: Vec<Diagnostic>,
    /// Why it could not be written down.
    unwritten: Option<GateError>,
}

impl Hearing {
    pub(super) fn take_in(
        &mut self,
        step: Step,
        event: &Event,
        journal: &mut Journal<'_>,
        applying: Option<&mut ApplyJournal>,
    ) {
        let event = &journal.redactor().event(event);
        if let Event::Diagnostic(diagnostic) = event {
            self.diagnostics.push(diagnostic.clone());
        }
        if self.unwritten.is_none() {
            let applying = applying.map_or(Ok(()), |applying| applying.hear(event));
            let written = applying.map_err(GateError::from);
            self.unwritten = written.and_then(|()| journal.heard(step, event)).err();
        }
    }
}

impl Gate<'_, '_> {
    pub(super) fn stream<T>(
        &mut self,
        step: Step,
        command: &dyn Argv,
        run: impl FnOnce(&Terraform, &str, OnEvent<'_>) -> Result<T, RunError>,
        finished: impl FnOnce(&T) -> &Finished,
    ) -> Result<T, Stop> {
        let line = self.terraform.command_line(command);
        let began = self.journal.started(step, Some(&line))?;
        let Self {
            terraform,
            journal,
            applying,
            ..
        } = self;
        let mut hearing = Hearing::default();
        let result = run(terraform, step.label(), &mut |event| {
            hearing.take_in(step, event, journal, applying.as_mut());
        });
        let span = (began, self.journal.now());
        self.conclude(step, span, result, |value| finished(value).exit, hearing)
    }

    /// Writes how the command of a step ended.
    pub(super) fn conclude<T>(
        &mut self,
        step: Step,
        span: (OffsetDateTime, OffsetDateTime),
        result: Result<T, RunError>,
        exit: impl FnOnce(&T) -> Exit,
        hearing: Hearing,
    ) -> Result<T, Stop> {
        let (end, exit) = match &result {
            Ok(value) => (StepEnd::Done, Some(exit(value))),
            Err(RunError::Failed { exit, .. }) => (StepEnd::Failed, Some(*exit)),
            Err(_) => (StepEnd::Failed, None),
        };
        let (stdout, stderr) = self.terraform.log_files(step.label());
        let outcome = Outcome {
            exit: exit.map(|exit| exit.to_string()),
            logs: vec![stdout, stderr],
            diagnostics: hearing.diagnostics,
        };
        self.journal.finished(step, span, end, &outcome)?;
        hearing.unwritten.map_or(Ok(()), Err)?;
        Ok(result?)
    }
}
