//! What the gate came to, for people and as JSON, from one value.

use std::path::Path;

use em_infra_core::counted;
use em_infra_core::difference::{Difference, Judged};
use em_infra_core::drift::Unmanaged;
use em_infra_core::gate::{HostKind, Level, LiveRead, Report, Source, Verdict};
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
    host: HostKind,
    reasons: Vec<String>,
    differences: Vec<Row<'a>>,
    live: Option<Live<'a>>,
    not_checked: &'a [String],
    applied: Option<Counts>,
    refresh: Option<&'a Refresh>,
    record: &'a Path,
}

#[derive(Serialize)]
struct Row<'a> {
    source: Source,
    #[serde(flatten)]
    difference: &'a Difference,
}

#[derive(Serialize)]
struct Live<'a> {
    machines: usize,
    host: &'a str,
    disagreements: usize,
    beside: &'a [Unmanaged],
}

/// More differences or VMs than this are left to the record.
const SHOWN: usize = 8;

/// Says how the run ended.
pub(super) fn show(report: &Report, host: HostKind, ui: &Ui) -> Result<(), CommandError> {
    if ui.format() == Format::Json {
        return ui.json(&Document {
            verdict: report.verdict,
            exit_code: report.verdict.exit_code(),
            level: report.level,
            host,
            differences: rows(report),
            live: live(report),
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
    show_differences(&report.differences, ui);
    if let Some(live) = live(report) {
        let agree = match live.disagreements {
            0 => "agrees".to_owned(),
            number => format!("disagrees in {number} points"),
        };
        ui.faint(&format!(
            "  live: {}, {} VMs read: {agree}",
            host.label(),
            live.machines
        ));
        show_beside(live.beside, ui);
    }
    for gap in &report.not_checked {
        ui.faint(&format!("  not checked: {gap}"));
    }
    ui.faint(&format!("  record: {}", report.directory.display()));
    Ok(())
}

fn rows(report: &Report) -> Vec<Row<'_>> {
    let rows = report.differences.iter();
    rows.map(|(source, difference)| Row {
        source: *source,
        difference,
    })
    .collect()
}

fn live(report: &Report) -> Option<Live<'_>> {
    match report.live.as_ref()? {
        LiveRead::Done {
            machines,
            host,
            mismatches,
            beside,
        } => Some(Live {
            machines: *machines,
            host,
            disagreements: mismatches.len(),
            beside,
        }),
        LiveRead::NotPossible(_) => None,
    }
}

/// VMs that the gate leaves alone, and that whoever chooses the next VMID should know.
fn show_beside(beside: &[Unmanaged], ui: &Ui) {
    for vm in beside.iter().take(SHOWN) {
        ui.faint(&format!(
            "  beside: VM {} {}: {}",
            vm.vmid, vm.name, vm.kind
        ));
    }
    if beside.len() > SHOWN {
        let more = beside.len() - SHOWN;
        ui.faint(&format!(
            "  beside: {more} more VMs, which `em-infra drift` names"
        ));
    }
}

/// The differences, unexplained ones first, as many as fit a screen.
fn show_differences(differences: &[(Source, Difference)], ui: &Ui) {
    let is_explained =
        |difference: &Difference| matches!(difference.judged, Judged::Explained { .. });
    let mut sorted: Vec<_> = differences.iter().collect();
    sorted.sort_by_key(|(_, difference)| is_explained(difference));
    for (source, difference) in sorted.iter().take(SHOWN) {
        let values = difference.values.as_ref();
        let values = values.map_or_else(String::new, |(before, after)| {
            format!(" ({} -> {})", short(before), short(after))
        });
        ui.status(&format!("    {source}: {difference}{values}"));
    }
    if differences.len() > SHOWN {
        let more = differences.len() - SHOWN;
        ui.faint(&format!(
            "    and {} in the record",
            counted(more, "more difference")
        ));
    }
}

fn short(value: &str) -> String {
    const LONGEST: usize = 40;
    if value.chars().count() <= LONGEST {
        return value.to_owned();
    }
    let beginning: String = value.chars().take(LONGEST).collect();
    format!("{beginning}…")
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
