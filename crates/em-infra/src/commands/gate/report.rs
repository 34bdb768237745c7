//! What the gate came to, for people and as JSON, from one value.

use std::path::Path;

use em_infra_core::gate::{Level, Report, Verdict};
use serde::Serialize;
use tf_run::plan::{Counts, Refresh};

use super::progress;
use crate::failure::CommandError;
use crate::ui::{Format, Ui};

/// The result of a run. Fields are only ever added.
#[derive(Serialize)]
struct Document<'a> {
    verdict: Verdict,
    exit_code: u8,
    level: Option<Level>,
    reasons: Vec<String>,
    not_checked: &'a [String],
    applied: Option<Counts>,
    refresh: Option<&'a Refresh>,
    record: &'a Path,
}

/// Says how the run ended.
pub(super) fn show(report: &Report, ui: &Ui) -> Result<(), CommandError> {
    if ui.format() == Format::Json {
        return ui.json(&Document {
            verdict: report.verdict,
            exit_code: report.verdict.exit_code(),
            level: report.level,
            reasons: report.reasons.iter().map(ToString::to_string).collect(),
            not_checked: &report.not_checked,
            applied: report.applied,
            refresh: report.refresh.as_ref(),
            record: &report.directory,
        });
    }
    for line in summary(report) {
        match report.verdict {
            Verdict::Pass => ui.good(&line),
            _ => ui.status(&line),
        }
    }
    for reason in &report.reasons {
        ui.status(&format!("  - {reason}"));
    }
    for gap in &report.not_checked {
        ui.faint(&format!("  not checked: {gap}"));
    }
    ui.faint(&format!("  record: {}", report.directory.display()));
    Ok(())
}

fn summary(report: &Report) -> Vec<String> {
    let verdict = match report.verdict {
        Verdict::Pass => format!(
            "Gate passed ({}): {}.",
            level(report.level),
            report.verdict.meaning()
        ),
        other => format!("Gate not passed: {}.", other.meaning()),
    };
    let applied = report.applied.as_ref().map(|counts| {
        match progress::changes(counts, progress::Tense::Applied) {
            changes if changes.is_empty() => "Applied: nothing, it was all there.".to_owned(),
            changes => format!("Applied: {}.", changes.join(", ")),
        }
    });
    applied.into_iter().chain([verdict]).collect()
}

const fn level(level: Option<Level>) -> &'static str {
    match level {
        Some(Level::Quiet) | None => "quiet",
        Some(Level::Settled) => "settled",
        Some(Level::Proved) => "proved",
    }
}
