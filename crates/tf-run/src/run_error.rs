//! Why a run of Terraform gave no result.

use std::io;
use std::path::PathBuf;

use crate::{Diagnostic, Exit, FormatError, Severity};

/// A run of Terraform that gave no result.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Terraform ran and failed; the diagnostics say why.
    #[error("terraform {subcommand} failed: {}", why(diagnostics, *exit))]
    Failed {
        /// The subcommand.
        subcommand: &'static str,
        /// How it ended.
        exit: Exit,
        /// What it complained about, warnings included.
        diagnostics: Vec<Diagnostic>,
        /// The last lines of its standard error.
        stderr: String,
    },
    /// Somebody asked to stop before it was started.
    #[error("terraform {subcommand} was not started: interrupted")]
    Interrupted {
        /// The subcommand.
        subcommand: &'static str,
    },
    /// It could not be started or followed.
    #[error("failed to run `{}`", program.display())]
    NotRun {
        /// The program.
        program: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// One of its files could not be made.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// It printed something em-infra cannot read.
    #[error(transparent)]
    Format(#[from] FormatError),
}

fn why(diagnostics: &[Diagnostic], exit: Exit) -> String {
    let mut errors = diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error);
    match (errors.next(), errors.count()) {
        (None, _) => exit.to_string(),
        (Some(first), 0) => first.summary.clone(),
        (Some(first), more) => format!("{} (and {more} more)", first.summary),
    }
}
