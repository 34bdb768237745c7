//! `em-infra init`: a first `terraform.tfvars`, or what an old one needs.

use std::path::{Path, PathBuf};

use clap::Args;
use em_infra_core::check::upgrade;
use em_infra_core::live::{self, LiveError};
use em_infra_core::starter::{StarterError, starter};
use files::{Mode, create_new};
use serde::Serialize;
use tf_run::Env;
use tokio::runtime::Runtime;

use super::check::{DEFAULT_ROOT, InputArguments};
use super::drift::Ground;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Reporting, Ui};

/// Arguments of `em-infra init`.
#[derive(Args)]
#[command(after_help = "Examples:
  em-infra init
  PROXMOX_VE_ENDPOINT=https://pve:8006 PROXMOX_VE_API_TOKEN='em-infra@pve!terraform=…' em-infra init --from-host
  em-infra init --upgrade terraform/environments/k3s-dev/terraform.tfvars

A file that exists is never written to. No secret is ever written.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reporting: Reporting,

    /// The Terraform root that gets `terraform.tfvars`.
    #[arg(value_name = "DIR", default_value = DEFAULT_ROOT)]
    root: PathBuf,

    /// Fills in what the host has: templates, storages with room, bridges, GPUs, a free range of VMIDs.
    #[arg(long, conflicts_with = "upgrade")]
    from_host: bool,

    /// The Proxmox node to look at; the first one that is up unless given.
    #[arg(long, value_name = "NAME", requires = "from_host")]
    node: Option<String>,

    /// Shows, as a diff, what a variable file of the earlier contract needs; writes nothing.
    #[arg(long, value_name = "FILE")]
    upgrade: Option<PathBuf>,
}

/// The result of a file that was written. Fields are only ever added.
#[derive(Serialize)]
struct Written<'a> {
    file: &'a Path,
}

/// The result of `--upgrade`. Fields are only ever added.
#[derive(Serialize)]
struct Needs<'a> {
    changes: usize,
    errors_left: usize,
    diff: &'a str,
}

/// Runs `em-infra init`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    match &arguments.upgrade {
        Some(file) => show_upgrade(file, ui),
        None => write(arguments, ui, environment),
    }
}

fn write(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    let root = &arguments.root;
    let file = root.join("terraform.tfvars");
    if !root.is_dir() {
        let message = format!("`{}` is not a directory", root.display());
        return Err(CommandError::new(Exit::Usage, message)
            .hint("run it in the root of the repository, or name the Terraform root"));
    }
    // Looked at first, so that the host is not asked in vain; the creation itself refuses as well.
    if file.exists() {
        let message = format!("`{}` exists and is left as it is", file.display());
        return Err(CommandError::new(Exit::Refused, message)
            .hint("`em-infra check` says what is wrong with it, `em-infra init --upgrade FILE` what an old one needs"));
    }
    let text = if arguments.from_host {
        from_host(arguments, ui, environment)?
    } else {
        contract::generate::tfvars_example()
    };
    create_new(&file, text.as_bytes(), Mode::Private)?;
    match ui.format() {
        Format::Json => ui.json(&Written { file: &file })?,
        Format::Human => {
            ui.data(&file.display().to_string());
            ui.status("Put your own values in, then: em-infra check");
        }
    }
    Ok(Exit::Success)
}

fn from_host(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<String, CommandError> {
    let ground = Ground::of(&arguments.root, &InputArguments::default(), environment);
    let activity = ui.activity("Reading the host …");
    let made = Runtime::new()?.block_on(async {
        let host = live::connect(ground.request(), &ground.host_variables)
            .await
            .map_err(unreached)?;
        starter(&host, arguments.node.as_deref())
            .await
            .map_err(not_offered)
    });
    drop(activity);
    made
}

fn unreached(error: LiveError) -> CommandError {
    let is_without_access = error.is_without_access();
    let failure = CommandError::new(Exit::Failure, error);
    if is_without_access {
        failure.hint("export PROXMOX_VE_ENDPOINT and PROXMOX_VE_API_TOKEN; `em-infra token` prints the lines that make one")
    } else {
        failure
    }
}

fn not_offered(error: StarterError) -> CommandError {
    let hint = match &error {
        StarterError::Node(_) => "name another one with `--node`".to_owned(),
        StarterError::Unread(unread) => host::explained(&unread.error),
    };
    CommandError::new(Exit::Failure, error).hint(hint)
}

fn show_upgrade(file: &Path, ui: &Ui) -> Result<Exit, CommandError> {
    let upgrade = upgrade(file)?;
    let diff = upgrade.diff(&file.display().to_string());
    match ui.format() {
        Format::Json => ui.json(&Needs {
            changes: upgrade.changes(),
            errors_left: upgrade.left,
            diff: &diff,
        })?,
        Format::Human if upgrade.changes() == 0 => {
            ui.status("It needs no line of the newer contract.");
        }
        Format::Human => ui.data(diff.trim_end()),
    }
    if upgrade.left > 0 {
        ui.status(&format!(
            "{} of its own values are wrong as well: `em-infra check` shows them.",
            upgrade.left
        ));
    }
    Ok(Exit::Success)
}
