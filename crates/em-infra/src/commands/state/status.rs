//! `em-infra state status`.

use std::path::Path;

use em_infra_core::counted;
use em_infra_core::state::vault::{Snapshot, Summary, Vault};
use em_infra_core::state::{Hazard, Holder, Inspection, Weight};
use serde::Serialize;

use super::context::Context;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Format;

/// The state of the state.
#[derive(Serialize)]
struct Report<'a> {
    state: &'a Path,
    exists: bool,
    usable: Option<Usable>,
    in_use_by: Option<&'a Holder>,
    vault: Kept<'a>,
    hazards: Vec<Found>,
}

#[derive(Serialize)]
struct Usable {
    lineage: String,
    serial: u64,
    terraform_version: String,
    managed: usize,
    tainted: usize,
    deposed: usize,
    outputs: usize,
}

#[derive(Serialize)]
struct Kept<'a> {
    dir: &'a Path,
    snapshots: usize,
    last_good: Option<&'a Snapshot>,
    /// Whether the live state is in the vault; unknown while it is in use.
    holds_live: Option<bool>,
    last_copy_to: Option<&'a str>,
}

#[derive(Serialize)]
struct Found {
    code: &'static str,
    weight: Weight,
    message: String,
    mend: String,
}

pub(super) fn run(context: &Context<'_>) -> Result<Exit, CommandError> {
    let vault = context.open_vault()?;
    let inspection = Inspection::of(&context.place, &vault, context.environment)?;
    let report = report(context, &vault, &inspection);
    match context.ui.format() {
        Format::Json => context.ui.json(&report)?,
        Format::Human => show(&report, context, &vault),
    }
    let blocked = inspection.blocking().next().is_some();
    Ok(if blocked {
        Exit::Refused
    } else {
        Exit::Success
    })
}

fn report<'a>(
    context: &'a Context<'_>,
    vault: &'a Vault,
    inspection: &'a Inspection,
) -> Report<'a> {
    let content = inspection.content.as_ref();
    let usable = content.and_then(Summary::of).map(|state| Usable {
        lineage: state.lineage,
        serial: state.serial,
        terraform_version: state.terraform_version,
        managed: state.managed,
        tainted: state.tainted,
        deposed: state.deposed,
        outputs: state.outputs,
    });
    Report {
        state: context.place.state(),
        exists: context.place.state().exists(),
        usable,
        in_use_by: inspection.holder.as_ref(),
        vault: Kept {
            dir: vault.dir(),
            snapshots: vault.snapshots().len(),
            last_good: vault.last_good(),
            holds_live: content.map(|content| vault.with_state(content.digest()).is_some()),
            last_copy_to: vault.last_copy().map(|(to, _)| to),
        },
        hazards: inspection
            .hazards
            .iter()
            .map(|hazard| found(hazard, context))
            .collect(),
    }
}

fn found(hazard: &Hazard, context: &Context<'_>) -> Found {
    Found {
        code: hazard.code(),
        weight: hazard.weight(),
        message: hazard.to_string(),
        mend: hazard.mend(&context.options),
    }
}

fn show(report: &Report<'_>, context: &Context<'_>, vault: &Vault) {
    let ui = context.ui;
    ui.data(&format!("state     {}", report.state.display()));
    ui.data(&format!("          {}", content_line(report)));
    ui.data(&format!("vault     {}", report.vault.dir.display()));
    ui.data(&format!("          {}", vault_line(context, vault)));
    match report.vault.holds_live {
        Some(false) => ui.data(&format!(
            "          the live state is not in it: changed outside em-infra, or never kept (em-infra state snapshot{})",
            context.options
        )),
        Some(true) => ui.data("          the live state is in it"),
        None => {}
    }
    for hazard in &report.hazards {
        let weight = match hazard.weight {
            Weight::Blocks => "danger",
            Weight::Warns => "warning",
        };
        ui.data(&format!("{weight:<9} {} [{}]", hazard.message, hazard.code));
        ui.data(&format!("          mend it: {}", hazard.mend));
    }
    if report.hazards.is_empty() {
        ui.good("No hazard was found.");
    }
}

fn content_line(report: &Report<'_>) -> String {
    if let Some(holder) = report.in_use_by {
        return format!("in use by {holder}");
    }
    match &report.usable {
        None if report.exists => "cannot be used".to_owned(),
        None => "there is none".to_owned(),
        Some(state) => format!(
            "serial {} of {}, {} ({} tainted, {} deposed), {}, written by Terraform {}",
            state.serial,
            state.lineage,
            counted(state.managed, "object"),
            state.tainted,
            state.deposed,
            counted(state.outputs, "output"),
            state.terraform_version
        ),
    }
}

fn vault_line(context: &Context<'_>, vault: &Vault) -> String {
    let Some(last) = vault.last_good() else {
        return format!(
            "nothing is kept yet (em-infra state snapshot{})",
            context.options
        );
    };
    let copy = match vault.last_copy() {
        Some((to, time)) => format!("copied to {to} {}", context.ago(time)),
        None => format!(
            "no copy on another disk (em-infra state copy-to DIR{})",
            context.options
        ),
    };
    format!(
        "{}, the last good one is {}, {}; {copy}",
        counted(vault.snapshots().len(), "snapshot"),
        last.id,
        context.ago(last.seen)
    )
}
