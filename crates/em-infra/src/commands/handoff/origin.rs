//! Where the document comes from.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
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
    /// Where the document comes from: `state`, what was applied; `inputs`, the variable files, when nothing has to exist
    /// and Terraform is not started; or `plan FILE`, a saved plan.
    #[arg(long, value_names = ["SOURCE", "FILE"], num_args = 1..=2, default_value = "state", conflicts_with = "check")]
    from: Vec<String>,
}

/// A source.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    /// What was applied.
    State,
    /// A saved plan.
    Plan(PathBuf),
    /// The variable files.
    Inputs,
}

impl SourceArguments {
    /// The Terraform root: the second word, or else `default`.
    pub(super) fn root(&self, default: &Path) -> Result<PathBuf, CommandError> {
        let (_, root) = self.read()?;
        Ok(root.unwrap_or(default).to_owned())
    }

    /// Reads the source; a second word that is not the file of a plan is the Terraform root.
    fn read(&self) -> Result<(Origin, Option<&Path>), CommandError> {
        let Some((source, rest)) = self.from.split_first() else {
            return Ok((Origin::State, None));
        };
        let root = rest.first().map(Path::new);
        match (source.as_str(), root) {
            ("state", root) => Ok((Origin::State, root)),
            ("inputs", root) => Ok((Origin::Inputs, root)),
            ("plan", Some(file)) => Ok((Origin::Plan(file.to_owned()), None)),
            ("plan", None) => Err(unusable("`--from plan` needs the file of the plan")),
            (other, _) => Err(unusable(&format!("`--from {other}` is no source"))),
        }
    }
}

fn unusable(message: &str) -> CommandError {
    CommandError::new(Exit::Usage, message)
        .hint("`--from state`, `--from inputs` or `--from plan FILE`")
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
    let (origin, root) = arguments.source.read()?;
    let root = root.unwrap_or(&arguments.root);
    let found = match origin {
        Origin::Plan(plan) => {
            // Terraform looks from the root directory, the person from where they are.
            let plan = std::path::absolute(plan).map_err(CommandError::from)?;
            with_terraform(arguments, root, ui, environment, |terraform| {
                handoff::of_plan(terraform, &plan)
            })?
        }
        Origin::State => with_terraform(arguments, root, ui, environment, handoff::of_state)?,
        Origin::Inputs => handoff::of_inputs(&inspect(root, &arguments.inputs, environment)?),
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
    root: &Path,
    ui: &Ui,
    environment: &Env,
    ask: impl FnOnce(&Terraform) -> Found,
) -> Result<Found, CommandError> {
    if !root.is_dir() {
        let message = format!("`{}` is not a directory", root.display());
        return Err(CommandError::new(Exit::Usage, message)
            .hint("run it in the root of the repository, or name the Terraform root"));
    }
    let engine = engine::find(&arguments.engine, ui, environment)?;
    let logs = tempfile::tempdir()?;
    let terraform = Terraform::new(engine, root, logs.path(), environment, Interrupt::default())?;
    Ok(ask(&terraform))
}
