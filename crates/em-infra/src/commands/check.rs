//! `em-infra check`: looks at the inputs of an environment before Terraform does.

mod render;
mod report;

use std::path::{Path, PathBuf};

use clap::Args;
use contract::{Code, Severity};
use em_infra_core::check::{Report, Request, check};
use em_infra_core::inputs::CommandLineInput;
use tf_run::Env;

use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Reporting, Ui};

/// Where the environment is unless the user says otherwise.
pub(crate) const DEFAULT_ROOT: &str = "terraform/environments/k3s-dev";

/// Arguments of `em-infra check`.
#[derive(Args)]
#[command(after_help = "Examples:
  em-infra check
  em-infra check terraform/environments/k3s-dev --var worker_count=5
  em-infra check --explain cidr-host-bits")]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reporting: Reporting,

    /// The Terraform root with the variable files.
    #[arg(value_name = "DIR", default_value = DEFAULT_ROOT)]
    root: PathBuf,

    #[command(flatten)]
    inputs: InputArguments,

    /// Explains a finding by its code and ends.
    #[arg(long, value_name = "CODE", value_parser = code)]
    explain: Option<Code>,
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
    match ui.format() {
        Format::Json => ui.json(&report::of(&report))?,
        Format::Human => show(&report, ui),
    }
    Ok(if report.count(Severity::Error) == 0 {
        Exit::Success
    } else {
        Exit::Refused
    })
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
    ui.status(&render::summary(report));
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
