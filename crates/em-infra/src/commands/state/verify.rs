//! `em-infra state verify`.

use serde::Serialize;

use super::context::Context;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Format;

#[derive(Serialize)]
struct Report {
    snapshots: usize,
    bytes: u64,
    faults: Vec<String>,
    leftovers: Vec<String>,
}

pub(super) fn run(context: &Context<'_>) -> Result<Exit, CommandError> {
    let found = context.open_vault()?.verify()?;
    let report = Report {
        snapshots: found.snapshots,
        bytes: found.bytes,
        faults: found.faults.iter().map(ToString::to_string).collect(),
        leftovers: found.leftovers,
    };
    match context.ui.format() {
        Format::Json => context.ui.json(&report)?,
        Format::Human => show(&report, context),
    }
    Ok(if report.faults.is_empty() {
        Exit::Success
    } else {
        Exit::Failure
    })
}

fn show(report: &Report, context: &Context<'_>) {
    let ui = context.ui;
    report.leftovers.iter().for_each(|left| {
        ui.data(&format!(
            "leftover  {left} (the next snapshot clears it up)"
        ));
    });
    report
        .faults
        .iter()
        .for_each(|fault| ui.data(&format!("fault     {fault}")));
    let summary = format!(
        "{} snapshots, {} bytes read, {} faults",
        report.snapshots,
        report.bytes,
        report.faults.len()
    );
    ui.data(&summary);
    if !report.faults.is_empty() {
        ui.status(
            "hint: `em-infra state copy-to` copies are vaults too; restore from one with --vault",
        );
    }
}
