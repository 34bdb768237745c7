//! Reading the host: the only part of drift that calls.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use contract::{InputValues, Topology, Value};
use host::{Guest, Host, NotAVm, Unread};
use pve_api::{NodeName, SystemUuid, VmId};
use serde::Serialize;
use vm::{Present, Wanted};

use super::{Held, Mismatch, Task, Territory, Unmanaged, compare, history, unmanaged};
use crate::check::{self, Request};
use crate::gate::HostKind;
use crate::inputs::InputError;
use crate::live::{self, LiveError};
use crate::state::{Backend, Content, Place, Unusable};

/// What a look at the host found.
#[derive(Debug, Serialize)]
pub struct Drift {
    /// The environment.
    pub environment: String,
    /// Which host was read, by whom, and where that was said.
    pub host: String,
    /// What kind of host it is.
    pub host_kind: HostKind,
    /// How many VMs the inputs want.
    pub wanted: usize,
    /// Where host, state and inputs disagree.
    pub mismatches: Vec<Found<Mismatch>>,
    /// VMs that no state row holds, in our VMIDs or with our marker.
    pub unmanaged: Vec<Found<Unmanaged>>,
    /// What was not looked at.
    pub not_checked: Vec<String>,
}

/// A finding, with what the task log says about its VM.
#[derive(Debug, Serialize)]
pub struct Found<T> {
    /// The finding.
    #[serde(flatten)]
    pub finding: T,
    /// Its latest tasks, newest first.
    pub tasks: Vec<Task>,
}

/// Whether the task log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Histories {
    /// For every VM with a finding.
    Read,
    /// Not.
    Left,
}

/// Why there is nothing to tell.
#[derive(Debug, thiserror::Error)]
pub enum DriftError {
    /// The inputs cannot be read.
    #[error(transparent)]
    Inputs(#[from] InputError),
    /// The inputs are wrong, so nobody knows what is wanted.
    #[error("the inputs have {0} errors, so nobody can say what is wanted")]
    Faulty(usize),
    /// The inputs describe a VM that Proxmox has no words for.
    #[error(transparent)]
    NotAVm(#[from] NotAVm),
    /// The state file cannot be used.
    #[error("the state `{}` is unusable: {why}", path.display())]
    State {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        why: Unusable,
    },
    /// The state file cannot be read.
    #[error("failed to read the state `{}`", path.display())]
    Unread {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The host cannot be reached.
    #[error(transparent)]
    Live(Box<LiveError>),
    /// A part of the host cannot be read.
    #[error(transparent)]
    Host(#[from] Unread),
}

impl<T> Found<T> {
    const fn new(finding: T) -> Self {
        Self {
            finding,
            tasks: Vec::new(),
        }
    }
}

impl From<LiveError> for DriftError {
    fn from(error: LiveError) -> Self {
        Self::Live(Box::new(error))
    }
}

impl Drift {
    /// Whether anything was found that somebody should look at.
    pub fn is_clean(&self) -> bool {
        self.mismatches.is_empty() && self.unmanaged.is_empty()
    }
}

/// What the environment says before anybody is called.
pub(crate) struct Ground {
    pub(crate) topology: Topology,
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) vmids: RangeInclusive<u32>,
    /// None where the state is not a file of this machine.
    pub(crate) held: Option<Held>,
    not_checked: Vec<String>,
}

/// Reads inputs, state and host, and compares them.
pub async fn look(
    request: Request<'_>,
    environment: &host::Environment,
    histories: Histories,
) -> Result<Drift, DriftError> {
    let ground = ground(request)?;
    let host = live::connect(request, environment).await?;
    let nodes: BTreeSet<&NodeName> = ground.wanted.iter().map(|vm| &vm.key.node).collect();
    let mut guests = Vec::new();
    for node in nodes {
        guests.extend(host::survey(&host.client, &host.facts, node).await?);
    }
    let hidden = hidden(&host, &ground, &guests).await;
    let mismatches = compare(&ground.wanted, ground.held.as_ref(), &guests, &hidden);
    let unmanaged = beside(&ground, &guests);
    let mut drift = Drift {
        environment: ground.topology.cluster.name.clone(),
        host_kind: live::kind(&host).await,
        wanted: ground.wanted.len(),
        mismatches: mismatches.into_iter().map(Found::new).collect(),
        unmanaged: unmanaged.into_iter().map(Found::new).collect(),
        not_checked: ground.not_checked,
        host: host.provenance.clone(),
    };
    if histories == Histories::Read {
        tell_histories(&host, &ground.wanted, &mut drift).await;
    }
    Ok(drift)
}

pub(crate) fn ground(request: Request<'_>) -> Result<Ground, DriftError> {
    let report = check::check(request)?;
    let errors = report.count(contract::Severity::Error);
    let topology = report.topology.ok_or(DriftError::Faulty(errors))?;
    let wanted = topology
        .nodes
        .iter()
        .map(|node| host::wanted(&topology, node))
        .collect::<Result<_, _>>()?;
    let mut not_checked = Vec::new();
    let held = held(request.root, &mut not_checked)?;
    Ok(Ground {
        vmids: vmids(&check::input_values(request)?),
        topology,
        wanted,
        held,
        not_checked,
    })
}

/// Slots reach from 1 to 999.
fn vmids(values: &InputValues) -> RangeInclusive<u32> {
    let given = match values.get("vmid_start") {
        Some(Value::Number(number)) => number.whole(),
        _ => None,
    };
    let default = match contract::inputs::find("vmid_start").map(|input| input.default) {
        Some(contract::Default::Whole(whole)) => Some(whole),
        _ => None,
    };
    let start = given
        .or(default)
        .and_then(|start| u32::try_from(start).ok());
    let start = start.unwrap_or_default();
    start.saturating_add(1)..=start.saturating_add(999)
}

/// The VMs in the state; none where the state is not a file of this machine.
fn held(root: &std::path::Path, not_checked: &mut Vec<String>) -> Result<Option<Held>, DriftError> {
    let place = Place::of(root);
    if let Backend::Elsewhere(kind) = place.backend() {
        not_checked.push(format!("state: it is kept elsewhere ({kind})"));
        return Ok(None);
    }
    let path = place.state().to_owned();
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Some(Held::new())),
        Err(source) => return Err(DriftError::Unread { path, source }),
    };
    let content = Content::new(bytes);
    match content.state() {
        Ok(state) => Ok(Some(
            state
                .managed()
                .filter(|object| object.is_ours())
                .filter_map(|object| {
                    let vmid = VmId::new(object.machine()?.vmid).ok()?;
                    Some((vmid, object.address.clone()))
                })
                .collect(),
        )),
        Err(why) => Err(DriftError::State {
            path,
            why: why.clone(),
        }),
    }
}

/// The wanted VMIDs that no list shows and that are taken all the same.
async fn hidden(host: &Host, ground: &Ground, guests: &[Guest]) -> BTreeSet<VmId> {
    let mut hidden = BTreeSet::new();
    for vm in &ground.wanted {
        let vmid = vm.key.vmid;
        let is_seen = guests.iter().any(|guest| guest.vmid == vmid);
        // A host that does not say whether it is free says nothing about it either way.
        if !is_seen && matches!(host.client.is_vmid_free(vmid).await, Ok(false)) {
            hidden.insert(vmid);
        }
    }
    hidden
}

/// VMs beside those that the inputs want: those are told as mismatches already.
fn beside(ground: &Ground, guests: &[Guest]) -> Vec<Unmanaged> {
    let Some(held) = &ground.held else {
        return Vec::new();
    };
    let held: BTreeSet<VmId> = held
        .keys()
        .copied()
        .chain(ground.wanted.iter().map(|vm| vm.key.vmid))
        .collect();
    let host: Vec<Present> = guests
        .iter()
        .filter_map(|guest| guest.present.as_deref().cloned())
        .collect();
    unmanaged(
        &host,
        &Territory {
            env_name: &ground.topology.cluster.name,
            vmids: ground.vmids.clone(),
            held: &held,
            uuids: &uuids(&ground.wanted),
        },
    )
}

pub(crate) fn uuids(wanted: &[Wanted]) -> BTreeMap<String, SystemUuid> {
    wanted
        .iter()
        .filter_map(|vm| Some((vm.key.name.clone(), vm.shape.uuid.clone()?)))
        .collect()
}

/// Asks the task log about each VM once.
async fn tell_histories(host: &Host, wanted: &[Wanted], drift: &mut Drift) {
    let Some(node) = wanted.first().map(|vm| vm.key.node.clone()) else {
        return;
    };
    let mut known: BTreeMap<u32, Vec<Task>> = BTreeMap::new();
    let node_of = |vmid: VmId| {
        let named = wanted.iter().find(|vm| vm.key.vmid == vmid);
        named.map_or_else(|| node.clone(), |vm| vm.key.node.clone())
    };
    let vmids = drift.mismatches.iter().map(|found| found.finding.vmid);
    let vmids = vmids.chain(drift.unmanaged.iter().map(|found| found.finding.vmid));
    for number in vmids.collect::<BTreeSet<_>>() {
        let Ok(vmid) = VmId::new(number) else {
            continue;
        };
        match history::of(&host.client, &node_of(vmid), vmid).await {
            Ok(tasks) => drop(known.insert(number, tasks)),
            Err(error) => drift
                .not_checked
                .push(format!("tasks of VM {number}: {error}")),
        }
    }
    let tasks = |vmid: u32| known.get(&vmid).cloned().unwrap_or_default();
    for found in &mut drift.mismatches {
        found.tasks = tasks(found.finding.vmid);
    }
    for found in &mut drift.unmanaged {
        found.tasks = tasks(found.finding.vmid);
    }
}
