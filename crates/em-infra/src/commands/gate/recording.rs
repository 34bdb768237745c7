//! `gate --record`: a row for the tracker's evidence log.

use std::path::Path;

use em_infra_core::evidence::{self, Entry, Tracker};
use em_infra_core::gate::{HostKind, Report, Verdict};
use time::OffsetDateTime;

use super::progress::{Tense, changes};
use super::{Arguments, now};
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Ui;

/// The tracker of this phase, seen from the root of the repository.
pub(super) const TRACKER: &str = "docs/implementation/phase-2/phase-2-implementation-tracker.md";

/// Where rows go, opened before the run, so that a run is not wasted on a path that is wrong.
pub(super) fn tracker(arguments: &Arguments) -> Result<Option<Tracker>, CommandError> {
    let open = |path: &Path| {
        Tracker::open(path).map_err(|error| {
            CommandError::new(Exit::Usage, error)
                .hint("run it in the root of the repository, or name the tracker: --record=FILE")
        })
    };
    arguments.record.as_deref().map(open).transpose()
}

/// What is left of a run's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kept {
    /// They stay.
    Yes,
    /// They go with the simulated host.
    No,
}

/// Appends the row of a run that ended, whatever it came to.
pub(super) fn record(
    tracker: &Tracker,
    arguments: &Arguments,
    report: &Report,
    (host, kept): (HostKind, Kept),
    ui: &Ui,
) -> Result<(), CommandError> {
    let run = report.directory.file_name().unwrap_or_default();
    let base = report
        .directory
        .ancestors()
        .nth(2)
        .unwrap_or(Path::new("."));
    let head = evidence::verify(base)?.head.unwrap_or_default();
    let files = match kept {
        Kept::Yes => "",
        Kept::No => ", files not kept",
    };
    let run = run.to_string_lossy();
    tracker.append(&Entry {
        date: today(now()),
        task: "P2-T5".to_owned(),
        change: summary(report),
        command: command(arguments),
        result: result(report),
        notes: format!(
            "{}; run {run}{files}; evidence SHA-256 {head}",
            host.label()
        ),
    })?;
    ui.status("Recorded: a row in the evidence log.");
    Ok(())
}

fn today(now: OffsetDateTime) -> String {
    now.to_offset(time::UtcOffset::UTC).date().to_string()
}

fn result(report: &Report) -> String {
    match (report.verdict, report.level) {
        (Verdict::Pass, Some(level)) => format!("passed ({level})"),
        (verdict, _) => verdict.to_string(),
    }
}

fn summary(report: &Report) -> String {
    let applied = report
        .applied
        .as_ref()
        .map(|counts| match changes(counts, Tense::Applied) {
            changes if changes.is_empty() => "applied: nothing".to_owned(),
            changes => format!("applied: {}", changes.join(", ")),
        });
    let read = report.refresh.as_ref().map(|refresh| {
        format!(
            "second plan: {} of {} objects read",
            refresh.completed, refresh.expected
        )
    });
    let parts: Vec<String> = applied.into_iter().chain(read).collect();
    if parts.is_empty() {
        "nothing applied".to_owned()
    } else {
        parts.join("; ")
    }
}

/// The command line that repeats the run.
fn command(arguments: &Arguments) -> String {
    let mut words = vec!["em-infra gate".to_owned()];
    if arguments.simulate {
        words.push("--simulate".to_owned());
        words.extend(arguments.scenario.option());
    } else {
        words.push(arguments.root.display().to_string());
    }
    let files = arguments.var_files.iter();
    words.extend(files.map(|file| format!("--var-file {}", file.display())));
    words.join(" ")
}
