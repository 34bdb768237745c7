//! `terraform plan`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Argv, LOCK_TIMEOUT, StateUse, option, var_files, words};
use crate::plan::PlanExit;
use crate::{Event, Exit, Finished, RunError, Terraform};

/// Arguments of `plan`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanArgs {
    /// The file for the plan.
    pub out: PathBuf,
    /// Whether the real objects are read.
    pub objects: ReadObjects,
    /// What is planned.
    pub kind: PlanKind,
    /// Files with inputs, in order.
    pub var_files: Vec<PathBuf>,
}

/// Whether a plan reads the real objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ReadObjects {
    /// It does.
    #[default]
    Yes,
    /// It trusts the state: `-refresh=false`.
    No,
}

/// What is planned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PlanKind {
    /// Reach what the configuration says.
    #[default]
    Normal,
    /// Delete everything.
    Destroy,
    /// Take what changed outside into the state.
    RefreshOnly,
}

/// A plan that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What Terraform's exit code says about it.
    pub exit: PlanExit,
    /// The run.
    pub finished: Finished,
}

impl PlanArgs {
    /// A normal plan, written to `out`.
    pub fn to_file(out: &Path) -> Self {
        Self {
            out: out.to_owned(),
            objects: ReadObjects::default(),
            kind: PlanKind::default(),
            var_files: Vec::new(),
        }
    }
}

impl Argv for PlanArgs {
    fn subcommand(&self) -> &'static str {
        "plan"
    }

    fn state_use(&self) -> StateUse {
        StateUse::Takes
    }

    fn argv(&self) -> Vec<OsString> {
        let fixed = [
            "-json",
            "-input=false",
            "-no-color",
            "-detailed-exitcode",
            LOCK_TIMEOUT,
        ];
        let mut argv = words("plan", &fixed);
        match self.kind {
            PlanKind::Normal => {}
            PlanKind::Destroy => argv.push("-destroy".into()),
            PlanKind::RefreshOnly => argv.push("-refresh-only".into()),
        }
        match self.objects {
            ReadObjects::Yes => {}
            ReadObjects::No => argv.push("-refresh=false".into()),
        }
        argv.extend(var_files(&self.var_files));
        argv.push(option("out", &self.out));
        argv
    }
}

impl Terraform {
    /// Makes a plan. A failed one is an error, though Terraform writes its file.
    pub fn plan(
        &self,
        args: &PlanArgs,
        label: &str,
        on_event: &mut dyn FnMut(&Event),
    ) -> Result<Planned, RunError> {
        let finished = self.stream(args, label, on_event)?;
        let exit = match finished.exit {
            Exit::Code(0) => PlanExit::NoChanges,
            Exit::Code(2) => PlanExit::Changes,
            Exit::Code(_) | Exit::Signal(_) => return Err(finished.failure("plan")),
        };
        Ok(Planned { exit, finished })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn argv() {
        let plain = PlanArgs::to_file("/run/plan".as_ref());
        let full = PlanArgs {
            objects: ReadObjects::No,
            kind: PlanKind::Destroy,
            var_files: vec!["a.tfvars".into(), "/b".into()],
            ..plain.clone()
        };
        let fixed = [
            "plan",
            "-json",
            "-input=false",
            "-no-color",
            "-detailed-exitcode",
            LOCK_TIMEOUT,
        ];
        assert_eq!(plain.argv(), [&fixed[..], &["-out=/run/plan"]].concat());
        let rest = [
            "-destroy",
            "-refresh=false",
            "-var-file=a.tfvars",
            "-var-file=/b",
        ];
        assert_eq!(
            full.argv(),
            [&fixed[..], &rest, &["-out=/run/plan"]].concat()
        );
    }
}
