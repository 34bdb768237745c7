//! What `state restore` says.

use em_infra_core::state::restore::{Basis, Block, RestorePlan, Restored, Source};
use em_infra_core::state::{Change, Difference};
use serde::Serialize;

use super::look::Look;
use crate::commands::state::context::Context;
use crate::commands::state::diff;

/// A restore, for `--format json`.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    restored: bool,
    source: &'a Source,
    kept_serial: u64,
    serial: u64,
    lineage: &'a str,
    compared_with: &'a Basis,
    differences: &'a [Difference],
    tainted: &'a [String],
    gone_from_host: &'a [String],
    blocked: &'a [Block],
    host_unchecked: Option<&'a str>,
    already_live: bool,
    replaced: Option<&'a str>,
    /// What Terraform makes of the restored state.
    terraform: Option<&'a Look>,
}

impl<'a> Report<'a> {
    pub(super) fn of(
        plan: &'a RestorePlan,
        restored: Option<&'a Restored>,
        terraform: Option<&'a Look>,
    ) -> Self {
        Self {
            restored: restored.is_some(),
            source: &plan.source,
            kept_serial: plan.kept_serial,
            serial: plan.serial,
            lineage: &plan.lineage,
            compared_with: &plan.basis,
            differences: &plan.differences,
            tainted: &plan.tainted,
            gone_from_host: &plan.gone,
            blocked: &plan.blocked,
            host_unchecked: plan.unchecked.as_deref(),
            already_live: plan.already,
            replaced: restored
                .and_then(|done| done.replaced.as_ref())
                .map(|kept| kept.id.as_str()),
            terraform,
        }
    }
}

pub(super) fn show_plan(plan: &RestorePlan, context: &Context<'_>) {
    let ui = context.ui;
    ui.data(&format!(
        "Restore {} (serial {}) as serial {} of {}",
        plan.source, plan.kept_serial, plan.serial, plan.lineage
    ));
    if plan.already {
        ui.data("It is the live state already.");
    }
    match &plan.basis {
        Basis::Current { serial } => {
            ui.data(&format!("Compared with the live state (serial {serial}):"));
        }
        Basis::Snapshot { id, because } => {
            ui.data(&format!("Compared with {id}, since {because}:"));
        }
        Basis::Nothing { because } => ui.data(&format!("Compared with nothing, since {because}.")),
    }
    for line in diff::lines(&plan.differences) {
        ui.data(&format!("  {line}"));
    }
    if plan.differences.is_empty() {
        ui.data("  no managed object differs");
    }
    for effect in effects(plan) {
        ui.warning(&effect);
    }
    if let Some(why) = &plan.unchecked {
        ui.status(&format!(
            "Not checked: {why}. Whether each VMID is still the VM that this state means shows in the plan that follows."
        ));
    }
}

/// What the differences mean for the next plan.
fn effects(plan: &RestorePlan) -> Vec<String> {
    let with = |wanted: &Change| {
        let found = plan
            .differences
            .iter()
            .filter(|difference| difference.change == *wanted);
        found
            .map(|difference| difference.address.clone())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let (forgotten, returning) = (with(&Change::Removed), with(&Change::Added));
    let mut effects = Vec::new();
    if !forgotten.is_empty() {
        effects.push(format!(
            "forgotten: {forgotten}. The host keeps them; the next plan takes over those that the configuration still names"
        ));
    }
    if !returning.is_empty() {
        effects.push(format!(
            "known again: {returning}. Those that are gone from the host are built anew"
        ));
    }
    if !plan.tainted.is_empty() {
        effects.push(format!(
            "the next apply replaces: {}",
            plan.tainted.join(", ")
        ));
    }
    if !plan.gone.is_empty() {
        effects.push(format!("not on the host: {}", plan.gone.join(", ")));
    }
    if plan.errored_moves {
        effects.push("errored.tfstate moves into the vault".to_owned());
    }
    effects.extend(
        plan.blocked
            .iter()
            .map(|block| format!("another VM: {block}")),
    );
    effects
}

pub(super) fn show_done(restored: &Restored, context: &Context<'_>) {
    let ui = context.ui;
    ui.good(&format!(
        "Restored {} as serial {}.",
        restored.source, restored.serial
    ));
    match &restored.replaced {
        Some(kept) => ui.status(&format!("What it replaced is kept, pinned: {}", kept.id)),
        None => ui.status("There was no state before."),
    }
    ui.status("Saved plans from before do not fit any more.");
}

pub(super) fn show_look(look: &Look, context: &Context<'_>) {
    let ui = context.ui;
    match look {
        Look::Plans(outlook) => {
            list(
                context,
                "Refresh-only plan",
                "nothing changed outside",
                &outlook.changed_outside,
            );
            list(context, "Plan", "no changes", &outlook.planned);
        }
        Look::NotTaken(why) => {
            let root = context.place.root().display();
            ui.warning(&format!(
                "not checked: what Terraform makes of it ({why}). Look yourself:"
            ));
            ui.status(&format!("  terraform -chdir={root} plan -refresh-only"));
            ui.status(&format!("  terraform -chdir={root} plan"));
        }
    }
}

fn list(context: &Context<'_>, what: &str, nothing: &str, lines: &[String]) {
    if lines.is_empty() {
        context.ui.good(&format!("{what}: {nothing}."));
        return;
    }
    context.ui.warning(&format!("{what}:"));
    for line in lines {
        context.ui.status(&format!("  {line}"));
    }
}
