//! `em-infra state restore`.

mod host;
mod look;
mod report;

use std::path::PathBuf;

use clap::Args;
use em_infra_core::state::LockError;
use em_infra_core::state::restore::{
    Live, PlanError, RestoreError, RestorePlan, RestoreRequest, plan,
};
use em_infra_core::state::vault::VaultError;

use self::report::Report;
use super::context::{Context, Identity, not_found, sealed};
use crate::commands::engine::EngineChoice;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Format;

#[derive(Args)]
pub(crate) struct Arguments {
    /// `latest`, an id or its beginning, `errored.tfstate`, or a path with a slash in it.
    #[arg(value_name = "SOURCE", default_value = "latest")]
    source: String,

    /// Agrees beforehand: the serial that the state gets, as the plan says it.
    #[arg(long, value_name = "SERIAL")]
    confirm: Option<String>,

    /// Shows what it would do and ends.
    #[arg(long, conflicts_with = "confirm")]
    dry_run: bool,

    /// Asks neither the host nor Terraform, and says what was not checked.
    #[arg(long)]
    offline: bool,

    /// Reads one more variable file to know the host; a relative path is relative to the environment.
    #[arg(long = "var-file", value_name = "FILE")]
    var_files: Vec<PathBuf>,

    #[command(flatten)]
    identity: Identity,

    #[command(flatten)]
    engine: EngineChoice,

    /// Restores a state of another lineage, given by its first 8 characters.
    #[arg(long, value_name = "LINEAGE")]
    accept_lineage: Option<String>,
}

pub(super) fn run(arguments: &Arguments, context: &Context<'_>) -> Result<Exit, CommandError> {
    let keys = arguments.identity.keys()?;
    let mut request = RestoreRequest {
        place: &context.place,
        vault: &context.vault,
        who: &context.who,
        source: &arguments.source,
        accept_lineage: arguments.accept_lineage.as_deref(),
        live: Live::Unchecked("the host was not asked (--offline)".to_owned()),
        keys: &keys,
    };
    let mut plan = planned(&request, context)?;
    if plan.machines > 0 && !arguments.offline {
        request.live = host::ask(arguments, context)?;
        plan = planned(&request, context)?;
    }
    let human = context.ui.format() == Format::Human;
    if human {
        report::show_plan(&plan, context);
    }
    let nothing_to_do = plan.already && !plan.errored_moves;
    if nothing_to_do || arguments.dry_run {
        if !human {
            context.ui.json(&Report::of(&plan, None, None))?;
        }
        return Ok(Exit::Success);
    }
    execute(arguments, context, &request, &plan)
}

fn execute(
    arguments: &Arguments,
    context: &Context<'_>,
    request: &RestoreRequest<'_>,
    plan: &RestorePlan,
) -> Result<Exit, CommandError> {
    let typed = match &arguments.confirm {
        Some(serial) => serial.clone(),
        None => ask(plan, context)?,
    };
    let confirmed = plan
        .clone()
        .confirm(&typed)
        .ok_or_else(|| not_agreed(plan, arguments, context))?;
    let restored = confirmed.execute(request).map_err(failed)?;
    if context.ui.format() == Format::Human {
        report::show_done(&restored, context);
    }
    let look = look::ahead(arguments, context);
    match context.ui.format() {
        Format::Json => context
            .ui
            .json(&Report::of(plan, Some(&restored), Some(&look)))?,
        Format::Human => report::show_look(&look, context),
    }
    Ok(Exit::Success)
}

fn planned(
    request: &RestoreRequest<'_>,
    context: &Context<'_>,
) -> Result<RestorePlan, CommandError> {
    plan(request).map_err(|error| no_plan(error, context))
}

/// Reads a line. At the end of the input nothing was agreed to.
fn ask(plan: &RestorePlan, context: &Context<'_>) -> Result<String, CommandError> {
    context.ui.status(&format!(
        "Type the serial {} to do it, anything else not to:",
        plan.serial
    ));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line)
}

fn not_agreed(plan: &RestorePlan, arguments: &Arguments, context: &Context<'_>) -> CommandError {
    if !plan.blocked.is_empty() {
        let message = "the state to restore means other VMs than those on the host";
        return CommandError::new(Exit::Refused, message).hint(format!(
            "choose a snapshot that was taken after those VMs were made: em-infra state list{}",
            context.options
        ));
    }
    CommandError::new(
        Exit::Refused,
        "nothing was restored: the serial was not typed",
    )
    .hint(format!(
        "em-infra state restore {} --confirm {}{}",
        arguments.source, plan.serial, context.options
    ))
}

fn no_plan(error: PlanError, context: &Context<'_>) -> CommandError {
    match error {
        PlanError::Vault(VaultError::NotFound(error)) => not_found(error, context),
        PlanError::Vault(error @ VaultError::Sealed(_)) => sealed(error),
        PlanError::ForeignLineage { ref lineage, .. } => {
            let first: String = lineage.chars().take(8).collect();
            CommandError::new(Exit::Refused, error).hint(format!(
                "if that is the right one: --accept-lineage {first}"
            ))
        }
        PlanError::Unusable { .. } => CommandError::new(Exit::Refused, error).hint(format!(
            "choose another: em-infra state list{}",
            context.options
        )),
        PlanError::Lock(LockError::Held(_)) => {
            CommandError::new(Exit::Refused, error).hint("wait until it is done, and try again")
        }
        PlanError::NotLocal(_) => CommandError::new(Exit::Refused, error),
        other => other.into(),
    }
}

fn failed(error: RestoreError) -> CommandError {
    match error {
        RestoreError::Changed
        | RestoreError::RunLock(_)
        | RestoreError::Lock(LockError::Held(_)) => CommandError::new(Exit::Refused, error)
            .hint("look at `em-infra state status` and try again"),
        other => CommandError::from(other)
            .hint("the state is the old or the new one; `em-infra state status` says which"),
    }
}
