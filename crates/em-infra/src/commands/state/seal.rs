//! `em-infra state seal`.

use std::path::Path;

use clap::Args;
use em_infra_core::counted;
use em_infra_core::state::vault::{Recipients, Vault};
use serde::Serialize;

use super::context::Context;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Format;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Public keys of age, as `age-keygen` prints them; without one, says which are in force.
    #[arg(value_name = "age1…")]
    recipients: Vec<String>,
}

#[derive(Serialize)]
struct Report {
    recipients: Vec<String>,
    /// Snapshots that were kept before, and are in clear.
    in_clear: usize,
}

pub(super) fn run(arguments: &Arguments, context: &Context<'_>) -> Result<Exit, CommandError> {
    if !arguments.recipients.is_empty() {
        let text = arguments.recipients.join("\n");
        let recipients = Recipients::parse(&text, Path::new("the command line")).map_err(|error| {
            CommandError::new(Exit::Usage, error)
                .hint("`age-keygen -o KEYS` makes a pair; the public key begins with age1, and only that one is wanted here")
        })?;
        recipients.take_effect(&context.vault)?;
    }
    let report = report(context)?;
    match context.ui.format() {
        Format::Json => context.ui.json(&report)?,
        Format::Human => show(&report, context),
    }
    Ok(Exit::Success)
}

fn report(context: &Context<'_>) -> Result<Report, CommandError> {
    let vault = context.open_vault()?;
    let recipients = Recipients::of(&context.vault)?;
    Ok(Report {
        recipients: recipients.map_or(Vec::new(), |recipients| recipients.names()),
        in_clear: in_clear(&vault),
    })
}

/// How many kept states everybody can read who has the vault.
pub(super) fn in_clear(vault: &Vault) -> usize {
    let clear = |manifest: &em_infra_core::state::vault::Manifest| manifest.recipients.is_empty();
    let manifests = vault
        .snapshots()
        .iter()
        .filter_map(|kept| vault.manifest(kept).ok());
    manifests.filter(clear).count()
}

fn show(report: &Report, context: &Context<'_>) {
    let ui = context.ui;
    if report.recipients.is_empty() {
        ui.data("States are kept in clear.");
        return;
    }
    ui.data("States are sealed to:");
    for key in &report.recipients {
        ui.data(&format!("  {key}"));
    }
    ui.status(
        "Restoring one needs the private key: keep it on another machine and on paper, not here.",
    );
    if report.in_clear > 0 {
        ui.warning(&format!(
            "{} from before in clear; keep rules remove what is old: em-infra state prune --keep-last 1{}",
            counted(report.in_clear, "snapshot"),
            context.options
        ));
    }
}
