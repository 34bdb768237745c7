//! Whether every node of a document is there, waiting for those that are late: its VM, as Proxmox VE sees it, and Talos on it.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use contract::handoff::{BootstrapContract, NodeFacts};
use pve_client::Client;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::advice;
use super::machine::{self, Machine};
use super::probe::{Seen, Trouble, probe};

/// How long to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long one step of one try may take. Linux gives up on an absent neighbour after 3 s, which says more than silence.
    pub patience: Duration,
    /// Tries of a node begin this far apart.
    pub pause: Duration,
    /// No try begins later than this; zero is one try.
    pub wait: Duration,
}

impl Timing {
    /// One try, or as many as begin within `wait`.
    pub const fn waiting(wait: Duration) -> Self {
        Self {
            patience: Duration::from_secs(5),
            pause: Duration::from_secs(2),
            wait,
        }
    }
}

/// What the tries at one node came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeReport {
    /// The node.
    pub name: String,
    /// Where it was tried.
    pub address: String,
    /// Its VM.
    pub machine: Machine,
    /// What was seen, or why nothing was.
    pub outcome: Result<Seen, Trouble>,
    /// What to look at next, for each thing that is wrong.
    pub help: Vec<String>,
}

impl NodeReport {
    /// Whether nothing is wrong, as far as it was looked at.
    pub fn is_fine(&self) -> bool {
        self.outcome.is_ok() && self.machine.troubles().is_empty()
    }
}

/// Is told of each try as it ends, that of a node being waited for included.
pub type Heard = Arc<dyn Fn(&NodeReport) + Send + Sync>;

/// How the nodes are looked at.
pub struct Inspection {
    /// The host to ask for their VMs; without it only the network is tried.
    pub host: Option<Client>,
    /// The port of Talos' API.
    pub port: u16,
    /// How long to try.
    pub timing: Timing,
    /// Who is told of each try.
    pub heard: Heard,
}

/// Tries all nodes at once. The reports are in the document's order.
pub async fn verify(document: &BootstrapContract, inspection: Inspection) -> Vec<NodeReport> {
    let inspection = Arc::new(inspection);
    let mut tries = JoinSet::new();
    for (place, node) in document.nodes.iter().cloned().enumerate() {
        let inspection = Arc::clone(&inspection);
        tries.spawn(async move { (place, inspection.until_fine(&node).await) });
    }
    let mut reports = tries.join_all().await;
    reports.sort_by_key(|(place, _)| *place);
    reports.into_iter().map(|(_, report)| report).collect()
}

impl Inspection {
    async fn until_fine(&self, node: &NodeFacts) -> NodeReport {
        let Timing { pause, wait, .. } = self.timing;
        let deadline = Instant::now() + wait;
        let mut ticks = interval(pause);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let report = self.once(node).await;
            (self.heard)(&report);
            if report.is_fine() || Instant::now() + pause > deadline {
                return report;
            }
        }
    }

    async fn once(&self, node: &NodeFacts) -> NodeReport {
        let (machine, outcome) = tokio::join!(self.machine(node), self.talos(node));
        NodeReport {
            name: node.name.clone(),
            address: node.address.clone(),
            help: advice::ways_out(&machine, outcome.as_ref().err(), node),
            machine,
            outcome,
        }
    }

    async fn machine(&self, node: &NodeFacts) -> Machine {
        match &self.host {
            Some(client) => machine::ask(client, node).await,
            None => Machine::NotAsked,
        }
    }

    async fn talos(&self, node: &NodeFacts) -> Result<Seen, Trouble> {
        match node.address.parse::<IpAddr>() {
            Ok(address) => probe(SocketAddr::new(address, self.port), self.timing.patience).await,
            Err(error) => Err(Trouble::Other(error.to_string())),
        }
    }
}
