//! What a person sees while the gate runs: a line for each finished step, and what is going on below it.

use std::time::Duration;

use em_infra_core::gate::{Event, Step, StepEnd};
use tf_run::plan::{Counts, Refresh};
use tf_run::{Diagnostic, Event as Said, Severity};

use crate::ui::{Activity, Ui};

/// Renders events as they come.
pub(super) struct Progress<'ui> {
    ui: &'ui Ui,
    activity: Option<Activity<'ui>>,
    planned: Option<String>,
}

impl<'ui> Progress<'ui> {
    pub(super) const fn new(ui: &'ui Ui) -> Self {
        Self { ui, activity: None, planned: None }
    }

    /// Takes the live line away, because somebody is going to be asked something.
    pub(super) fn pause(&mut self) {
        self.activity = None;
    }

    pub(super) fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Started { step, .. } => {
                self.planned = None;
                self.activity = Some(self.ui.activity(&format!("{} …", name(*step))));
            }
            Event::Terraform { step, event } => self.terraform(*step, event),
            Event::Planned { step, counts, drift, refresh } => {
                self.planned = Some(plan(*step, counts, *drift, refresh));
            }
            Event::Finished { step, end, elapsed } => self.finished(*step, *end, *elapsed),
        }
    }

    fn finished(&mut self, step: Step, end: StepEnd, elapsed: Duration) {
        self.activity = None;
        let what = match (end, self.planned.take()) {
            (StepEnd::Failed, _) => "failed".to_owned(),
            (StepEnd::Skipped, _) => "nothing to do".to_owned(),
            (StepEnd::Done, Some(planned)) => planned,
            (StepEnd::Done, None) => "done".to_owned(),
        };
        let took = format!("({:.1} s)", elapsed.as_secs_f64());
        self.ui.status(&format!("{}: {what} {took}", name(step)));
    }

    fn terraform(&self, step: Step, event: &Said) {
        match event {
            Said::Diagnostic(diagnostic) if !repeats(step, diagnostic) => self.say(diagnostic),
            Said::ApplyComplete(done) => self.note(&format!("    {}", done.message)),
            Said::ApplyStart(done) | Said::ApplyProgress(done) | Said::RefreshStart(done) => {
                self.live(&format!("{}: {}", name(step), done.message));
            }
            Said::Message(message) => self.live(&format!("{}: {message}", name(step))),
            Said::Diagnostic(_)
            | Said::Drift(_)
            | Said::Planned(_)
            | Said::Summary(_)
            | Said::RefreshComplete(_)
            | Said::ApplyErrored(_)
            | Said::Text(_) => {}
        }
    }

    fn say(&self, diagnostic: &Diagnostic) {
        let lines = diagnostic_lines(diagnostic);
        match diagnostic.severity {
            Severity::Error => self.note(&self.ui.error_text(&lines)),
            Severity::Warning => self.note(&self.ui.warning_text(&lines)),
        }
    }

    fn note(&self, line: &str) {
        match &self.activity {
            Some(activity) => activity.note(line),
            None => self.ui.status(line),
        }
    }

    fn live(&self, line: &str) {
        if let Some(activity) = &self.activity {
            activity.live(line);
        }
    }
}

/// Terraform says the same warnings at each plan; once is enough.
fn repeats(step: Step, diagnostic: &Diagnostic) -> bool {
    let first = matches!(step, Step::Check | Step::Init | Step::Plan);
    diagnostic.severity == Severity::Warning && !first
}

fn diagnostic_lines(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic.summary.clone();
    if let Some(address) = &diagnostic.address {
        text.push_str(&format!("\n  with {address}"));
    }
    for line in diagnostic.detail.lines().filter(|line| !line.trim().is_empty()) {
        text.push_str("\n  ");
        text.push_str(line.trim_end());
    }
    text
}

const fn name(step: Step) -> &'static str {
    match step {
        Step::Check => "check",
        Step::Init => "init",
        Step::Plan => "plan",
        Step::Apply => "apply",
        Step::SecondPlan => "second plan",
        Step::PlanWithoutRefresh => "second plan without refresh",
    }
}

fn plan(step: Step, counts: &Counts, drift: usize, refresh: &Refresh) -> String {
    let changes = changes(counts);
    let what = if changes.is_empty() { "no changes".to_owned() } else { changes.join(", ") };
    let looked = match step {
        Step::PlanWithoutRefresh => String::new(),
        _ if refresh.expected == 0 => String::new(),
        _ => format!(", {} of {} objects read", refresh.completed, refresh.expected),
    };
    let drifted = if drift == 0 { String::new() } else { format!(", {drift} changed outside") };
    format!("{what}{looked}{drifted}")
}

/// What a plan does, in words; nothing when it does nothing.
pub(super) fn changes(counts: &Counts) -> Vec<String> {
    [
        (counts.create, "to add"),
        (counts.update, "to change"),
        (counts.replace, "to replace"),
        (counts.delete, "to destroy"),
        (counts.import, "to import"),
        (counts.forget, "to forget"),
        (counts.moved, "to move"),
        (counts.read, "to read"),
        (counts.other, "of an unknown kind"),
        (counts.outputs, "outputs to change"),
    ]
    .into_iter()
    .filter(|(count, _)| *count > 0)
    .map(|(count, what)| format!("{count} {what}"))
    .collect()
}
