//! `em-infra evidence`: the runs of the gate, and whether what they left is still as it was written.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use em_infra_core::counted;
use em_infra_core::evidence::{self, Run, Verification, Weight};
use serde::Serialize;
use serde_json::value::RawValue;

use super::check::DEFAULT_ROOT;
use crate::exit::Exit;
use crate::failure::CommandError;
use crate::ui::{Format, Reporting, Ui};

/// Arguments of `em-infra evidence`.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) reporting: Reporting,

    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Lists the runs of the gate, oldest first.
    List(Place),
    /// Shows one run: the transcript, or with --format json the record.
    Show(Show),
    /// Looks whether ledger, records and files are as they were written, and names what is not.
    Verify(Place),
}

#[derive(Args)]
struct Place {
    /// The Terraform root that the gate worked on.
    #[arg(value_name = "DIR", default_value = DEFAULT_ROOT)]
    root: PathBuf,
}

#[derive(Args)]
struct Show {
    /// The run, as `em-infra evidence list` names it.
    run: String,

    #[command(flatten)]
    place: Place,
}

/// The result of `verify`. Fields are only ever added.
#[derive(Serialize)]
struct Document<'a> {
    intact: bool,
    runs: usize,
    head_sha256: &'a Option<String>,
    findings: Vec<FindingDocument<'a>>,
}

#[derive(Serialize)]
struct FindingDocument<'a> {
    weight: Weight,
    message: String,
    finding: &'a evidence::Finding,
}

/// Runs `em-infra evidence`.
pub(crate) fn run(arguments: &Arguments, ui: &Ui) -> Result<Exit, CommandError> {
    match &arguments.command {
        Command::List(place) => list(&place.base()?, ui),
        Command::Show(show) => show_run(show, ui),
        Command::Verify(place) => verify(&place.base()?, ui),
    }
}

impl Place {
    fn base(&self) -> Result<PathBuf, CommandError> {
        if self.root.is_dir() {
            return Ok(self.root.join(".em-infra"));
        }
        let message = format!("`{}` is not a directory", self.root.display());
        Err(CommandError::new(Exit::Usage, message)
            .hint("run it in the root of the repository, or name the Terraform root"))
    }
}

fn list(base: &Path, ui: &Ui) -> Result<Exit, CommandError> {
    let runs = evidence::history(base)?;
    if ui.format() == Format::Json {
        ui.json(&runs)?;
        return Ok(Exit::Success);
    }
    if runs.is_empty() {
        ui.status("No run of the gate yet.");
    }
    for run in &runs {
        ui.data(&format!(
            "{:<24}{:<26}{}",
            run.run,
            run.host.label(),
            outcome(run)
        ));
    }
    Ok(Exit::Success)
}

/// How a run ended, in a word or two.
fn outcome(run: &Run) -> String {
    match &run.end {
        None => "no end: cut off, or still going on".to_owned(),
        Some(end) => match end.level {
            Some(level) => format!("{} ({level})", end.verdict),
            None => end.verdict.to_string(),
        },
    }
}

fn show_run(show: &Show, ui: &Ui) -> Result<Exit, CommandError> {
    let base = show.place.base()?;
    let runs = evidence::history(&base)?;
    // Only a name that the ledger has becomes a path.
    let Some(run) = runs.iter().find(|run| run.run == show.run) else {
        let message = format!("there is no run `{}`", show.run);
        return Err(
            CommandError::new(Exit::Usage, message).hint("`em-infra evidence list` names the runs")
        );
    };
    let directory = base.join("runs").join(&run.run);
    if ui.format() == Format::Json {
        let text = fs::read_to_string(directory.join("record.jsonl"))?;
        let rows: Result<Vec<&RawValue>, _> = text.lines().map(serde_json::from_str).collect();
        ui.json(&rows?)?;
        return Ok(Exit::Success);
    }
    let transcript = fs::read_to_string(directory.join("transcript.txt"))?;
    ui.status(&format!("Host: {}", run.host.label()));
    ui.data(transcript.trim_end());
    ui.status(&format!("Ended: {}", outcome(run)));
    Ok(Exit::Success)
}

fn verify(base: &Path, ui: &Ui) -> Result<Exit, CommandError> {
    let seen = evidence::verify(base)?;
    let intact = seen
        .findings
        .iter()
        .all(|finding| finding.weight() != Weight::Tampered);
    if ui.format() == Format::Json {
        ui.json(&document(&seen, intact))?;
    } else {
        show_verification(&seen, intact, ui);
    }
    Ok(if intact {
        Exit::Success
    } else {
        Exit::Tampered
    })
}

fn document(seen: &Verification, intact: bool) -> Document<'_> {
    let findings = seen.findings.iter().map(|finding| FindingDocument {
        weight: finding.weight(),
        message: finding.to_string(),
        finding,
    });
    Document {
        intact,
        runs: seen.runs.len(),
        head_sha256: &seen.head,
        findings: findings.collect(),
    }
}

fn show_verification(seen: &Verification, intact: bool, ui: &Ui) {
    for finding in &seen.findings {
        match finding.weight() {
            Weight::Tampered => ui.status(&ui.error_text(&finding.to_string())),
            Weight::Incomplete => ui.warning(&finding.to_string()),
        }
    }
    let runs = counted(seen.runs.len(), "run");
    if intact {
        ui.good(&format!("The evidence of {runs} is as it was written."));
    } else {
        ui.status("The evidence is not as it was written.");
    }
    if let Some(head) = &seen.head {
        ui.faint(&format!("  last row: {head}"));
    }
}
