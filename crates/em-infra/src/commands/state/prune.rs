//! `em-infra state prune`.

use clap::Args;
use em_infra_core::state::vault::{Policy, PrunePlan, VaultWriter};
use serde::Serialize;

use super::context::Context;
use super::table::table;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Format;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Keeps the newest N of each lineage.
    #[arg(long, value_name = "N")]
    keep_last: Option<usize>,

    /// Keeps all that were seen within N days.
    #[arg(long, value_name = "DAYS")]
    keep_within: Option<u32>,

    /// Keeps the newest of a day, for N days.
    #[arg(long, value_name = "N")]
    keep_daily: Option<usize>,

    /// Keeps the newest of a week, for N weeks.
    #[arg(long, value_name = "N")]
    keep_weekly: Option<usize>,

    /// Keeps the newest of a month, for N months.
    #[arg(long, value_name = "N")]
    keep_monthly: Option<usize>,

    /// Removes them; without it, they are only listed.
    #[arg(long)]
    execute: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    executed: bool,
    #[serde(flatten)]
    plan: &'a PrunePlan,
}

pub(super) fn run(arguments: &Arguments, context: &Context<'_>) -> Result<Exit, CommandError> {
    let policy = Policy {
        last: arguments.keep_last,
        within_days: arguments.keep_within,
        daily: arguments.keep_daily,
        weekly: arguments.keep_weekly,
        monthly: arguments.keep_monthly,
    };
    let now = context.who.now;
    let plan = if arguments.execute {
        let mut vault = VaultWriter::open(&context.vault)?;
        let plan = PrunePlan::of(vault.vault().snapshots(), &policy, now).map_err(no_policy)?;
        vault.remove(
            plan.remove
                .iter()
                .map(|removed| removed.id.clone())
                .collect(),
            now,
        )?;
        plan
    } else {
        PrunePlan::of(context.open_vault()?.snapshots(), &policy, now).map_err(no_policy)?
    };
    let report = Report {
        executed: arguments.execute,
        plan: &plan,
    };
    match context.ui.format() {
        Format::Json => context.ui.json(&report)?,
        Format::Human => show(&report, context),
    }
    Ok(Exit::Success)
}

fn show(report: &Report<'_>, context: &Context<'_>) {
    let ui = context.ui;
    let kept = report
        .plan
        .keep
        .iter()
        .map(|kept| ["keep".to_owned(), kept.id.clone(), kept.reasons.join(", ")]);
    let word = if report.executed { "removed" } else { "remove" };
    let removed = report
        .plan
        .remove
        .iter()
        .map(|removed| [word.to_owned(), removed.id.clone(), removed.reason.clone()]);
    for line in table(&kept.chain(removed).collect::<Vec<_>>()) {
        ui.data(&line);
    }
    if !report.executed && !report.plan.remove.is_empty() {
        ui.status("Nothing was removed. The same command with --execute removes them.");
    }
}

fn no_policy(error: em_infra_core::state::vault::NoPolicy) -> CommandError {
    CommandError::new(Exit::Usage, error)
        .hint("for example: --keep-within 90 --keep-daily 365 --keep-monthly 120")
}
