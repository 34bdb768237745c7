//! `terraform output`.

use std::collections::BTreeMap;
use std::ffi::OsString;

use serde::Deserialize;

use super::{Argv, words};
use crate::terraform::Captured;
use crate::{Exit, FormatError, Json, RunError, Terraform};

/// Arguments of `output`: there are none to choose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutputArgs;

/// A root output in the state. The value is in clear, sensitive or not.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct OutputValue {
    /// Its value.
    pub value: Json,
    /// Whether the configuration marks it sensitive.
    #[serde(default)]
    pub sensitive: bool,
}

impl Argv for OutputArgs {
    fn subcommand(&self) -> &'static str {
        "output"
    }

    fn argv(&self) -> Vec<OsString> {
        words("output", &["-json", "-no-color"])
    }
}

impl Terraform {
    /// Reads the root outputs from the state.
    pub fn output(&self) -> Result<BTreeMap<String, OutputValue>, RunError> {
        let captured = self.capture(&OutputArgs)?;
        let Captured {
            exit: Exit::Code(0),
            stdout,
            ..
        } = &captured
        else {
            return Err(captured.failure("output", Vec::new()));
        };
        let unreadable = |source| FormatError::Unreadable {
            document: "outputs",
            source,
        };
        Ok(serde_json::from_str(stdout).map_err(unreadable)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argv() {
        assert_eq!(OutputArgs.argv(), ["output", "-json", "-no-color"]);
    }
}
