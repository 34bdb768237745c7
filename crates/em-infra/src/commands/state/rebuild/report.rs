//! What `state rebuild` says.

use em_infra_core::state::rebuild::{Candidate, RebuildPlan, Rebuilt};
use serde::Serialize;

use crate::commands::state::context::Context;
use crate::commands::state::table::table;

/// A rebuild, for `--format json`.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    rebuilt: bool,
    objects: &'a [Candidate],
    serial: Option<u64>,
    replaced: Option<&'a str>,
}

impl<'a> Report<'a> {
    pub(super) fn of(objects: &'a [Candidate], rebuilt: Option<&'a Rebuilt>) -> Self {
        let restored = rebuilt.map(|rebuilt| &rebuilt.restored);
        let replaced = restored.and_then(|restored| restored.replaced.as_ref());
        Self {
            rebuilt: rebuilt.is_some(),
            objects,
            serial: restored.map(|restored| restored.serial),
            replaced: replaced.map(|kept| kept.id.as_str()),
        }
    }
}

pub(super) fn show_plan(plan: &RebuildPlan, context: &Context<'_>) {
    let ui = context.ui;
    ui.data("A new state would be made of what is on the host:");
    let rows: Vec<_> = plan
        .objects
        .iter()
        .map(|object| [object.address.clone(), object.import_id.clone()])
        .collect();
    for line in table(&rows) {
        ui.data(&format!("  {line}"));
    }
    ui.data(&format!(
        "{} taken over as they are; nothing is created, changed or destroyed on the host.",
        plan.objects.len()
    ));
}

pub(super) fn show_done(rebuilt: &Rebuilt, context: &Context<'_>) {
    let ui = context.ui;
    ui.good(&format!(
        "Rebuilt: the state has {} objects and the serial {}. A plan finds no changes.",
        rebuilt.objects, rebuilt.restored.serial
    ));
    ui.status(&format!("It is kept as {}.", rebuilt.restored.now.id));
    if let Some(kept) = &rebuilt.restored.replaced {
        ui.status(&format!("What it replaced is kept, pinned: {}", kept.id));
    }
}
