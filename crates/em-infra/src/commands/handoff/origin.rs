//! Where the document comes from.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use contract::handoff::{BootstrapContract, Breach};
use em_infra_core::handoff::{self, SourceError};
use tf_run::{Env, Interrupt, Terraform};

use super::{Arguments, obstacle};
use crate::commands::check::inspect;
use crate::commands::engine;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::Ui;

/// Which source.
#[derive(Args)]
pub(super) struct SourceArguments {
    /// Where the document comes from.
    #[arg(long, value_enum, default_value_t, conflicts_with_all = ["plan", "check"])]
    from: Origin,

    /// Takes it from a saved plan instead.
    #[arg(long, value_name = "FILE", conflicts_with = "check")]
    plan: Option<PathBuf>,
}

/// A source that needs no more than its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Origin {
    /// What was applied.
    #[default]
    State,
    /// The variable files: nothing has to exist, and Terraform is not started.
    Inputs,
}

/// Why there is no document.
pub(super) enum Obstacle {
    /// There is one, and it breaks the contract.
    Broken(Vec<Breach>),
    /// There is none.
    Failed(CommandError),
}

impl From<CommandError> for Obstacle {
    fn from(error: CommandError) -> Self {
        Self::Failed(error)
    }
}

/// The document that the arguments ask for.
pub(super) fn document(
    arguments: &Arguments,
    ui: &Ui,
    environment: &Env,
) -> Result<BootstrapContract, Obstacle> {
    let source = &arguments.source;
    let found = match (&source.plan, source.from) {
        (Some(plan), _) => {
            // Terraform looks from the root directory, the person from where they are.
            let plan = std::path::absolute(plan).map_err(CommandError::from)?;
            with_terraform(arguments, ui, environment, |terraform| {
                handoff::of_plan(terraform, &plan)
            })?
        }
        (None, Origin::State) => with_terraform(arguments, ui, environment, handoff::of_state)?,
        (None, Origin::Inputs) => {
            handoff::of_inputs(&inspect(&arguments.root, &arguments.inputs, environment)?)
        }
    };
    found.map_err(obstacle)
}

/// A document that somebody made.
pub(super) fn file(path: &Path) -> Result<BootstrapContract, Obstacle> {
    let text = fs::read_to_string(path).map_err(|error| {
        let message = format!("failed to read `{}`: {error}", path.display());
        Obstacle::Failed(CommandError::new(Exit::Failure, message))
    })?;
    handoff::of_text(&text).map_err(obstacle)
}

type Found = Result<BootstrapContract, SourceError>;

fn with_terraform(
    arguments: &Arguments,
    ui: &Ui,
    environment: &Env,
    ask: impl FnOnce(&Terraform) -> Found,
) -> Result<Found, CommandError> {
    if !arguments.root.is_dir() {
        let message = format!("`{}` is not a directory", arguments.root.display());
        return Err(CommandError::new(Exit::Usage, message)
            .hint("run it in the root of the repository, or name the Terraform root"));
    }
    let engine = engine::find(&arguments.engine, ui, environment)?;
    let logs = tempfile::tempdir()?;
    let terraform = Terraform::new(
        engine,
        &arguments.root,
        logs.path(),
        environment,
        Interrupt::default(),
    )?;
    Ok(ask(&terraform))
}
