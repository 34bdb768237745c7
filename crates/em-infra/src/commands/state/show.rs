//! `em-infra state show`.

use clap::Args;
use em_infra_core::counted;
use em_infra_core::state::vault::Manifest;

use super::context::Context;
use super::table::table;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Format;

#[derive(Args)]
pub(crate) struct Arguments {
    /// `latest`, an id, or the beginning of one.
    #[arg(value_name = "ID", default_value = "latest")]
    id: String,
}

pub(super) fn run(arguments: &Arguments, context: &Context<'_>) -> Result<Exit, CommandError> {
    let vault = context.open_vault()?;
    let snapshot = vault
        .find(&arguments.id)
        .map_err(|error| super::context::not_found(error, context))?;
    let manifest = vault.manifest(snapshot)?;
    match context.ui.format() {
        Format::Json => context.ui.json(&manifest)?,
        Format::Human => {
            context
                .ui
                .data(&format!("in        {}", vault.set(&snapshot.id).display()));
            show(&manifest, context);
        }
    }
    Ok(Exit::Success)
}

fn show(manifest: &Manifest, context: &Context<'_>) {
    let ui = context.ui;
    ui.data(&format!(
        "taken     {} by {}: {}",
        context.ago(manifest.time),
        manifest.taken_by,
        manifest.reason
    ));
    match (&manifest.state, &manifest.unusable) {
        (Some(state), _) => {
            ui.data(&format!(
                "state     serial {} of {}, {} ({} tainted, {} deposed), {}, {}",
                state.serial,
                state.lineage,
                counted(state.managed, "object"),
                state.tainted,
                state.deposed,
                counted(state.outputs, "output"),
                manifest.standing.word()
            ));
            let rows: Vec<_> = state
                .objects
                .iter()
                .map(|object| {
                    [
                        object.address.clone(),
                        object.vm.clone().unwrap_or_default(),
                    ]
                })
                .collect();
            for line in table(&rows) {
                ui.data(&format!("          {line}"));
            }
        }
        (None, why) => ui.data(&format!(
            "state     unusable: {}",
            why.as_deref().unwrap_or("nobody knows why")
        )),
    }
    let files: Vec<_> = manifest
        .files
        .iter()
        .map(|file| {
            [
                file.path.clone(),
                file.bytes.to_string(),
                file.sha256.clone(),
            ]
        })
        .collect();
    for line in table(&files) {
        ui.data(&format!("file      {line}"));
    }
}
