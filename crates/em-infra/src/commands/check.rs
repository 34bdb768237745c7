//! `em-infra check`: looks at the inputs of an environment before Terraform does.

#[cfg(test)]
mod fuzz;
mod live;
mod render;
mod report;
mod sarif;
mod snippet;

use std::path::{Path, PathBuf};

use clap::Args;
use contract::{Code, Severity};
use em_infra_core::check::{Live, Report, Request, check};
use em_infra_core::inputs::CommandLineInput;
use tf_run::Env;

use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Ui};

/// Where the environment is unless the user says otherwise.
pub(crate) const DEFAULT_ROOT: &str = "terraform/environments/k3s-dev";

/// Arguments of `em-infra check`.
#[derive(Args)]
#[command(after_help = "Examples:
  em-infra check
  em-infra check terraform/environments/k3s-dev --var worker_count=5
  em-infra check --live
  em-infra check --format sarif > check.sarif
  em-infra check --explain cidr-host-bits")]
pub(crate) struct Arguments {
    /// How findings are written.
    #[arg(long, value_enum, default_value_t)]
    format: Findings,

    /// The Terraform root with the variable files.
    #[arg(value_name = "DIR", default_value = DEFAULT_ROOT)]
    root: PathBuf,

    #[command(flatten)]
    inputs: InputArguments,

    /// Asks the host as well, by reading alone: whether it can make these nodes.
    #[arg(long)]
    live: bool,

    /// Explains a finding by its code and ends.
    #[arg(long, value_name = "CODE", value_parser = code)]
    explain: Option<Code>,
}

/// How findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum Findings {
    /// Text for people.
    #[default]
    Human,
    /// One JSON document on stdout.
    Json,
    /// SARIF 2.1.0 on stdout, for code hosts and editors; without what the host says.
    Sarif,
}

impl Arguments {
    /// How the command reports, in the words that all commands share.
    pub(crate) fn reporting(&self) -> Format {
        match self.format {
            Findings::Human => Format::Human,
            Findings::Json | Findings::Sarif => Format::Json,
        }
    }
}

/// Inputs on the command line, as `terraform plan` takes them.
#[derive(Args, Clone, Default)]
pub(crate) struct InputArguments {
    /// Sets one input, as `terraform plan -var` does. Not for secrets: other users see command lines.
    #[arg(long = "var", value_name = "NAME=VALUE")]
    vars: Vec<String>,

    /// Reads one more variable file; a relative path is relative to DIR, as with `terraform -chdir`.
    #[arg(long = "var-file", value_name = "FILE")]
    var_files: Vec<PathBuf>,
}

impl InputArguments {
    /// Variable files only.
    pub(crate) fn of_files(files: &[PathBuf]) -> Self {
        Self {
            vars: Vec::new(),
            var_files: files.to_vec(),
        }
    }

    /// The variable files, then the single inputs: the order in which Terraform gets them.
    pub(crate) fn in_order(&self) -> Vec<CommandLineInput> {
        let files = self
            .var_files
            .iter()
            .cloned()
            .map(CommandLineInput::VarFile);
        files
            .chain(self.vars.iter().cloned().map(CommandLineInput::Var))
            .collect()
    }
}

/// Runs `em-infra check`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui, environment: &Env) -> Result<Exit, CommandError> {
    if let Some(code) = arguments.explain {
        ui.data(contract::generate::rule_section(code.rule()).trim());
        return Ok(Exit::Success);
    }
    let report = inspect(&arguments.root, &arguments.inputs, environment)?;
    // The findings are said even if the host cannot be asked.
    if arguments.format == Findings::Human {
        show(&report, ui);
    }
    let live = match (arguments.live, &report.topology) {
        (true, Some(topology)) => Some(live::ask(arguments, topology, ui, environment)?),
        _ => None,
    };
    match arguments.format {
        Findings::Human if arguments.live => show_live(live.as_ref(), ui),
        Findings::Human => ui.status(&render::summary(&report)),
        Findings::Json => ui.json(&report::of(&report, live.as_ref()))?,
        Findings::Sarif => ui.json(&sarif::of(&report))?,
    }
    let refused = live.map_or(0, |live| live.count(Severity::Error));
    Ok(if report.count(Severity::Error) + refused == 0 {
        Exit::Success
    } else {
        Exit::Refused
    })
}

fn show_live(live: Option<&Live>, ui: &Ui) {
    let Some(live) = live else {
        return ui.status("The host was not asked: mend the inputs first.");
    };
    for remark in &live.remarks {
        ui.status(&live::remark(remark));
    }
    ui.status(&live::summary(live));
}

/// Checks the inputs of `root`.
pub(crate) fn inspect(
    root: &Path,
    inputs: &InputArguments,
    environment: &Env,
) -> Result<Report, CommandError> {
    if !root.is_dir() {
        let message = format!("`{}` is not a directory", root.display());
        return Err(CommandError::new(Exit::Usage, message)
            .hint("run it in the root of the repository, or name the Terraform root"));
    }
    let variables = variables(environment);
    let command_line = inputs.in_order();
    let request = Request {
        root,
        environment: &variables,
        command_line: &command_line,
    };
    Ok(check(request)?)
}

/// The environment as texts; a variable that is no text can be no input.
pub(crate) fn variables(environment: &Env) -> Vec<(String, String)> {
    environment
        .iter()
        .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), value.to_str()?.to_owned())))
        .collect()
}

/// Shows what was found.
pub(crate) fn show_findings(report: &Report, ui: &Ui) {
    for finding in &report.findings {
        ui.status(&render::finding(report, finding, ui.colour()));
    }
}

fn show(report: &Report, ui: &Ui) {
    show_findings(report, ui);
    if let Some(topology) = &report.topology {
        ui.data(&render::nodes(topology));
    }
}

fn code(text: &str) -> Result<Code, String> {
    Code::parse(text).ok_or_else(|| {
        let known = Code::ALL.iter().map(|code| code.as_str());
        match contract::nearest(text, known) {
            Some(nearest) => format!("there is no such code; did you mean `{nearest}`?"),
            None => "there is no such code; docs/reference/checks.md lists them".to_owned(),
        }
    })
}
