//! `em-infra state copy-to`.

use std::path::PathBuf;

use clap::Args;
use em_infra_core::counted;
use em_infra_core::state::vault::{CopyError, Event, VaultWriter};
use serde::Serialize;

use super::context::Context;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Format;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Where the copy is; it only grows, and is a vault like any other.
    #[arg(value_name = "DIR")]
    to: PathBuf,
}

#[derive(Serialize)]
struct Report {
    to: PathBuf,
    new: usize,
    snapshots: usize,
    faults: Vec<String>,
}

pub(super) fn run(arguments: &Arguments, context: &Context<'_>) -> Result<Exit, CommandError> {
    let to = std::path::absolute(&arguments.to)?;
    let mut vault = VaultWriter::open(&context.vault)?;
    let copied = vault
        .vault()
        .copy_to(&to)
        .map_err(|error| failed(error, context))?;
    let report = Report {
        new: copied.new,
        snapshots: copied.read_back.snapshots,
        faults: copied
            .read_back
            .faults
            .iter()
            .map(ToString::to_string)
            .collect(),
        to,
    };
    if report.faults.is_empty() {
        let to = report.to.display().to_string();
        let snapshots = report.snapshots;
        vault.record(context.who.now, Event::Copied { to, snapshots })?;
    }
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
    report
        .faults
        .iter()
        .for_each(|fault| context.ui.data(&format!("fault     {fault}")));
    context.ui.data(&format!(
        "{} holds {}, {} of them new; all were read back, with {}",
        report.to.display(),
        counted(report.snapshots, "snapshot"),
        report.new,
        counted(report.faults.len(), "fault")
    ));
}

fn failed(error: CopyError, context: &Context<'_>) -> CommandError {
    let hint = match &error {
        CopyError::Damaged(_) => format!(
            "`em-infra state verify{}` names the faults",
            context.options
        ),
        CopyError::Other(_) => "copy it to an empty directory".to_owned(),
        CopyError::Vault(_) | CopyError::Files(_) => return error.into(),
    };
    CommandError::new(Exit::Refused, error).hint(hint)
}
