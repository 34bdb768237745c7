//! Cleanup: VMs that this environment made and forgot are removed, one by one, by somebody who names them.
//!
//! Such a VM is there when a creation was cut off and the environment was destroyed, or no longer wants that node, instead of
//! being applied again: Terraform knows nothing of it. What is one is decided by [`leftovers`] and
//! asked again before each write. Never a copy, never a stranger, never anything that a row of the state holds. The locks of
//! the environment are held meanwhile: to anybody else, a VM that is being made looks like a leftover.

mod remove;

use std::collections::{BTreeMap, BTreeSet};

use host::{Host, Unread};
use pve_api::{NodeName, SystemUuid, VmId};
use serde::Serialize;
use vm::{Origin, Present, Shape, VmKey, Wanted};

use crate::check::Request;
use crate::drift::{self, DriftError, Ground, Kind, Territory, Unmanaged, leftovers};
use crate::live::{self, LiveError};
use crate::state::{Lock, LockError, LockedState, Place, RunLock, RunLockError, Who};

pub use self::remove::Obstacle;
use self::remove::remove_one;

/// A VM that this environment made and forgot.
#[derive(Debug, Serialize)]
pub struct Leftover {
    /// The VM, and what it is.
    #[serde(flatten)]
    pub vm: Unmanaged,
    /// Whether the inputs want the node that it was made for: then the next apply takes it over.
    pub wanted: bool,
}

/// Why nothing was removed, or not all.
#[derive(Debug, thiserror::Error)]
pub enum CleanupError {
    /// Inputs or state cannot be read.
    #[error(transparent)]
    Ground(#[from] DriftError),
    /// The state is not on this machine, so nobody can say what it does not hold.
    #[error("the state is kept elsewhere, so nobody can say here which VMs it does not hold")]
    StateElsewhere,
    /// The host cannot be reached.
    #[error(transparent)]
    Live(Box<LiveError>),
    /// A part of the host cannot be read.
    #[error(transparent)]
    Host(#[from] Unread),
    /// Another em-infra works on the environment.
    #[error(transparent)]
    RunLock(#[from] RunLockError),
    /// A Terraform does.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Somebody named a VM that this environment did not make, or has not forgotten.
    #[error("VM {0} is no leftover of this environment; nothing was removed")]
    NoLeftover(u32),
    /// One could not be removed.
    #[error("failed to remove VM {vmid}")]
    Remove {
        /// Which.
        vmid: VmId,
        /// Why not.
        #[source]
        why: Obstacle,
    },
}

impl From<LiveError> for CleanupError {
    fn from(error: LiveError) -> Self {
        Self::Live(Box::new(error))
    }
}

/// Lists the leftovers on the host. Reads only.
pub async fn look(
    request: Request<'_>,
    environment: &host::Environment,
) -> Result<Vec<Leftover>, CleanupError> {
    let ground = drift::ground(request)?;
    let host = live::connect(request, environment).await?;
    Site::of(&ground)?.leftovers(&host).await
}

/// Removes the leftovers with these VMIDs, with their disks, and tells of each that is gone. If one of them is no leftover,
/// none is removed.
pub async fn remove(
    request: Request<'_>,
    environment: &host::Environment,
    who: &Who,
    vmids: &BTreeSet<u32>,
    removed: &mut dyn FnMut(&Leftover),
) -> Result<(), CleanupError> {
    let place = Place::of(request.root);
    let _run = RunLock::take(&place)?;
    let _state: Lock = LockedState::take(&place, who, "cleanup")?;
    let ground = drift::ground(request)?;
    let site = Site::of(&ground)?;
    let host = live::connect(request, environment).await?;
    let found = site.leftovers(&host).await?;
    for vmid in vmids {
        if !found.iter().any(|one| one.vm.vmid == *vmid) {
            return Err(CleanupError::NoLeftover(*vmid));
        }
    }
    let named = |one: &&Leftover| vmids.contains(&one.vm.vmid);
    for one in found.iter().filter(named) {
        let held = site.held(one)?;
        let vmid = held.key.vmid;
        remove_one(&host.client, &held, &site.territory())
            .await
            .map_err(|why| CleanupError::Remove { vmid, why })?;
        removed(one);
    }
    Ok(())
}

/// An environment with what its state holds.
struct Site<'a> {
    ground: &'a Ground,
    held: BTreeSet<VmId>,
    uuids: BTreeMap<String, SystemUuid>,
}

impl<'a> Site<'a> {
    fn of(ground: &'a Ground) -> Result<Self, CleanupError> {
        let held = ground.held.as_ref().ok_or(CleanupError::StateElsewhere)?;
        Ok(Self {
            held: held.keys().copied().collect(),
            uuids: drift::uuids(&ground.wanted),
            ground,
        })
    }

    fn territory(&self) -> Territory<'_> {
        Territory {
            env_name: &self.ground.topology.cluster.name,
            vmids: self.ground.vmids.clone(),
            held: &self.held,
            uuids: &self.uuids,
        }
    }

    async fn leftovers(&self, host: &Host) -> Result<Vec<Leftover>, CleanupError> {
        let wanted = self.ground.wanted.iter();
        let nodes: BTreeSet<&NodeName> = wanted.map(|vm| &vm.key.node).collect();
        let mut guests: Vec<Present> = Vec::new();
        for node in nodes {
            let survey = host::survey(&host.client, &host.facts, node).await?;
            guests.extend(survey.into_iter().filter_map(|guest| Some(*guest.present?)));
        }
        let found = leftovers(&guests, &self.territory());
        Ok(found.into_iter().map(|vm| self.leftover(vm)).collect())
    }

    fn leftover(&self, vm: Unmanaged) -> Leftover {
        let name = made_for(&vm.kind);
        let mut wanted = self.ground.wanted.iter();
        let is_it = |key: &VmKey| Some(key.name.as_str()) == name && key.vmid.get() == vm.vmid;
        Leftover {
            wanted: wanted.any(|wanted| is_it(&wanted.key)),
            vm,
        }
    }

    /// What a row of the state would say of it.
    fn held(&self, one: &Leftover) -> Result<Wanted, CleanupError> {
        let is_none = |_| CleanupError::NoLeftover(one.vm.vmid);
        let name = made_for(&one.vm.kind).unwrap_or_default().to_owned();
        let env_name = self.ground.topology.cluster.name.clone();
        let vmid = VmId::new(one.vm.vmid).map_err(is_none)?;
        let derived = || contract::uuid(&env_name, &name).parse().ok();
        Ok(Wanted {
            shape: Shape {
                uuid: self.uuids.get(&name).cloned().or_else(derived),
                ..Shape::default()
            },
            key: VmKey {
                env_name,
                name,
                vmid,
                node: one.vm.node.parse().map_err(is_none)?,
            },
            origin: Origin {
                template: String::new(),
                clone: None,
                pool: None,
                role: None,
                talos_version: None,
            },
        })
    }
}

fn made_for(kind: &Kind) -> Option<&str> {
    match kind {
        Kind::Finished { made_for } | Kind::Interrupted { made_for } => Some(made_for),
        Kind::Cloning | Kind::Copy { .. } | Kind::Stranger { .. } => None,
    }
}
