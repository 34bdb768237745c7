//! `em-infra provider`: makes `terraform init` find the provider that is in this executable.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use em_infra_core::provider_install::{Installation, LockFile, Mended, Mirror, Outcome};
use semver::Version;
use serde::Serialize;

use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Reporting, Ui};
use tf_run::Env;

/// Arguments of `em-infra provider`.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reporting: Reporting,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Copies this executable to where `terraform init` finds it, below ~/.terraform.d/plugins.
    #[command(after_help = "Example:
  em-infra provider install --env terraform/environments/k3s-dev")]
    Install(Install),
    /// Lists the installed builds; the last one is the one that a fresh `terraform init` selects.
    List,
}

#[derive(Args)]
struct Install {
    /// A Terraform root whose .terraform.lock.hcl may hold an older build; our block is taken out of it.
    #[arg(long, value_name = "DIR")]
    env: Option<PathBuf>,
}

/// What `provider install` did, for `--format json`.
#[derive(Serialize)]
struct Report<'a> {
    version: String,
    executable: &'a Path,
    installed: bool,
    lock_file_mended: bool,
}

/// Runs `em-infra provider`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    match &arguments.command {
        Command::Install(arguments) => install(arguments, ui, environment),
        Command::List => list(ui, environment),
    }
}

/// The version of this build.
pub(crate) fn own_version() -> Version {
    Version::parse(env!("EM_INFRA_VERSION")).expect("build.rs writes a semantic version")
}

/// The mirror below the user's home.
pub(crate) fn mirror(environment: &Env) -> Result<Mirror, CommandError> {
    let home = environment.path("HOME").ok_or_else(|| {
        CommandError::new(
            Exit::Failure,
            "HOME is not set, and the provider is installed below it",
        )
        .hint("set HOME to your home directory and try again")
    })?;
    Ok(Mirror::below_home(home))
}

/// The file that this process was started from.
pub(crate) fn own_executable() -> Result<PathBuf, CommandError> {
    std::env::current_exe().map_err(|error| {
        CommandError::new(Exit::Failure, error).hint("em-infra could not find its own executable")
    })
}

fn install(arguments: &Install, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    if let Some(root) = &arguments.env
        && !root.is_dir()
    {
        let message = format!("`{}` is not a directory", root.display());
        return Err(CommandError::new(Exit::Usage, message)
            .hint("--env takes a Terraform root, such as terraform/environments/k3s-dev"));
    }
    let installation = mirror(environment)?.install(&own_executable()?, &own_version())?;
    let mended = match &arguments.env {
        Some(root) => LockFile::of(root).forget_provider()?,
        None => Mended::NoLockFile,
    };
    report(ui, &installation, mended)?;
    Ok(Exit::Success)
}

fn report(ui: &Ui, installation: &Installation, mended: Mended) -> Result<(), CommandError> {
    let build = &installation.installed;
    if ui.format() == Format::Json {
        return ui.json(&Report {
            version: build.version.to_string(),
            executable: &build.executable,
            installed: installation.outcome == Outcome::Installed,
            lock_file_mended: mended == Mended::Forgotten,
        });
    }
    let done = match installation.outcome {
        Outcome::Installed => "Installed",
        Outcome::AlreadyThere => "Already installed:",
    };
    ui.data(&format!(
        "{done} provider eminfra {} as {}",
        build.version,
        build.executable.display()
    ));
    if mended == Mended::Forgotten {
        ui.status("The lock file held another build; the next `terraform init` takes this one.");
    }
    Ok(())
}

fn list(ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    let installed = mirror(environment)?.installed()?;
    if ui.format() == Format::Json {
        let versions: Vec<String> = installed
            .iter()
            .map(|build| build.version.to_string())
            .collect();
        ui.json(&versions)?;
        return Ok(Exit::Success);
    }
    if installed.is_empty() {
        ui.status("No build is installed; `em-infra provider install` installs this one.");
    }
    for build in installed {
        ui.data(&format!("{} {}", build.version, build.executable.display()));
    }
    Ok(Exit::Success)
}
