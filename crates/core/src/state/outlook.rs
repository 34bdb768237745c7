//! What Terraform makes of the live state: what changed outside, and what an apply would do. Reads only.

use std::path::PathBuf;

use serde::Serialize;
use tf_run::plan::noise;
use tf_run::{Engine, Env, InitArgs, Interrupt, PlanArgs, PlanKind, RunError, Terraform};

use super::place::Place;
use super::run_lock::{RunLock, RunLockError};
use super::scratch::Scratch;

/// Where to look, and with what.
#[derive(Debug)]
pub struct OutlookRequest<'a> {
    /// The environment.
    pub place: &'a Place,
    /// The Terraform that plans.
    pub engine: &'a Engine,
    /// The environment that it gets.
    pub env: &'a Env,
    /// Stops it.
    pub interrupt: &'a Interrupt,
    /// Files with inputs beside those that Terraform finds itself, in order.
    pub var_files: &'a [PathBuf],
}

/// What Terraform's two plans say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outlook {
    /// Objects that differ from the state: the refresh-only plan.
    pub changed_outside: Vec<String>,
    /// What the normal plan would do; nothing where it is empty.
    pub planned: Vec<String>,
}

/// Terraform could not look.
#[derive(Debug, thiserror::Error)]
pub enum OutlookError {
    /// Terraform failed.
    #[error(transparent)]
    Terraform(#[from] RunError),
    /// Another em-infra works on the environment.
    #[error(transparent)]
    RunLock(#[from] RunLockError),
    /// A file operation failed.
    #[error(transparent)]
    Files(#[from] files::Error),
}

impl Outlook {
    /// Makes a refresh-only plan and a normal one, and throws both away.
    pub fn of(request: &OutlookRequest<'_>) -> Result<Self, OutlookError> {
        let _run = RunLock::take(request.place)?;
        let root = request.place.root();
        let scratch = Scratch::make(root)?;
        let (engine, interrupt) = (request.engine.clone(), request.interrupt.clone());
        let terraform = Terraform::new(engine, root, scratch.path(), request.env, interrupt)?;
        if !root.join(".terraform").exists() {
            terraform.init(&InitArgs::default(), "init", &mut |_| ())?;
        }
        let plan = |label: &str, kind: PlanKind| {
            let saved = scratch.plan(label);
            let args = PlanArgs {
                kind,
                var_files: request.var_files.to_vec(),
                ..PlanArgs::to_file(&saved)
            };
            let planned = terraform.plan(&args, label, &mut |_| ())?;
            Ok::<_, RunError>((terraform.show_plan(&saved)?, planned.exit))
        };
        let (outside, _) = plan("refresh-only", PlanKind::RefreshOnly)?;
        let (normal, exit) = plan("normal", PlanKind::Normal)?;
        let differing = outside.resource_drift.iter();
        Ok(Self {
            changed_outside: differing
                .map(|drift| format!("{}: {}", drift.address, drift.change.actions))
                .collect(),
            planned: noise(&normal, exit)
                .iter()
                .map(ToString::to_string)
                .collect(),
        })
    }
}
