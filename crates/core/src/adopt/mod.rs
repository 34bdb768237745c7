//! Adoption: VMs that somebody else made become nodes of an environment, with their own VMID, MAC address, UUID, address
//! and sizes.
//!
//! Looking reads only. It says what the inputs have to say so that a plan changes nothing, and what cannot be said there.
//! Then [`mark`] writes the marker into the notes of each VM, once somebody has agreed: from then on the VM is this
//! environment's, and plan and apply take it over like one whose state was lost. Nothing else of a VM is ever written here.

mod mark;
mod overrides;
mod pairing;

use std::collections::{BTreeMap, BTreeSet};

use contract::{Finding, InputValues, Topology, Value};
use host::{Guest, Host, NotAVm, Unread};
use pve_api::{NodeName, VmId};
use vm::{Actual, Argument, Difference, Power, Present, Wanted};

use crate::check::{self, Request};
use crate::inputs::InputError;
use crate::live::{self, LiveError};

pub use mark::{MarkError, mark};
pub use pairing::{Mapping, Obstacle};

use self::pairing::{Pair, pair};

/// The input that says what is different for single nodes.
const OVERRIDES: &str = "node_overrides";

/// Attributes of `node_overrides` for one node.
pub type Overrides = BTreeMap<String, Value>;

/// VMs that can become nodes.
pub struct Adoption {
    /// The host that they are on.
    pub host: Host,
    /// Each, in the order of the names of the nodes.
    pub nodes: Vec<Adopted>,
    /// All of `node_overrides`: what the inputs say, and what they have to say for the VMs.
    pub overrides: Value,
    /// Whether the inputs say all of it.
    pub inputs: Inputs,
}

/// Whether the inputs describe the VMs as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inputs {
    /// They do.
    Fit,
    /// `node_overrides` has to say more.
    LackOverrides,
}

/// A VM that can become a node.
pub struct Adopted {
    /// What it shall be, once the inputs say so.
    pub wanted: Wanted,
    /// What it is.
    pub present: Box<Present>,
    /// What `node_overrides` has to say for it.
    pub overrides: Overrides,
    /// What no input can say: the next apply changes it.
    pub differences: Vec<Difference>,
    /// The name that it has and loses, where that is another.
    pub renamed_from: Option<String>,
}

impl Adopted {
    /// Whether it runs.
    pub fn runs(&self) -> bool {
        self.present.power == Power::Running
    }

    /// Whether the next apply would have to restart it.
    pub fn is_restarted(&self) -> bool {
        let interrupts = |difference: &Difference| difference.effect.interrupts();
        self.runs() && self.differences.iter().any(interrupts)
    }
}

/// Why there is nothing to adopt.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    /// The inputs cannot be read.
    #[error(transparent)]
    Inputs(#[from] InputError),
    /// The inputs are wrong, so nobody knows which nodes there are.
    #[error("the inputs describe no nodes:{0}")]
    Faulty(Listed),
    /// Some of the VMs cannot be adopted.
    #[error("nothing is adopted:{0}")]
    Obstacles(Listed),
    /// With the overrides that the VMs need, the inputs are wrong.
    #[error("the VMs do not fit into the environment as they are:{0}")]
    DoNotFit(Listed),
    /// The inputs describe a VM that Proxmox has no words for.
    #[error(transparent)]
    NotAVm(#[from] NotAVm),
    /// The host cannot be reached.
    #[error(transparent)]
    Live(Box<LiveError>),
    /// A part of the host cannot be read.
    #[error(transparent)]
    Host(#[from] Unread),
}

/// Several things that are wrong.
#[derive(Debug)]
pub struct Listed(Vec<String>);

impl Listed {
    fn of<T: ToString>(all: &[T]) -> Self {
        Self(all.iter().map(ToString::to_string).collect())
    }
}

impl std::fmt::Display for Listed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|one| write!(f, "\n  {one}"))
    }
}

impl From<LiveError> for AdoptError {
    fn from(error: LiveError) -> Self {
        Self::Live(Box::new(error))
    }
}

/// Looks at the host for the VMs that `mappings` name; without any, for those that have the name of a node or that the
/// inputs name by VMID and UUID already.
pub async fn look(
    request: Request<'_>,
    environment: &host::Environment,
    mappings: &[Mapping],
) -> Result<Adoption, AdoptError> {
    let inputs = check::input_values(request)?;
    let topology = topology(&inputs).map_err(AdoptError::Faulty)?;
    let host = live::connect(request, environment).await?;
    let guests = guests(&host, &topology).await?;
    let pairs = pair(&topology, guests, mappings)
        .map_err(|obstacles| AdoptError::Obstacles(Listed::of(&obstacles)))?;
    let own = |pair: &Pair<'_>| {
        let wanted = host::wanted(&topology, pair.node)?;
        Ok(overrides::of(&wanted, pair.present.vmid, &pair.actual))
    };
    let own: Vec<Overrides> = pairs.iter().map(own).collect::<Result<_, NotAVm>>()?;
    let fitting = fit(&inputs, &pairs, &own)?;
    let pairs = pairs.into_iter().zip(own);
    let nodes: Vec<Adopted> = pairs
        .map(|(pair, overrides)| adopted(&fitting, pair, overrides))
        .collect::<Result<_, _>>()?;
    let said = |node: &Adopted| node.overrides.is_empty();
    Ok(Adoption {
        host,
        inputs: if nodes.iter().all(said) {
            Inputs::Fit
        } else {
            Inputs::LackOverrides
        },
        overrides: fitting.overrides,
        nodes,
    })
}

fn topology(inputs: &InputValues) -> Result<Topology, Listed> {
    contract::topology(inputs).map_err(|findings: Vec<Finding>| Listed::of(&findings))
}

async fn guests(host: &Host, topology: &Topology) -> Result<Vec<Guest>, AdoptError> {
    let nodes = topology.nodes.iter();
    let names: BTreeSet<NodeName> = nodes.filter_map(|node| node.node.parse().ok()).collect();
    let mut guests = Vec::new();
    for name in &names {
        guests.extend(host::survey(&host.client, &host.facts, name).await?);
    }
    Ok(guests)
}

/// The environment with the VMs as they are.
struct Fitting {
    topology: Topology,
    overrides: Value,
}

fn fit(inputs: &InputValues, pairs: &[Pair<'_>], own: &[Overrides]) -> Result<Fitting, AdoptError> {
    let given = inputs.get(OVERRIDES).and_then(Value::as_map);
    let mut overrides = given.cloned().unwrap_or_default();
    for (pair, own) in pairs.iter().zip(own).filter(|(_, own)| !own.is_empty()) {
        let before = overrides.get(&pair.node.name).and_then(Value::as_map);
        let mut all = before.cloned().unwrap_or_default();
        all.extend(own.clone());
        overrides.insert(pair.node.name.clone(), Value::Map(all));
    }
    let overrides = Value::Map(overrides);
    let mut inputs = inputs.clone();
    inputs.insert(OVERRIDES.to_owned(), overrides.clone());
    Ok(Fitting {
        topology: topology(&inputs).map_err(AdoptError::DoNotFit)?,
        overrides,
    })
}

fn adopted(fitting: &Fitting, pair: Pair<'_>, overrides: Overrides) -> Result<Adopted, AdoptError> {
    let Fitting { topology, .. } = fitting;
    let mut nodes = topology.nodes.iter();
    let node = nodes
        .find(|node| node.name == pair.node.name)
        .expect("overrides add no node and remove none");
    let wanted = host::wanted(topology, node)?;
    let mut differences = pair.actual.differences(&wanted);
    differences.retain(|difference| !is_recorded_only(difference.argument));
    let name = pair.present.name().to_owned();
    Ok(Adopted {
        overrides,
        renamed_from: (name != wanted.key.name).then_some(name),
        wanted,
        present: pair.present,
        differences,
    })
}

/// Facts of creation: the marker records them, and nothing is done about them.
const fn is_recorded_only(argument: Argument) -> bool {
    matches!(
        argument,
        Argument::Template
            | Argument::Clone
            | Argument::Pool
            | Argument::Role
            | Argument::TalosVersion
    )
}

/// Reads what a VM is like; kept beside it, since it is asked for more than once.
fn actual(present: &Present, vmid: VmId) -> Result<Actual, Obstacle> {
    Actual::read(present).map_err(|bad| Obstacle::Unreadable {
        vmid,
        why: bad.to_string(),
    })
}
