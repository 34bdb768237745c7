//! `terraform validate`.

use std::ffi::OsString;

use serde::Deserialize;

use super::{Argv, words};
use crate::{Diagnostic, Exit, RunError, Terraform};

/// Arguments of `validate`: there are none to choose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ValidateArgs;

/// What `validate` found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Validation {
    /// Whether there are no errors.
    pub valid: bool,
    /// Errors and warnings.
    #[serde(default)]
    pub diagnostics: Vec<Diagnostic>,
}

impl Argv for ValidateArgs {
    fn subcommand(&self) -> &'static str {
        "validate"
    }

    fn argv(&self) -> Vec<OsString> {
        words("validate", &["-json", "-no-color"])
    }
}

impl Terraform {
    /// Checks the configuration without inputs, state and real objects. Findings are a result.
    pub fn validate(&self) -> Result<Validation, RunError> {
        let captured = self.capture(&ValidateArgs)?;
        match captured.exit {
            Exit::Code(0 | 1) if !captured.stdout.is_empty() => {
                Ok(crate::format::parse("validation", &captured.stdout)?)
            }
            Exit::Code(_) | Exit::Signal(_) => Err(captured.failure("validate", Vec::new())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argv() {
        assert_eq!(ValidateArgs.argv(), ["validate", "-json", "-no-color"]);
    }
}
