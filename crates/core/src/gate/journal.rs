//! What a run leaves behind while it goes: rows, transcript lines, events for the caller.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use files::Digest;
use tf_run::plan::noise;
use tf_run::{Diagnostic, Severity};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::kept::{Sweep, digests_of};
use super::leftovers;
use super::plans::Seen;
use super::record::Record;
use super::rows::Row;
use super::secrets::{Learnt, Redactor};
use super::transcript::{Transcript, line_of};
use super::{Event, GateError, Level, Reason, RunDirectory, Step, StepEnd, Verdict};

/// Everything that hears of a run.
pub(super) struct Journal<'h> {
    now: &'h (dyn Fn() -> OffsetDateTime + Sync),
    on_event: &'h mut dyn FnMut(Event<'_>),
    record: Record,
    transcript: Transcript,
    redactor: Redactor,
    directory: PathBuf,
    /// The logs of the steps so far.
    logs: Vec<PathBuf>,
}

/// How a step ended.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) exit: Option<String>,
    pub(super) logs: Vec<PathBuf>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// How the run ended.
pub(super) struct Ending<'a> {
    pub(super) verdict: Verdict,
    pub(super) level: Option<Level>,
    pub(super) reasons: &'a [Reason],
    pub(super) not_checked: &'a [String],
}

impl<'h> Journal<'h> {
    pub(super) fn open(
        directory: &RunDirectory,
        now: &'h (dyn Fn() -> OffsetDateTime + Sync),
        on_event: &'h mut dyn FnMut(Event<'_>),
    ) -> Result<Self, GateError> {
        let record = Record::create(directory.path())?;
        let transcript = Transcript::create(directory.path())?;
        Ok(Self {
            now,
            on_event,
            record,
            transcript,
            redactor: Redactor::default(),
            directory: directory.path().to_owned(),
            logs: Vec::new(),
        })
    }

    /// Takes secrets to the list of what is never kept, and takes those out that were written before
    /// they were known.
    pub(super) fn learn(&mut self, secrets: Vec<String>) -> Result<(), GateError> {
        if self.redactor.learn(secrets) == Learnt::Nothing {
            return Ok(());
        }
        self.transcript.sweep(&self.redactor)?;
        let sweeps = sweeps(&self.logs, &self.redactor);
        self.execute(sweeps)
    }

    /// Takes files of runs that were killed to those that are swept, now and whenever a secret comes up; answers those that
    /// had some.
    pub(super) fn adopt(&mut self, logs: Vec<PathBuf>) -> Result<Vec<PathBuf>, GateError> {
        let sweeps = sweeps(&logs, &self.redactor);
        self.logs.extend(logs);
        let paths = sweeps.iter().map(|sweep| sweep.path().to_owned()).collect();
        self.execute(sweeps)?;
        Ok(paths)
    }

    /// The record of each run says what its files will be before they are: who is killed in between leaves files that are one
    /// or the other.
    fn execute(&mut self, sweeps: Vec<Sweep>) -> Result<(), GateError> {
        let (own, others): (Vec<_>, Vec<_>) = sweeps
            .iter()
            .partition(|sweep| sweep.run() == self.directory);
        leftovers::note(&others)?;
        if !own.is_empty() {
            let files = digests_of(own);
            self.row(&Row::Swept { files })?;
        }
        for sweep in sweeps {
            sweep.execute()?;
        }
        Ok(())
    }

    /// What knows the secrets.
    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }

    pub(super) fn row(&mut self, row: &Row<'_>) -> Result<(), GateError> {
        self.record.row(row)
    }

    pub(super) fn now(&self) -> OffsetDateTime {
        (self.now)()
    }

    /// The clock, for those who work beside.
    pub(super) fn clock(&self) -> &'h (dyn Fn() -> OffsetDateTime + Sync) {
        self.now
    }

    pub(super) fn today(&self) -> time::Date {
        (self.now)().date()
    }

    pub(super) fn time(&self) -> String {
        in_words(self.now())
    }

    pub(super) fn started(
        &mut self,
        step: Step,
        command: Option<&str>,
    ) -> Result<OffsetDateTime, GateError> {
        let began = self.began(step, command)?;
        self.headed(step, command)?;
        Ok(began)
    }

    /// Writes that a step begins. The transcript does not say so yet: of steps that go on beside each other it has the lines
    /// together, one step after the other.
    pub(super) fn began(
        &mut self,
        step: Step,
        command: Option<&str>,
    ) -> Result<OffsetDateTime, GateError> {
        let began = self.now();
        self.record.row(&Row::Step {
            step,
            time: in_words(began),
            command,
        })?;
        (self.on_event)(Event::Started { step, command });
        Ok(began)
    }

    /// Begins the lines of a step in the transcript.
    pub(super) fn headed(&mut self, step: Step, command: Option<&str>) -> files::Result<()> {
        let line = format!("$ {}", command.unwrap_or(step.label()));
        self.transcript.line(&line)
    }

    pub(super) fn heard(&mut self, step: Step, event: &tf_run::Event) -> Result<(), GateError> {
        (self.on_event)(Event::Terraform { step, event });
        match line_of(event) {
            Some(line) => Ok(self.transcript.line(&line)?),
            None => Ok(()),
        }
    }

    pub(super) fn planned(
        &mut self,
        step: Step,
        seen: &Seen,
        digest: &Digest,
    ) -> Result<(), GateError> {
        let Seen {
            exit,
            plan,
            refresh,
            ..
        } = seen;
        let refresh = match step {
            Step::PlanWithoutRefresh => None,
            Step::Check
            | Step::Init
            | Step::Plan
            | Step::Apply
            | Step::LiveRead
            | Step::SecondPlan => Some(refresh),
        };
        let counts = plan.counts();
        self.record.row(&Row::Plan {
            step,
            format: plan.format_version.to_string(),
            sha256: digest.to_string(),
            counts,
            applyable: plan.applyable,
            complete: plan.complete,
            errored: plan.errored,
            refresh,
            drift: plan
                .resource_drift
                .iter()
                .map(|drift| drift.address.clone())
                .collect(),
            noise: noise(plan, *exit).iter().map(ToString::to_string).collect(),
        })?;
        let drift = plan.resource_drift.len();
        (self.on_event)(Event::Planned {
            step,
            counts,
            drift,
            refresh,
        });
        Ok(())
    }

    pub(super) fn finished(
        &mut self,
        step: Step,
        (began, ended): (OffsetDateTime, OffsetDateTime),
        end: StepEnd,
        outcome: &Outcome,
    ) -> Result<(), GateError> {
        let elapsed = Duration::try_from(ended - began).unwrap_or_default();
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let exit = outcome.exit.clone();
        let how = exit.as_deref().unwrap_or(end.words());
        self.transcript
            .line(&format!("# {how}, {milliseconds} ms\n"))?;
        let files = self.keep(&outcome.logs)?;
        self.record.row(&Row::Done {
            step,
            end: end.words(),
            exit,
            milliseconds,
            warnings: outcome.summaries(Severity::Warning),
            errors: outcome.summaries(Severity::Error),
            files,
        })?;
        (self.on_event)(Event::Finished { step, end, elapsed });
        Ok(())
    }

    /// Sweeps the logs of a step that ended, and answers what they are then.
    fn keep(&mut self, logs: &[PathBuf]) -> Result<BTreeMap<String, String>, GateError> {
        for sweep in sweeps(logs, &self.redactor) {
            sweep.execute()?;
        }
        self.logs.extend_from_slice(logs);
        digests(logs)
    }

    pub(super) fn end(&mut self, ending: &Ending<'_>) -> Result<(), GateError> {
        let Ending {
            verdict,
            level,
            reasons,
            not_checked,
        } = *ending;
        let reasons: Vec<String> = reasons.iter().map(ToString::to_string).collect();
        self.transcript
            .line(&format!("verdict: {}", verdict.meaning()))?;
        for reason in &reasons {
            self.transcript.line(&format!("  {reason}"))?;
        }
        for left_out in not_checked {
            self.transcript.line(&format!("not checked: {left_out}"))?;
        }
        let (time, transcript_sha256) = (self.time(), self.transcript.digest()?.to_string());
        self.record.row(&Row::End {
            time,
            verdict,
            exit_code: verdict.exit_code(),
            level,
            reasons,
            not_checked,
            masked_values: self.redactor.count(),
            transcript_sha256,
        })
    }
}

/// A moment as records have it.
pub(super) fn in_words(moment: OffsetDateTime) -> String {
    moment
        .format(&Rfc3339)
        .unwrap_or_else(|_| moment.unix_timestamp().to_string())
}

impl Outcome {
    /// Details can quote values; summaries are fixed words.
    fn summaries(&self, severity: Severity) -> Vec<String> {
        let found = self
            .diagnostics
            .iter()
            .filter(|found| found.severity == severity);
        found.map(|found| found.summary.clone()).collect()
    }
}

/// What is to be done to those of the files that have secrets in them.
fn sweeps(paths: &[PathBuf], redactor: &Redactor) -> Vec<Sweep> {
    let paths = paths.iter();
    paths.filter_map(|path| Sweep::of(path, redactor)).collect()
}

/// The digests of logs by name, where the command came as far as having them.
fn digests(paths: &[PathBuf]) -> Result<BTreeMap<String, String>, GateError> {
    let mut digests = BTreeMap::new();
    for path in paths.iter().filter(|path| path.is_file()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        digests.insert(name.into_owned(), Digest::of_file(path)?.to_string());
    }
    Ok(digests)
}
