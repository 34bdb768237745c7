//! `em-infra state list`.

use em_infra_core::state::vault::Snapshot;

use super::context::Context;
use super::table::table;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Format;

pub(super) fn run(context: &Context<'_>) -> Result<Exit, CommandError> {
    let vault = context.open_vault()?;
    if context.ui.format() == Format::Json {
        context.ui.json(&vault.snapshots())?;
        return Ok(Exit::Success);
    }
    if vault.snapshots().is_empty() {
        context.ui.status(&format!(
            "The vault {} keeps nothing yet.",
            vault.dir().display()
        ));
        return Ok(Exit::Success);
    }
    let head = ["ID", "SEEN", "OBJECTS", "STANDING", "PIN", "WHY"].map(str::to_owned);
    let rows = vault
        .snapshots()
        .iter()
        .map(|snapshot| row(snapshot, context));
    let rows: Vec<_> = std::iter::once(head).chain(rows).collect();
    for line in table(&rows) {
        context.ui.data(&line);
    }
    Ok(Exit::Success)
}

fn row(snapshot: &Snapshot, context: &Context<'_>) -> [String; 6] {
    [
        snapshot.id.clone(),
        context.ago(snapshot.seen),
        snapshot.managed.to_string(),
        snapshot.standing.word().to_owned(),
        if snapshot.pinned { "pinned" } else { "" }.to_owned(),
        snapshot.reason.clone(),
    ]
}
