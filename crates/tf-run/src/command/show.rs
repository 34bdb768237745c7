//! `terraform show`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Argv, words};
use crate::plan::Plan;
use crate::terraform::Captured;
use crate::{Exit, RunError, Terraform, Values};

/// Arguments of `show`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShowArgs {
    /// The plan to show; the state without one.
    pub plan: Option<PathBuf>,
}

#[derive(Deserialize)]
struct State {
    #[serde(default)]
    values: Values,
}

impl Argv for ShowArgs {
    fn subcommand(&self) -> &'static str {
        "show"
    }

    fn argv(&self) -> Vec<OsString> {
        let mut argv = words("show", &["-json", "-no-color"]);
        argv.extend(self.plan.clone().map(OsString::from));
        argv
    }
}

impl Terraform {
    /// Reads a saved plan.
    pub fn show_plan(&self, plan: &Path) -> Result<Plan, RunError> {
        Ok(Plan::parse(&self.plan_json(plan)?)?)
    }

    /// The JSON text of a saved plan. It holds sensitive values in clear.
    pub fn plan_json(&self, plan: &Path) -> Result<String, RunError> {
        self.show(&ShowArgs {
            plan: Some(plan.to_owned()),
        })
    }

    /// Reads the objects of the state, wherever the state is kept.
    pub fn show_state(&self) -> Result<Values, RunError> {
        Ok(crate::format::parse::<State>("state", &self.state_json()?)?.values)
    }

    /// The JSON text of the state. It holds sensitive values in clear.
    pub fn state_json(&self) -> Result<String, RunError> {
        self.show(&ShowArgs::default())
    }

    fn show(&self, args: &ShowArgs) -> Result<String, RunError> {
        match self.capture(args)? {
            Captured {
                exit: Exit::Code(0),
                stdout,
                ..
            } => Ok(stdout),
            captured => Err(captured.failure("show", Vec::new())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argv() {
        assert_eq!(ShowArgs::default().argv(), ["show", "-json", "-no-color"]);
        let plan = ShowArgs {
            plan: Some("/run/plan".into()),
        };
        assert_eq!(plan.argv(), ["show", "-json", "-no-color", "/run/plan"]);
    }
}
