//! Which VM becomes which node, and why one cannot.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use contract::{Node, Topology};
use host::Guest;
use pve_api::VmId;
use vm::marker::Found;
use vm::{Actual, Present};

use super::actual;

/// Somebody says which VM becomes which node: `NODE=VMID`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The node.
    pub node: String,
    /// The VM.
    pub vmid: VmId,
}

/// A text that is no mapping.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected NODE=VMID, as in k3s-dev-worker-1=101")]
pub struct NoMapping;

impl FromStr for Mapping {
    type Err = NoMapping;

    fn from_str(text: &str) -> Result<Self, NoMapping> {
        let (node, vmid) = text.split_once('=').ok_or(NoMapping)?;
        if node.is_empty() {
            return Err(NoMapping);
        }
        Ok(Self {
            node: node.to_owned(),
            vmid: vmid.parse().map_err(|_| NoMapping)?,
        })
    }
}

/// A node, and the VM that becomes it.
pub(super) struct Pair<'a> {
    pub(super) node: &'a Node,
    pub(super) present: Box<Present>,
    pub(super) actual: Actual,
}

/// Why a VM does not become a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// No VM was named, and none has the name of a node.
    Nothing,
    /// The inputs make no node of this name.
    NoSuchNode {
        /// What was asked for.
        node: String,
        /// The name that comes nearest.
        nearest: Option<String>,
    },
    /// The node or the VM is named more than once.
    Twice(String),
    /// Several VMs have the name of a node.
    Ambiguous {
        /// The name.
        node: String,
        /// The VMs.
        vmids: Vec<VmId>,
    },
    /// The host shows no such VM.
    NoSuchVm(VmId),
    /// Its options may not be read.
    Hidden(VmId),
    /// It is a template.
    Template(VmId),
    /// Something works on it.
    Locked {
        /// The VM.
        vmid: VmId,
        /// What Proxmox calls it.
        lock: String,
    },
    /// It carries a marker already.
    Marked {
        /// The VM.
        vmid: VmId,
        /// What the marker says.
        says: String,
    },
    /// It has no SMBIOS UUID, by which it could be known again.
    NoUuid(VmId),
    /// One of its options cannot be understood.
    Unreadable {
        /// The VM.
        vmid: VmId,
        /// Why.
        why: String,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str(
                "no VM without a marker has the name of a node; name them with --map NODE=VMID",
            ),
            Self::NoSuchNode {
                node,
                nearest: Some(nearest),
            } => write!(
                f,
                "the inputs make no node `{node}`; did you mean `{nearest}`?"
            ),
            Self::NoSuchNode {
                node,
                nearest: None,
            } => write!(f, "the inputs make no node `{node}`"),
            Self::Twice(what) => write!(f, "{what} is named twice"),
            Self::Ambiguous { node, vmids } => {
                let vmids: Vec<String> = vmids.iter().map(ToString::to_string).collect();
                write!(
                    f,
                    "VMs {} are all called {node}; say which with --map {node}=VMID",
                    vmids.join(", ")
                )
            }
            Self::NoSuchVm(vmid) => write!(f, "the host shows no VM {vmid}"),
            Self::Hidden(vmid) => write!(
                f,
                "the options of VM {vmid} may not be read: grant VM.Audit on /vms/{vmid}"
            ),
            Self::Template(vmid) => write!(f, "VM {vmid} is a template"),
            Self::Locked { vmid, lock } => write!(
                f,
                "VM {vmid} is locked ({lock}): let that end in Proxmox first"
            ),
            Self::Marked { vmid, says } => write!(f, "VM {vmid} carries a marker: {says}"),
            Self::NoUuid(vmid) => write!(
                f,
                "VM {vmid} has no SMBIOS UUID to know it by; give it one where it runs, as root: \
                 qm set {vmid} --smbios1 uuid=$(cat /proc/sys/kernel/random/uuid), then stop and start it"
            ),
            Self::Unreadable { vmid, why } => {
                write!(f, "an option of VM {vmid} is not understood: {why}")
            }
        }
    }
}

/// Pairs nodes with VMs, or says everything that stands in the way.
pub(super) fn pair<'a>(
    topology: &'a Topology,
    guests: Vec<Guest>,
    mappings: &[Mapping],
) -> Result<Vec<Pair<'a>>, Vec<Obstacle>> {
    let (mut chosen, mut obstacles) = if mappings.is_empty() {
        by_name(topology, &guests)
    } else {
        by_mapping(topology, mappings)
    };
    if chosen.is_empty() && obstacles.is_empty() {
        obstacles.push(Obstacle::Nothing);
    }
    let mut guests: BTreeMap<VmId, Guest> = guests
        .into_iter()
        .map(|guest| (guest.vmid, guest))
        .collect();
    chosen.sort_by(|(one, _), (other, _)| one.name.cmp(&other.name));
    let mut pairs = Vec::new();
    for (node, vmid) in chosen {
        match adoptable(guests.remove(&vmid), vmid) {
            Ok((present, actual)) => pairs.push(Pair {
                node,
                present,
                actual,
            }),
            Err(obstacle) => obstacles.push(obstacle),
        }
    }
    if obstacles.is_empty() {
        Ok(pairs)
    } else {
        Err(obstacles)
    }
}

type Chosen<'a> = (Vec<(&'a Node, VmId)>, Vec<Obstacle>);

fn by_mapping<'a>(topology: &'a Topology, mappings: &[Mapping]) -> Chosen<'a> {
    let (mut chosen, mut obstacles) = (Vec::new(), Vec::new());
    for (place, Mapping { node, vmid }) in mappings.iter().enumerate() {
        let mut before = mappings[..place].iter();
        if before.any(|other| other.node == *node || other.vmid == *vmid) {
            obstacles.push(Obstacle::Twice(format!("{node} or VM {vmid}")));
            continue;
        }
        if let Some(known) = topology.nodes.iter().find(|known| known.name == *node) {
            chosen.push((known, *vmid));
        } else {
            obstacles.push(no_such_node(topology, node));
        }
    }
    (chosen, obstacles)
}

fn no_such_node(topology: &Topology, node: &str) -> Obstacle {
    let known = topology.nodes.iter().map(|node| node.name.as_str());
    Obstacle::NoSuchNode {
        node: node.to_owned(),
        nearest: contract::nearest(node, known).map(str::to_owned),
    }
}

/// VMs that nobody has marked, by the UUID that the inputs give a node, else by its name.
fn by_name<'a>(topology: &'a Topology, guests: &[Guest]) -> Chosen<'a> {
    let (mut chosen, mut obstacles) = (Vec::new(), Vec::new());
    let unmarked = |guest: &&Guest| !guest.template && guest.marker() == Some(Found::Nothing);
    for node in &topology.nodes {
        let named = guests
            .iter()
            .filter(unmarked)
            .filter(|guest| is_named(guest, node) || guest.name == node.name);
        let mut vmids: Vec<VmId> = named.map(|guest| guest.vmid).collect();
        match (vmids.pop(), vmids.as_slice()) {
            (Some(vmid), []) => chosen.push((node, vmid)),
            (Some(last), others) => obstacles.push(Obstacle::Ambiguous {
                node: node.name.clone(),
                vmids: others.iter().copied().chain([last]).collect(),
            }),
            (None, _) => {}
        }
    }
    (chosen, obstacles)
}

/// Whether the inputs say that this VM is the node.
fn is_named(guest: &Guest, node: &Node) -> bool {
    let uuid = guest.present.as_ref().and_then(|present| present.uuid());
    i64::from(guest.vmid.get()) == node.vmid && uuid.is_some() && uuid == node.uuid.parse().ok()
}

fn adoptable(guest: Option<Guest>, vmid: VmId) -> Result<(Box<Present>, Actual), Obstacle> {
    let guest = guest.ok_or(Obstacle::NoSuchVm(vmid))?;
    if guest.template {
        return Err(Obstacle::Template(vmid));
    }
    let present = guest.present.ok_or(Obstacle::Hidden(vmid))?;
    if let Some(lock) = present.config.lock() {
        let lock = lock.to_owned();
        return Err(Obstacle::Locked { vmid, lock });
    }
    let says = |says: String| Obstacle::Marked { vmid, says };
    match present.marker() {
        Found::Nothing => {}
        Found::Marker(marker) => {
            let (env, name) = (&marker.key.env_name, &marker.key.name);
            return Err(says(format!(
                "it is {name} of environment {env}; plan and apply take over what is theirs"
            )));
        }
        Found::Newer(format) => {
            return Err(says(format!("it has format {format} of a newer em-infra")));
        }
        Found::Damaged(why) => {
            return Err(says(format!(
                "it is damaged ({why}); take it out of the notes if the VM is yours"
            )));
        }
    }
    if present.uuid().is_none() {
        return Err(Obstacle::NoUuid(vmid));
    }
    let actual = actual(&present, vmid)?;
    Ok((present, actual))
}
