//! `em-infra state rebuild`.

mod report;

use std::path::PathBuf;

use clap::Args;
use em_infra_core::state::LockError;
use em_infra_core::state::rebuild::{
    OURS, RebuildError, RebuildPlan, RebuildRequest, Rebuilt, Snapshots, plan,
};
use em_infra_core::state::restore::RestoreError;

use self::report::Report;
use super::context::Context;
use crate::commands::engine::{self, EngineChoice};
use crate::commands::gate::{interruption, provider_build};
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Activity, Format};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Agrees beforehand: the number of objects that are taken over, as the plan says it.
    #[arg(long, value_name = "OBJECTS")]
    confirm: Option<String>,

    /// Shows what it would take over and ends.
    #[arg(long, conflicts_with = "confirm")]
    dry_run: bool,

    /// Rebuilds though a kept state could be restored.
    #[arg(long)]
    anyway: bool,

    /// Reads one more variable file; a relative path is relative to the environment, as with `terraform -chdir`.
    #[arg(long = "var-file", value_name = "FILE")]
    var_files: Vec<PathBuf>,

    #[command(flatten)]
    engine: EngineChoice,
}

pub(super) fn run(arguments: &Arguments, context: &Context<'_>) -> Result<Exit, CommandError> {
    provider_build::require_own(context.place.root(), context.environment)?;
    let engine = engine::find(&arguments.engine, context.ui, context.environment)?;
    let interrupt = interruption::listen(context.ui.clone())?;
    let request = RebuildRequest {
        place: &context.place,
        vault: &context.vault,
        who: &context.who,
        engine: &engine,
        env: context.environment,
        interrupt: &interrupt,
        var_files: &arguments.var_files,
        kinds: &OURS,
        snapshots: if arguments.anyway {
            Snapshots::AreNotWanted
        } else {
            Snapshots::AreBetter
        },
    };
    let activity = context
        .ui
        .activity("Looking for every object on the host …");
    let plan = plan(&request, &mut follow(&activity));
    drop(activity);
    let plan = plan.map_err(|error| failed(error, context))?;
    let human = context.ui.format() == Format::Human;
    if human {
        report::show_plan(&plan, context);
    }
    if arguments.dry_run {
        if !human {
            context.ui.json(&Report::of(&plan.objects, None))?;
        }
        return Ok(Exit::Success);
    }
    execute(arguments, context, &request, plan)
}

fn execute(
    arguments: &Arguments,
    context: &Context<'_>,
    request: &RebuildRequest<'_>,
    plan: RebuildPlan,
) -> Result<Exit, CommandError> {
    let objects = plan.objects.clone();
    let typed = match &arguments.confirm {
        Some(count) => count.clone(),
        None => ask(objects.len(), context)?,
    };
    let activity = context.ui.activity("Taking them over …");
    let done = plan.confirm(&typed, request, &mut follow(&activity));
    drop(activity);
    let rebuilt: Rebuilt = done
        .ok_or_else(|| not_agreed(objects.len(), context))?
        .map_err(|error| failed(error, context))?;
    match context.ui.format() {
        Format::Json => context.ui.json(&Report::of(&objects, Some(&rebuilt)))?,
        Format::Human => report::show_done(&rebuilt, context),
    }
    Ok(Exit::Success)
}

fn follow<'a>(activity: &'a Activity<'_>) -> impl FnMut(&tf_run::Event) + 'a {
    |event| match event {
        tf_run::Event::RefreshStart(resource) => activity.live(&resource.message),
        tf_run::Event::Message(message) => activity.live(message),
        _ => {}
    }
}

/// Reads a line. At the end of the input nothing was agreed to.
fn ask(objects: usize, context: &Context<'_>) -> Result<String, CommandError> {
    context.ui.status(&format!(
        "Type the number of objects, {objects}, to do it, anything else not to:"
    ));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line)
}

fn not_agreed(objects: usize, context: &Context<'_>) -> CommandError {
    let message = "nothing was rebuilt: the number of objects was not typed";
    CommandError::new(Exit::Refused, message).hint(format!(
        "em-infra state rebuild --confirm {objects}{}",
        context.options
    ))
}

fn failed(error: RebuildError, context: &Context<'_>) -> CommandError {
    let options = &context.options;
    let refused = |hint: String| CommandError::new(Exit::Refused, error.to_string()).hint(hint);
    match &error {
        RebuildError::NotLocal(_) => CommandError::new(Exit::Refused, error),
        RebuildError::Usable { .. } => refused(format!("em-infra state status{options}")),
        RebuildError::Errored => {
            refused(format!("em-infra state restore errored.tfstate{options}"))
        }
        RebuildError::Kept { .. } => refused(format!(
            "em-infra state restore latest{options}, or, if that one is not wanted: em-infra state rebuild --anyway{options}"
        )),
        RebuildError::Nothing => refused(
            "there is nothing to take over: look at the inputs with em-infra check".to_owned(),
        ),
        RebuildError::InDoubt(doubts) => {
            let first = CommandError::new(Exit::Refused, error.to_string());
            let listed = doubts
                .iter()
                .fold(first, |listed, doubt| listed.hint(doubt.to_string()));
            listed.hint(
                "nothing was written. Make the inputs say what is on the host and try again; or let em-infra gate take over what \
                 is there, change what differs and build the rest",
            )
        }
        RebuildError::Terraform(_) => CommandError::new(Exit::Terraform, error),
        RebuildError::RunLock(_)
        | RebuildError::Lock(LockError::Held(_))
        | RebuildError::Restore(RestoreError::Changed) => refused(format!(
            "look at `em-infra state status{options}` and try again"
        )),
        RebuildError::NotAsPlanned(_) => refused(
            "the live state was left alone; try again, and report it if it stays".to_owned(),
        ),
        RebuildError::Lock(_)
        | RebuildError::Vault(_)
        | RebuildError::Files(_)
        | RebuildError::Plan(_)
        | RebuildError::Restore(_) => CommandError::from(error).hint(format!(
            "the state is the old or the new one; `em-infra state status{options}` says which"
        )),
    }
}
