//! What can go wrong in a development command.

use std::path::PathBuf;

/// A development command that did not hold or could not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// A step of `cargo xtask ci` ended with a failure; its own output says why.
    #[error("`{command}` failed ({status})")]
    Step {
        /// The command line as a person would type it.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
    },
    /// A program could not be started at all.
    #[error("cannot start `{command}`: {source}")]
    Start {
        /// The command line as a person would type it.
        command: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the workspace could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// No pinned Terraform could be had.
    #[error("no pinned Terraform: {0}")]
    Engine(#[from] tf_run::EngineError),
    /// A release that is not in the table of pinned ones.
    #[error("Terraform {0} is not one of the pinned releases")]
    Release(String),
    /// Architecture invariants that do not hold, one line each.
    #[error("{} of the architecture invariants do not hold:\n{}", .0.len(), .0.join("\n"))]
    Tidy(Vec<String>),
    /// A folder could not be made.
    #[error("cannot make the folder {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A generated file could not be written.
    #[error("a generated file was not written: {0}")]
    Write(#[source] files::Error),
    /// Generated files that differ from what they are made from.
    #[error("stale, run `cargo xtask generate`:\n{}", .0.join("\n"))]
    Stale(Vec<String>),
    /// A run that does not show what is claimed.
    #[error("`{claim}` is not proven: {reason}")]
    Unproven {
        /// The claim.
        claim: &'static str,
        /// What was seen instead.
        reason: String,
    },
    /// Output that another parser, or another project's schema, does not take.
    #[error("{0}")]
    Interop(String),
    /// A published schema that cannot be compared.
    #[error("cannot compare {}: {source}", path.display())]
    Published {
        /// The file.
        path: PathBuf,
        /// Why.
        source: pve_sim::PublishedError,
    },
    /// A published schema that says something else than the simulator's tables.
    #[error("the tables of the simulator differ from {} in {count} places", path.display())]
    Differs {
        /// The schema.
        path: PathBuf,
        /// How many.
        count: usize,
    },
}
