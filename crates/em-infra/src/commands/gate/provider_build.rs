//! The provider that Terraform would start must be this very executable: the rules that were checked are then the rules
//! that are applied.

use std::fs;
use std::path::Path;

use em_infra_core::provider_install::{Installed, LockFile};
use tf_run::Env;

use super::root;
use crate::commands::provider::{mirror, own_executable};
use crate::exit::Exit;
use crate::failure::CommandError;

/// Refuses when `terraform init` in `root` would select another build. A CLI configuration of the user's own decides
/// elsewhere where providers come from, so nothing can be said then.
pub(crate) fn require_own(root: &Path, environment: &Env) -> Result<(), CommandError> {
    if environment.get("TF_CLI_CONFIG_FILE").is_some() || !root::takes_our_provider(root)? {
        return Ok(());
    }
    let selected = selected(root, environment)?;
    let Some(selected) = selected else {
        return Err(refusal(
            root,
            "the provider eminfra is not installed".to_owned(),
        ));
    };
    if fs::read(&selected.executable)? == fs::read(own_executable()?)? {
        return Ok(());
    }
    let message = format!(
        "the installed provider eminfra {} is another build than this em-infra",
        selected.version
    );
    Err(refusal(root, message))
}

/// The locked build, or the newest one where nothing is locked.
fn selected(root: &Path, environment: &Env) -> Result<Option<Installed>, CommandError> {
    let mut installed = mirror(environment)?.installed()?;
    let locked = LockFile::of(root).locked_version()?;
    Ok(match locked {
        Some(version) => installed.into_iter().find(|build| build.version == version),
        None => installed.pop(),
    })
}

fn refusal(root: &Path, message: String) -> CommandError {
    CommandError::new(Exit::Refused, message).hint(format!(
        "type `em-infra provider install --env {}`",
        root.display()
    ))
}
