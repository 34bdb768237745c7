//! `terraform destroy`.

use std::ffi::OsString;
use std::path::PathBuf;

use super::{Argv, LOCK_TIMEOUT, var_files, words};
use crate::{Event, Exit, Finished, RunError, Terraform};

/// Arguments of `destroy`. It asks nobody: the caller did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DestroyArgs {
    /// Files with inputs, in order.
    pub var_files: Vec<PathBuf>,
}

impl Argv for DestroyArgs {
    fn subcommand(&self) -> &'static str {
        "destroy"
    }

    fn argv(&self) -> Vec<OsString> {
        let fixed = [
            "-json",
            "-input=false",
            "-no-color",
            "-auto-approve",
            LOCK_TIMEOUT,
        ];
        words("destroy", &fixed)
            .into_iter()
            .chain(var_files(&self.var_files))
            .collect()
    }
}

impl Terraform {
    /// Deletes everything that the state holds.
    pub fn destroy(
        &self,
        args: &DestroyArgs,
        label: &str,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Finished, RunError> {
        let finished = self.stream(args, label, on_event)?;
        match finished.exit {
            Exit::Code(0) => Ok(finished),
            Exit::Code(_) | Exit::Signal(_) => Err(finished.failure("destroy")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argv() {
        let args = DestroyArgs {
            var_files: vec!["a.tfvars".into()],
        };
        let fixed = [
            "destroy",
            "-json",
            "-input=false",
            "-no-color",
            "-auto-approve",
            LOCK_TIMEOUT,
        ];
        assert_eq!(args.argv(), [&fixed[..], &["-var-file=a.tfvars"]].concat());
    }
}
