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
    planned_in: Duration,
}

impl<'ui> Progress<'ui> {
    pub(super) const fn new(ui: &'ui Ui) -> Self {
        Self {
            ui,
            activity: None,
            planned_in: Duration::ZERO,
        }
    }

    /// Takes the live line away, because somebody is going to be asked something.
    pub(super) fn pause(&mut self) {
        self.activity = None;
    }

    pub(super) fn on(&mut self, event: &Event<'_>) {
        match event {
            Event::Started { step, .. } => {
                self.pause();
                self.activity = Some(self.ui.activity(&format!("{} …", name(*step))));
            }
            Event::Terraform { step, event } => self.terraform(*step, event),
            Event::Planned {
                step,
                counts,
                drift,
                refresh,
            } => {
                self.line(*step, &plan(counts, *drift, *refresh), self.planned_in);
            }
            Event::Finished { step, end, elapsed } => self.finished(*step, *end, *elapsed),
        }
    }

    fn finished(&mut self, step: Step, end: StepEnd, elapsed: Duration) {
        self.activity = None;
        match end {
            StepEnd::Failed => self.line(step, "failed", elapsed),
            StepEnd::Skipped => self.line(step, "nothing to do", elapsed),
            StepEnd::Done if is_plan(step) => self.planned_in = elapsed,
            StepEnd::Done => self.line(step, "done", elapsed),
        }
    }

    /// Another step may be going on already.
    fn line(&self, step: Step, what: &str, elapsed: Duration) {
        self.note(&format!(
            "{}: {what} ({:.1} s)",
            name(step),
            elapsed.as_secs_f64()
        ));
    }

    fn terraform(&self, step: Step, event: &Said) {
        match event {
            Said::Diagnostic(diagnostic) if !repeats(step, diagnostic) => self.say(diagnostic),
            Said::ApplyComplete(done) if step == Step::Apply => {
                self.note(&format!("    {}", done.message));
            }
            Said::ApplyStart(done) | Said::ApplyProgress(done) | Said::RefreshStart(done) => {
                self.live(&format!("{}: {}", name(step), done.message));
            }
            Said::Message(message) => self.live(&format!("{}: {message}", name(step))),
            Said::Diagnostic(_)
            | Said::Drift(_)
            | Said::Planned(_)
            | Said::Summary(_)
            | Said::RefreshComplete(_)
            | Said::ApplyComplete(_)
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

/// What is not worth a person's time: warnings that were said at the first plan, and Terraform's regret at `init` that
/// it knows the checksums of one platform only, which is so for every provider that is not from a registry.
fn repeats(step: Step, diagnostic: &Diagnostic) -> bool {
    diagnostic.severity == Severity::Warning
        && match step {
            Step::Check | Step::Plan => false,
            Step::Init => diagnostic.summary == "Incomplete lock file information for providers",
            Step::Apply | Step::LiveRead | Step::SecondPlan | Step::PlanWithoutRefresh => true,
        }
}

const fn is_plan(step: Step) -> bool {
    match step {
        Step::Plan | Step::SecondPlan | Step::PlanWithoutRefresh => true,
        Step::Check | Step::Init | Step::Apply | Step::LiveRead => false,
    }
}

fn diagnostic_lines(diagnostic: &Diagnostic) -> String {
    let mut text = diagnostic.summary.clone();
    if let Some(address) = &diagnostic.address {
        text.push_str("\n  with ");
        text.push_str(address);
    }
    for line in diagnostic
        .detail
        .lines()
        .filter(|line| !line.trim().is_empty())
    {
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
        Step::LiveRead => "live read",
        Step::SecondPlan => "second plan",
        Step::PlanWithoutRefresh => "second plan without refresh",
    }
}

fn plan(counts: &Counts, drift: usize, refresh: Option<&Refresh>) -> String {
    let changes = changes(counts, Tense::Planned);
    let what = if changes.is_empty() {
        "no changes".to_owned()
    } else {
        changes.join(", ")
    };
    let looked = match refresh {
        Some(refresh) if refresh.expected > 0 => {
            format!(
                ", {} of {} objects read",
                refresh.completed, refresh.expected
            )
        }
        Some(_) | None => String::new(),
    };
    let drifted = if drift == 0 {
        String::new()
    } else {
        format!(", {drift} changed outside")
    };
    format!("{what}{looked}{drifted}")
}

/// Whether a plan was only made, or applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tense {
    /// It would.
    Planned,
    /// It did.
    Applied,
}

/// What a plan does, in words; nothing when it does nothing.
pub(super) fn changes(counts: &Counts, tense: Tense) -> Vec<String> {
    [
        (counts.create, "to add", "added"),
        (counts.update, "to change", "changed"),
        (counts.replace, "to replace", "replaced"),
        (counts.delete, "to destroy", "destroyed"),
        (counts.import, "to import", "imported"),
        (counts.forget, "to forget", "forgotten"),
        (counts.moved, "to move", "moved"),
        (counts.read, "to read", "read"),
        (counts.other, "of an unknown kind", "of an unknown kind"),
        (counts.outputs, "outputs to change", "outputs changed"),
    ]
    .into_iter()
    .filter(|(count, _, _)| *count > 0)
    .map(|(count, planned, applied)| match tense {
        Tense::Planned => format!("{count} {planned}"),
        Tense::Applied => format!("{count} {applied}"),
    })
    .collect()
}
