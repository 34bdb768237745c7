//! `em-infra drift`: inputs, state and host, compared without Terraform. Reads only.

use std::path::{Path, PathBuf};

use clap::Args;
use em_infra_core::check::Request;
use em_infra_core::counted;
use em_infra_core::drift::{Drift, DriftError, Found, Histories, Task, look};
use em_infra_core::gate::HostKind;
use em_infra_core::inputs::CommandLineInput;
use serde::Serialize;
use tf_run::Env;
use tokio::runtime::Runtime;

use super::check::{DEFAULT_ROOT, InputArguments, variables};
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Reporting, Ui};

/// Arguments of `em-infra drift`.
#[derive(Args)]
#[command(after_help = "Examples:
  em-infra drift
  em-infra drift --format json
  em-infra drift terraform/environments/k3s-dev || mail -s drift me

Ends with 0 where host, state and inputs agree, with 21 where they do not, and with another code where it could
not look. Nothing is written, neither here nor on the host.")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reporting: Reporting,

    /// The Terraform root.
    #[arg(value_name = "DIR", default_value = DEFAULT_ROOT)]
    root: PathBuf,

    #[command(flatten)]
    inputs: InputArguments,
}

/// Inputs and variables of a root, kept while somebody looks at its host.
pub(crate) struct Ground {
    root: PathBuf,
    variables: Vec<(String, String)>,
    command_line: Vec<CommandLineInput>,
    pub(crate) host_variables: host::Environment,
}

impl Ground {
    pub(crate) fn of(root: &Path, inputs: &InputArguments, environment: &Env) -> Self {
        let text = |name: &str| Some(environment.get(name)?.to_str()?.to_owned());
        Self {
            root: root.to_owned(),
            variables: variables(environment),
            command_line: inputs.in_order(),
            host_variables: host::Environment::read(text),
        }
    }

    pub(crate) fn request(&self) -> Request<'_> {
        Request {
            root: &self.root,
            environment: &self.variables,
            command_line: &self.command_line,
        }
    }
}

/// The result. Fields are only ever added.
#[derive(Serialize)]
struct Document<'a> {
    clean: bool,
    exit_code: u8,
    #[serde(flatten)]
    drift: &'a Drift,
}

/// Runs `em-infra drift`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    if !arguments.root.is_dir() {
        let message = format!("`{}` is not a directory", arguments.root.display());
        return Err(CommandError::new(Exit::Usage, message)
            .hint("run it in the root of the repository, or name the Terraform root"));
    }
    let ground = Ground::of(&arguments.root, &arguments.inputs, environment);
    let activity = ui.activity("Reading the host …");
    let looked = Runtime::new()?.block_on(look(
        ground.request(),
        &ground.host_variables,
        Histories::Read,
    ));
    drop(activity);
    let drift = looked.map_err(|error| failed(error, &arguments.root))?;
    let exit = if drift.is_clean() {
        Exit::Success
    } else {
        Exit::Drift
    };
    match ui.format() {
        Format::Json => ui.json(&Document {
            clean: drift.is_clean(),
            exit_code: exit.code(),
            drift: &drift,
        })?,
        Format::Human => show(&drift, ui),
    }
    Ok(exit)
}

fn failed(error: DriftError, root: &Path) -> CommandError {
    let root = root.display();
    match error {
        DriftError::Faulty(_) => CommandError::new(Exit::Refused, error).hint(format!(
            "`em-infra check {root}` says what is wrong with them"
        )),
        DriftError::State { .. } | DriftError::Unread { .. } => {
            CommandError::new(Exit::Refused, error).hint(format!(
                "`em-infra state status --env {root}` says what to do"
            ))
        }
        DriftError::Inputs(_)
        | DriftError::NotAVm(_)
        | DriftError::Live(_)
        | DriftError::Host(_) => CommandError::from(error),
    }
}

fn show(drift: &Drift, ui: &Ui) {
    let kind = match drift.host_kind {
        HostKind::Embedded => ", an embedded host",
        HostKind::Real | HostKind::Unspecified => "",
    };
    ui.status(&format!("Host: {}{kind}.", drift.host));
    for Found { finding, tasks } in &drift.mismatches {
        ui.data(&format!("{finding}: {}", finding.what.apply()));
        history(tasks, ui);
    }
    for Found { finding, tasks } in &drift.unmanaged {
        ui.data(&format!(
            "VM {} {} is in no state: {}",
            finding.vmid, finding.name, finding.kind
        ));
        history(tasks, ui);
    }
    for gap in &drift.not_checked {
        ui.faint(&format!("not checked: {gap}"));
    }
    let findings = drift.mismatches.len() + drift.unmanaged.len();
    if findings == 0 {
        ui.good(&format!(
            "Nothing drifted: {} VMs are on the host as state and inputs say, and none stands beside them.",
            drift.wanted
        ));
    } else {
        ui.status(&format!(
            "{}, {} wanted.",
            counted(findings, "finding"),
            counted(drift.wanted, "VM")
        ));
    }
}

fn history(tasks: &[Task], ui: &Ui) {
    for task in tasks {
        ui.data(&format!("    {task}"));
    }
}
