//! What a rebuild would take over; nothing is done before it is confirmed.

use std::path::{Path, PathBuf};

use files::Digest;
use tf_run::plan::Plan;
use tf_run::{
    Diagnostic, Engine, Env, Event, InitArgs, Interrupt, PlanArgs, RunError, Severity, Terraform,
};

use super::candidate::{Candidate, Doubt, candidates};
use super::import_file::ImportFile;
use super::kind::Kind;
use super::proof::objections;
use crate::state::content::{Content, Unusable};
use crate::state::locked::{Lock, LockError, LockedState, Who};
use crate::state::place::{Backend, Place};
use crate::state::restore::{PlanError, RestoreError};
use crate::state::run_lock::{RunLock, RunLockError};
use crate::state::scratch::Scratch;
use crate::state::vault::{Vault, VaultError};

/// What is to be rebuilt, and with what.
#[derive(Debug)]
pub struct RebuildRequest<'a> {
    /// The environment.
    pub place: &'a Place,
    /// The directory of the vault.
    pub vault: &'a Path,
    /// Who asks, and when.
    pub who: &'a Who,
    /// The Terraform that imports.
    pub engine: &'a Engine,
    /// The environment that it gets, access to the host included.
    pub env: &'a Env,
    /// Stops it.
    pub interrupt: &'a Interrupt,
    /// Files with inputs beside those that Terraform finds itself, in order.
    pub var_files: &'a [PathBuf],
    /// What can be taken over.
    pub kinds: &'a [Kind],
    /// Whether a kept state is in the way.
    pub snapshots: Snapshots,
}

/// Whether a kept state is in the way of a rebuild.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Snapshots {
    /// It is: restoring keeps the history, and what the configuration does not name.
    AreBetter,
    /// It is not: somebody decided so.
    AreNotWanted,
}

/// What a rebuild would do. Another em-infra is kept out as long as the value lives.
#[derive(Debug)]
pub struct RebuildPlan {
    /// The objects that are taken over as they are.
    pub objects: Vec<Candidate>,
    /// What the live state is now; nothing where there is none.
    pub(super) before: Option<Digest>,
    pub(super) terraform: Terraform,
    pub(super) saved: PathBuf,
    pub(super) scratch: Scratch,
    pub(super) run: RunLock,
}

/// There is nothing that could be rebuilt, or it could not be done.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The state is not a file here.
    #[error("the state is kept by the backend `{0}`, which em-infra does not write to")]
    NotLocal(String),
    /// The live state can be used.
    #[error("the state can be used: it has serial {serial} and {managed} objects")]
    Usable {
        /// Its serial.
        serial: u64,
        /// How many objects Terraform manages in it.
        managed: usize,
    },
    /// Terraform left a state that can be used.
    #[error("`errored.tfstate` can be used: it is what Terraform could not save")]
    Errored,
    /// The vault has a good state.
    #[error("the vault holds the state of serial {serial} as `{id}`")]
    Kept {
        /// The snapshot.
        id: String,
        /// Its serial.
        serial: u64,
    },
    /// The configuration wants nothing, or nothing that could be taken over.
    #[error("the configuration names no object")]
    Nothing,
    /// Not every object can be taken over as it is.
    #[error("{} cannot be taken over as they are", objects(.0.len()))]
    InDoubt(Vec<Doubt>),
    /// What Terraform wrote is not what was planned.
    #[error("the state that Terraform made is not the one that was planned: {0}")]
    NotAsPlanned(String),
    /// Terraform failed.
    #[error(transparent)]
    Terraform(#[from] RunError),
    /// Another em-infra works on the environment.
    #[error(transparent)]
    RunLock(#[from] RunLockError),
    /// The live state could not be locked or read.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The vault could not be read or written.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A file operation failed.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// The state that was made does not fit.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The state that was made could not be put in place.
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

fn objects(count: usize) -> String {
    match count {
        1 => "an object".to_owned(),
        more => format!("{more} objects"),
    }
}

/// Hears what Terraform reports.
pub(super) type OnEvent<'a> = &'a mut dyn FnMut(&Event);

/// Lets Terraform look for every object of the configuration. Reads the host only.
pub fn plan(
    request: &RebuildRequest<'_>,
    on_event: OnEvent<'_>,
) -> Result<RebuildPlan, RebuildError> {
    if let Backend::Elsewhere(backend) = request.place.backend() {
        return Err(RebuildError::NotLocal(backend.clone()));
    }
    let run = RunLock::take(request.place)?;
    let before = nothing_usable(request)?;
    let root = request.place.root();
    let scratch = Scratch::make(root)?;
    ImportFile::clear(root)?;
    let terraform = terraform(request, &scratch)?;
    let init = terraform.init(&InitArgs::default(), "init", on_event);
    if before.as_ref().is_none_or(is_passed_over_by_init) {
        init?;
    }
    let saved = |label| scratch.plan(label);
    let wanted = planned(request, &terraform, "wanted", &saved("wanted"), on_event)?;
    let found = candidates(&wanted, request.kinds).map_err(RebuildError::InDoubt)?;
    if found.is_empty() {
        return Err(RebuildError::Nothing);
    }
    let saved = saved("import");
    let imports = ImportFile::write(root, &found)?;
    let import = planned(request, &terraform, "import", &saved, on_event)?;
    drop(imports);
    let doubts = objections(&import, &found);
    if !doubts.is_empty() {
        return Err(RebuildError::InDoubt(doubts));
    }
    Ok(RebuildPlan {
        objects: found,
        before: before.as_ref().map(Content::digest),
        terraform,
        saved,
        scratch,
        run,
    })
}

/// `init` reads the live state whatever it is told, and fails over one that is torn. An environment that was initialised before
/// does without, and in another one the plan says what is missing.
fn is_passed_over_by_init(live: &Content) -> bool {
    match live.state() {
        Ok(_) | Err(Unusable::Empty) => true,
        Err(_) => false,
    }
}

/// A live state that cannot be used, where there is one; an error where any state can be.
fn nothing_usable(request: &RebuildRequest<'_>) -> Result<Option<Content>, RebuildError> {
    let current = match LockedState::take(request.place, request.who, "rebuild")? {
        Lock::Taken(mut state) => Some(state.read()?),
        Lock::Missing => None,
    };
    if let Some((serial, managed)) = current.as_ref().and_then(objects_in) {
        return Err(RebuildError::Usable { serial, managed });
    }
    if request.snapshots == Snapshots::AreBetter {
        no_other_state(request)?;
    }
    Ok(current)
}

fn no_other_state(request: &RebuildRequest<'_>) -> Result<(), RebuildError> {
    let errored = std::fs::read(request.place.errored()).map(Content::new);
    if errored.is_ok_and(|errored| objects_in(&errored).is_some()) {
        return Err(RebuildError::Errored);
    }
    let vault = Vault::open(request.vault)?;
    let kept = vault.last_good().filter(|kept| kept.managed > 0);
    match kept {
        Some(kept) if !vault.is_damaged(kept) => Err(RebuildError::Kept {
            id: kept.id.clone(),
            serial: kept.serial.unwrap_or_default(),
        }),
        _ => Ok(()),
    }
}

/// Serial and number of objects of a state that has objects.
fn objects_in(content: &Content) -> Option<(u64, usize)> {
    let state = content.state().ok()?;
    let managed = state.managed().count();
    (managed > 0).then_some((state.serial, managed))
}

fn terraform(request: &RebuildRequest<'_>, scratch: &Scratch) -> Result<Terraform, RunError> {
    let (engine, interrupt) = (request.engine.clone(), request.interrupt.clone());
    let root = request.place.root();
    let terraform = Terraform::new(engine, root, scratch.path(), request.env, interrupt)?;
    Ok(terraform.with_state(&scratch.state()))
}

/// Makes a plan and reads it. Objects that Terraform or a provider refuses are in doubt; a failure that is about none of them is a
/// failure.
fn planned(
    request: &RebuildRequest<'_>,
    terraform: &Terraform,
    label: &str,
    saved: &Path,
    on_event: OnEvent<'_>,
) -> Result<Plan, RebuildError> {
    let args = PlanArgs {
        var_files: request.var_files.to_vec(),
        ..PlanArgs::to_file(saved)
    };
    terraform
        .plan(&args, label, on_event)
        .map_err(refused_objects)?;
    Ok(terraform.show_plan(saved)?)
}

fn refused_objects(error: RunError) -> RebuildError {
    let RunError::Failed { diagnostics, .. } = &error else {
        return error.into();
    };
    let errors = diagnostics
        .iter()
        .filter(|found| found.severity == Severity::Error);
    let doubts: Option<Vec<Doubt>> = errors.map(doubt_of).collect();
    match doubts {
        Some(doubts) if !doubts.is_empty() => RebuildError::InDoubt(doubts),
        _ => error.into(),
    }
}

fn doubt_of(error: &Diagnostic) -> Option<Doubt> {
    let address = error.address.as_deref()?;
    let said = [error.summary.as_str(), error.detail.trim()];
    let said: Vec<&str> = said.into_iter().filter(|text| !text.is_empty()).collect();
    Some(Doubt::new(address, said.join(". ")))
}
