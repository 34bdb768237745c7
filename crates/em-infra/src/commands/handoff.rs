//! `em-infra handoff`: what the Talos bootstrap gets, in the form of the tool that takes it, and whether the nodes are there.

mod asked;
mod forms;
mod nodes;
mod origin;
mod progress;

use std::path::PathBuf;

use clap::Args;
use contract::handoff::{BootstrapContract, Breach, Rendering, render};
use em_infra_core::counted;
use em_infra_core::handoff::SourceError;
use serde::Serialize;
use tf_run::Env;

use crate::commands::check::{DEFAULT_ROOT, InputArguments};
use crate::commands::engine::EngineChoice;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Ui};

/// Arguments of `em-infra handoff`.
#[derive(Args)]
#[command(after_help = "Examples:
  em-infra handoff                                     the document of what was applied
  em-infra handoff --format talconfig > talconfig.yaml
  em-infra handoff --from inputs --format dhcp-dnsmasq reservations before anything is made
  em-infra handoff --from plan FILE --format talosctl  what a saved plan will hand over
  em-infra handoff --check made-elsewhere.json         is it a document that the bootstrap can take?
  em-infra handoff --verify --wait 5m                  do the nodes answer?")]
pub(crate) struct Arguments {
    /// The Terraform root.
    #[arg(value_name = "DIR", default_value = DEFAULT_ROOT)]
    root: PathBuf,

    #[command(flatten)]
    source: origin::SourceArguments,

    /// What is written: a document, `json` unless said otherwise; or, with `--check` and `--verify`, a report, `human`
    /// unless said otherwise.
    #[arg(long, value_enum)]
    format: Option<forms::Form>,

    /// Validates a document that somebody made, and writes nothing; with `--verify` its nodes are tried as well.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,

    /// Looks at each node instead of writing the document: whether its VM runs with the right network card, and whether
    /// Talos answers on TCP 50000.
    #[arg(long)]
    verify: bool,

    /// How long `--verify` waits for nodes that are late: 90s, 5m.
    #[arg(long, value_name = "TIME", value_parser = nodes::duration, default_value = "0s", requires = "verify")]
    wait: std::time::Duration,

    #[command(flatten)]
    inputs: InputArguments,

    #[command(flatten)]
    engine: EngineChoice,
}

impl Arguments {
    /// How the report is written, where there is one.
    pub(crate) fn reporting(&self) -> Format {
        match self.format {
            Some(forms::Form::Json) => Format::Json,
            _ => Format::Human,
        }
    }

    /// Which document is written; none where a report is.
    fn rendering(&self) -> Result<Option<Rendering>, CommandError> {
        let reports = self.verify || self.check.is_some();
        let usage = |message| Err(CommandError::new(Exit::Usage, message));
        match (reports, self.format) {
            (true, None | Some(forms::Form::Human | forms::Form::Json)) => Ok(None),
            (true, Some(_)) => usage("`--check` and `--verify` report as `human` or `json`"),
            (false, Some(forms::Form::Human)) => {
                usage("`--format human` is for `--check` and `--verify`")
            }
            (false, form) => Ok(form.unwrap_or_default().rendering()),
        }
    }
}

/// Runs `em-infra handoff`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    let rendering = arguments.rendering()?;
    let document = match &arguments.check {
        Some(file) => origin::file(file),
        None => origin::document(arguments, ui, environment),
    };
    match document {
        Ok(document) => hand_over(arguments, rendering, &document, ui, environment),
        Err(origin::Obstacle::Broken(breaches)) => refuse(&breaches, ui),
        Err(origin::Obstacle::Failed(error)) => Err(error),
    }
}

fn hand_over(
    arguments: &Arguments,
    rendering: Option<Rendering>,
    document: &BootstrapContract,
    ui: &Ui,
    environment: &Env,
) -> Result<Exit, CommandError> {
    if let Some(rendering) = rendering {
        ui.data(render(document, rendering).trim_end());
        Ok(Exit::Success)
    } else if arguments.verify {
        let root = arguments.source.root(&arguments.root)?;
        let ask = asked::ask(&root, &arguments.inputs, environment);
        nodes::verify(document, ask, arguments.wait, ui)
    } else {
        keeps(document, ui)
    }
}

/// The result of `--check`, for `--format json`.
#[derive(Serialize)]
struct Verdict<'a> {
    valid: bool,
    breaches: Vec<Fault<'a>>,
}

#[derive(Serialize)]
struct Fault<'a> {
    rule: &'static str,
    place: &'a str,
    message: &'a str,
    help: &'a str,
}

impl<'a> From<&'a Breach> for Fault<'a> {
    fn from(breach: &'a Breach) -> Self {
        Self {
            rule: breach.rule.as_str(),
            place: &breach.place,
            message: &breach.message,
            help: &breach.help,
        }
    }
}

fn keeps(document: &BootstrapContract, ui: &Ui) -> Result<Exit, CommandError> {
    if ui.format() == Format::Json {
        ui.json(&Verdict {
            valid: true,
            breaches: Vec::new(),
        })?;
    } else {
        ui.good(&format!(
            "The document keeps the contract: version {}, {}.",
            document.schema_version,
            counted(document.nodes.len(), "node")
        ));
    }
    Ok(Exit::Success)
}

fn refuse(breaches: &[Breach], ui: &Ui) -> Result<Exit, CommandError> {
    if ui.format() == Format::Json {
        ui.json(&Verdict {
            valid: false,
            breaches: breaches.iter().map(Fault::from).collect(),
        })?;
        return Ok(Exit::Refused);
    }
    for breach in breaches {
        ui.status(&breach.to_string());
    }
    ui.status(&format!("Breaches of the contract: {}.", breaches.len()));
    Ok(Exit::Refused)
}

/// The document's own faults are the user's to read one by one; everything else ends the command.
fn obstacle(error: SourceError) -> origin::Obstacle {
    match error {
        SourceError::Broken(breaches) => origin::Obstacle::Broken(breaches),
        SourceError::Missing { .. } => origin::Obstacle::Failed(CommandError::from(error).hint(
            "run `em-infra gate` first, or take `--from inputs`: nothing has to exist for that",
        )),
        SourceError::Inputs => origin::Obstacle::Failed(
            CommandError::new(Exit::Refused, error)
                .hint("`em-infra check` says what is wrong with them"),
        ),
        SourceError::Terraform(_) | SourceError::Unknown(_) | SourceError::NotJson(_) => {
            origin::Obstacle::Failed(error.into())
        }
    }
}
