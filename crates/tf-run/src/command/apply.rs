//! `terraform apply` of a saved plan.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Argv, LOCK_TIMEOUT, StateUse, var_files, words};
use crate::{Event, Exit, Finished, RunError, Terraform};

/// Arguments of `apply`. Only a saved plan can be applied: what was shown is what is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyArgs {
    /// The plan.
    pub plan: PathBuf,
    /// Files with inputs: a saved plan does not hold ephemeral ones.
    pub var_files: Vec<PathBuf>,
}

impl Argv for ApplyArgs {
    fn subcommand(&self) -> &'static str {
        "apply"
    }

    fn state_use(&self) -> StateUse {
        StateUse::Takes
    }

    fn argv(&self) -> Vec<OsString> {
        let mut argv = words(
            "apply",
            &["-json", "-input=false", "-no-color", LOCK_TIMEOUT],
        );
        argv.extend(var_files(&self.var_files));
        argv.push(self.plan.clone().into());
        argv
    }
}

impl Terraform {
    /// Carries out a saved plan.
    pub fn apply(
        &self,
        args: &ApplyArgs,
        label: &str,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Finished, RunError> {
        let finished = self.stream(args, label, on_event)?;
        match finished.exit {
            Exit::Code(0) => Ok(finished),
            Exit::Code(_) | Exit::Signal(_) => Err(finished.failure("apply")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argv_has_the_flags_before_the_plan() {
        let args = ApplyArgs {
            plan: "/run/plan".into(),
            var_files: vec!["a.tfvars".into()],
        };
        assert_eq!(
            args.argv(),
            [
                "apply",
                "-json",
                "-input=false",
                "-no-color",
                LOCK_TIMEOUT,
                "-var-file=a.tfvars",
                "/run/plan"
            ]
        );
    }
}
