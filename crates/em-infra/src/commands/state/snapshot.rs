//! `em-infra state snapshot`.

use clap::Args;
use em_infra_core::state::vault::{Pin, Snapshot, Standing, Stored};
use em_infra_core::state::{Judgement, LockError, SnapshotError, SnapshotRequest, Taken, snapshot};
use serde::Serialize;

use super::context::Context;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Format;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Why it is kept, in a few words.
    #[arg(long, value_name = "TEXT", default_value = "by hand")]
    reason: String,

    /// Keeps it whatever the keep rules say.
    #[arg(long)]
    pin: bool,

    /// Takes the live state for the right one, though its lineage is another or its serial lower than before.
    #[arg(long)]
    as_good: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    /// Nothing where there is no state file.
    snapshot: Option<&'a Snapshot>,
    new: bool,
}

pub(super) fn run(arguments: &Arguments, context: &Context<'_>) -> Result<Exit, CommandError> {
    let request = SnapshotRequest {
        place: &context.place,
        vault: &context.vault,
        who: &context.who,
        reason: &arguments.reason,
        judgement: if arguments.as_good {
            Judgement::AsGood
        } else {
            Judgement::ByHistory
        },
        pin: if arguments.pin {
            Pin::Pinned
        } else {
            Pin::Free
        },
    };
    let taken = snapshot(&request).map_err(|error| failed(error, context))?;
    let report = Report {
        snapshot: match &taken {
            Taken::Stored(stored) => Some(stored.snapshot()),
            Taken::NoState => None,
        },
        new: matches!(taken, Taken::Stored(Stored::New(_))),
    };
    match context.ui.format() {
        Format::Json => context.ui.json(&report)?,
        Format::Human => show(&report, context),
    }
    let good = report
        .snapshot
        .is_none_or(|kept| kept.standing == Standing::Good);
    Ok(if good { Exit::Success } else { Exit::Refused })
}

fn show(report: &Report<'_>, context: &Context<'_>) {
    let ui = context.ui;
    let Some(kept) = report.snapshot else {
        ui.status("There is no state yet, so there is nothing to keep.");
        return;
    };
    let how = if report.new { "Kept" } else { "Already kept:" };
    ui.data(&format!("{how} {} in {}", kept.id, context.vault.display()));
    if kept.standing != Standing::Good {
        ui.warning(&format!(
            "this state is kept as evidence ({}); `em-infra state status{}` says what to do",
            kept.standing.word(),
            context.options
        ));
    }
}

fn failed(error: SnapshotError, context: &Context<'_>) -> CommandError {
    match error {
        SnapshotError::Lock(LockError::Held(_)) => {
            CommandError::new(Exit::Refused, error).hint("wait until it is done, and try again")
        }
        SnapshotError::Vault(_) => {
            CommandError::from(error).hint(format!("em-infra state verify{}", context.options))
        }
        SnapshotError::Lock(_) => CommandError::from(error),
    }
}
