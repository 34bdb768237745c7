//! `em-infra state pin`.

use clap::Args;
use em_infra_core::state::vault::{Pin, VaultError, VaultWriter};
use serde::Serialize;

use super::context::{Context, not_found};
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Format;

#[derive(Args)]
pub(crate) struct Arguments {
    /// `latest`, an id, or the beginning of one.
    #[arg(value_name = "ID")]
    id: String,

    /// Keeps it no more than others.
    #[arg(long)]
    undo: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    id: &'a str,
    pinned: bool,
}

pub(super) fn run(arguments: &Arguments, context: &Context<'_>) -> Result<Exit, CommandError> {
    let pin = if arguments.undo {
        Pin::Free
    } else {
        Pin::Pinned
    };
    let mut vault = VaultWriter::open(&context.vault)?;
    vault
        .pin(&arguments.id, pin, context.who.now)
        .map_err(|error| match error {
            VaultError::NotFound(error) => not_found(error, context),
            other => other.into(),
        })?;
    let snapshot = vault.vault().find(&arguments.id)?;
    let report = Report {
        id: &snapshot.id,
        pinned: snapshot.pinned,
    };
    match context.ui.format() {
        Format::Json => context.ui.json(&report)?,
        Format::Human => {
            let word = if report.pinned {
                "Pinned"
            } else {
                "No longer pinned:"
            };
            context.ui.data(&format!("{word} {}", report.id));
        }
    }
    Ok(Exit::Success)
}
