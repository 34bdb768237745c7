//! What a Terraform root says about itself.

use std::fs;
use std::path::Path;

use em_infra_core::provider_install::PROVIDER_SOURCE;

use crate::failure::CommandError;

/// Whose contract a root keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contract {
    /// Inputs and outputs are ours.
    Ours,
    /// Anything else: the gate works on it, but knows nothing about its inputs and outputs.
    Another,
}

/// Whether the root promises the output that the Talos bootstrap reads.
pub(super) fn keeps_our_contract(root: &Path) -> Result<Contract, CommandError> {
    let ours = mentions(root, "output \"talos_bootstrap_contract\"")?;
    Ok(if ours {
        Contract::Ours
    } else {
        Contract::Another
    })
}

/// Whether the root takes our provider.
pub(super) fn takes_our_provider(root: &Path) -> Result<bool, CommandError> {
    mentions(root, PROVIDER_SOURCE)
}

fn mentions(root: &Path, text: &str) -> Result<bool, CommandError> {
    for entry in fs::read_dir(root)? {
        let path = entry?.path();
        let is_configuration = path.extension().is_some_and(|extension| extension == "tf");
        if is_configuration && fs::read_to_string(&path)?.contains(text) {
            return Ok(true);
        }
    }
    Ok(false)
}
