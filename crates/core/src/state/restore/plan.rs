//! What a restore would do: backup against current state, and against the host where it can be asked.

use files::Digest;

use super::execute::ConfirmedRestore;
use super::live::{Block, Live};
use super::source::Source;
use crate::state::content::{Content, State};
use crate::state::diff::{Difference, difference};
use crate::state::inspect::InspectError;
use crate::state::instance::Instance;
use crate::state::locked::{Lock, LockError, LockedState, Who};
use crate::state::place::{Backend, Place};
use crate::state::serial::{SerialError, with_serial};
use crate::state::vault::{Keys, Vault, VaultError};

/// What is to be restored, and what is known.
#[derive(Debug, Clone)]
pub struct RestoreRequest<'a> {
    /// The environment.
    pub place: &'a Place,
    /// The directory of the vault.
    pub vault: &'a std::path::Path,
    /// Who asks, and when.
    pub who: &'a Who,
    /// `latest`, an id, `errored.tfstate` or a path.
    pub source: &'a str,
    /// The first 8 characters of another lineage that is wanted nevertheless.
    pub accept_lineage: Option<&'a str>,
    /// What is known of the host.
    pub live: Live,
    /// Opens sealed snapshots.
    pub keys: &'a Keys,
}

/// What a restore would do. Nothing is done before it is confirmed.
#[derive(Debug, Clone)]
pub struct RestorePlan {
    /// What is restored.
    pub source: Source,
    /// Its serial as it was kept.
    pub kept_serial: u64,
    /// The serial it gets.
    pub serial: u64,
    /// Its lineage.
    pub lineage: String,
    /// What `differences` compares with.
    pub basis: Basis,
    /// From the basis to the restored state. "Removed" objects are forgotten: the host keeps them.
    pub differences: Vec<Difference>,
    /// Objects that the next apply replaces, because the restored state says so.
    pub tainted: Vec<String>,
    /// VMs of the restored state that the host does not have.
    pub gone: Vec<String>,
    /// VMs of the restored state that are others on the host. With one of them there is no restore.
    pub blocked: Vec<Block>,
    /// Why the host was not asked, where it was not.
    pub unchecked: Option<String>,
    /// How many VMs the restored state has.
    pub machines: usize,
    /// Whether the live state is the restored one already.
    pub already: bool,
    /// Whether `errored.tfstate` is moved into the vault.
    pub errored_moves: bool,
    pub(in crate::state) before: Option<Digest>,
    pub(super) bytes: Vec<u8>,
}

/// What a state to restore is compared with.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Basis {
    /// The live state.
    Current {
        /// Its serial.
        serial: u64,
    },
    /// The last good snapshot, since the live state is missing or cannot be used.
    Snapshot {
        /// Its id.
        id: String,
        /// Why not the live state.
        because: String,
    },
    /// Nothing is known.
    Nothing {
        /// Why not the live state.
        because: String,
    },
}

/// There is no plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The live state could not be locked.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The live state could not be read.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// The source could not be read.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The source is no state.
    #[error("`{name}` cannot be restored: {why}")]
    Unusable {
        /// The source.
        name: String,
        /// Why.
        why: String,
    },
    /// The source belongs to another history.
    #[error("`{name}` has the lineage `{lineage}`, and this environment has `{known}`")]
    ForeignLineage {
        /// The source.
        name: String,
        /// Its lineage.
        lineage: String,
        /// The lineage of the environment.
        known: String,
    },
    /// The serial could not be raised.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// The serial is as high as it can be.
    #[error("the serial cannot be raised above {0}")]
    HighestSerial(u64),
    /// The state is not a file here.
    #[error("the state is kept by the backend `{0}`, which em-infra does not write to")]
    NotLocal(String),
}

/// Reads everything and says what a restore would do.
pub fn plan(request: &RestoreRequest<'_>) -> Result<RestorePlan, PlanError> {
    if let Backend::Elsewhere(backend) = request.place.backend() {
        return Err(PlanError::NotLocal(backend.clone()));
    }
    let vault = Vault::open(request.vault)?.with_keys(request.keys.clone());
    let (source, content) = Source::find(request.source, request.place, &vault)?;
    plan_of(request, &vault, source, &content)
}

/// The same with a state that the caller has.
pub(in crate::state) fn plan_of(
    request: &RestoreRequest<'_>,
    vault: &Vault,
    source: Source,
    content: &Content,
) -> Result<RestorePlan, PlanError> {
    let current = current(request)?;
    let state = usable(&source, content)?;
    guard_lineage(request, &source, state, current.as_ref(), vault)?;
    let serial = raised_serial(state, current.as_ref(), vault)?;
    let (basis, differences) = compare(current.as_ref(), state, vault)?;
    let already = current
        .as_ref()
        .is_some_and(|current| current.digest() == content.digest());
    Ok(RestorePlan {
        kept_serial: state.serial,
        serial,
        lineage: state.lineage.clone(),
        basis,
        differences,
        tainted: tainted(state),
        gone: request.live.gone(state),
        blocked: request.live.strangers(state),
        unchecked: match &request.live {
            Live::Unchecked(why) => Some(why.clone()),
            Live::Machines(_) => None,
        },
        machines: state.managed().filter_map(Instance::machine).count(),
        already,
        errored_moves: request.place.errored().exists(),
        before: current.as_ref().map(Content::digest),
        // A usable state is UTF-8, so nothing is lost.
        bytes: with_serial(&String::from_utf8_lossy(content.bytes()), serial)?.into_bytes(),
        source,
    })
}

impl RestorePlan {
    /// The plan as something that may be executed, if `typed` is the serial that it says.
    pub fn confirm(self, typed: &str) -> Option<ConfirmedRestore> {
        let agreed = typed.trim() == self.serial.to_string() && self.blocked.is_empty();
        agreed.then(|| ConfirmedRestore::of(self))
    }
}

fn current(request: &RestoreRequest<'_>) -> Result<Option<Content>, PlanError> {
    match LockedState::take(request.place, request.who, "restore")? {
        Lock::Taken(mut state) => Ok(Some(state.read().map_err(LockError::from)?)),
        Lock::Missing => Ok(None),
    }
}

fn usable<'a>(source: &Source, content: &'a Content) -> Result<&'a State, PlanError> {
    content.state().map_err(|why| PlanError::Unusable {
        name: source.to_string(),
        why: why.to_string(),
    })
}

fn guard_lineage(
    request: &RestoreRequest<'_>,
    source: &Source,
    state: &State,
    current: Option<&Content>,
    vault: &Vault,
) -> Result<(), PlanError> {
    let live = current.and_then(|current| current.state().ok());
    let known = vault.last_good().map(|snapshot| snapshot.lineage.clone());
    let Some(known) = known.or_else(|| live.map(|live| live.lineage.clone())) else {
        return Ok(());
    };
    let accepted = request
        .accept_lineage
        .is_some_and(|typed| typed.len() >= 8 && state.lineage.starts_with(typed));
    if state.lineage == known || accepted {
        return Ok(());
    }
    Err(PlanError::ForeignLineage {
        name: source.to_string(),
        lineage: state.lineage.clone(),
        known,
    })
}

/// Above every serial that a plan could have been made for.
fn raised_serial(
    state: &State,
    current: Option<&Content>,
    vault: &Vault,
) -> Result<u64, PlanError> {
    let live = current
        .and_then(|current| current.state().ok())
        .map(|live| live.serial);
    let highest = [
        live,
        vault.highest_serial(&state.lineage),
        Some(state.serial),
    ];
    let highest = highest.into_iter().flatten().max().unwrap_or(0);
    highest
        .checked_add(1)
        .ok_or(PlanError::HighestSerial(highest))
}

fn compare(
    current: Option<&Content>,
    new: &State,
    vault: &Vault,
) -> Result<(Basis, Vec<Difference>), PlanError> {
    let because = match current.map(Content::state) {
        Some(Ok(live)) => {
            let serial = live.serial;
            return Ok((Basis::Current { serial }, difference(live, new)));
        }
        Some(Err(why)) => format!("the live state cannot be used: {why}"),
        None => "the live state is missing".to_owned(),
    };
    let Some(snapshot) = vault.last_good() else {
        return Ok((Basis::Nothing { because }, Vec::new()));
    };
    let kept = match vault.content(snapshot) {
        Err(VaultError::Sealed(id)) => {
            let because = format!("{because}, and `{id}` is sealed");
            return Ok((Basis::Nothing { because }, Vec::new()));
        }
        kept => kept?,
    };
    let differences = kept
        .state()
        .map_or(Vec::new(), |kept| difference(kept, new));
    let id = snapshot.id.clone();
    Ok((Basis::Snapshot { id, because }, differences))
}

fn tainted(state: &State) -> Vec<String> {
    let marked = state
        .managed()
        .filter(|object| object.is_tainted() || object.deposed.is_some());
    marked.map(|object| object.address.clone()).collect()
}
