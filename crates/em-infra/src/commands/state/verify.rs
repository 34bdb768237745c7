//! `em-infra state verify`.

use clap::Args;
use em_infra_core::counted;
use serde::Serialize;

use super::context::{Context, Identity};
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Format;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    identity: Identity,
}

#[derive(Serialize)]
struct Report {
    snapshots: usize,
    bytes: u64,
    unopened: usize,
    faults: Vec<String>,
    leftovers: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, context: &Context<'_>) -> Result<Exit, CommandError> {
    let vault = context.open_vault()?.with_keys(arguments.identity.keys()?);
    let found = vault.verify()?;
    let report = Report {
        snapshots: found.snapshots,
        bytes: found.bytes,
        unopened: found.unopened,
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
        "{}, {} bytes read, {}",
        counted(report.snapshots, "snapshot"),
        report.bytes,
        counted(report.faults.len(), "fault")
    );
    ui.data(&summary);
    if report.unopened > 0 {
        ui.status(&format!(
            "{} sealed states are what was stored; whether they open, only --identity FILE can say",
            report.unopened
        ));
    }
    if !report.faults.is_empty() {
        ui.status(
            "hint: `em-infra state copy-to` copies are vaults too; restore from one with --vault",
        );
    }
}
