//! Whether every node of a document is there, waiting for those that are late.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use contract::handoff::{BootstrapContract, NodeFacts};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::advice::way_out;
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
    /// What was seen, or why nothing was.
    pub outcome: Result<Seen, Trouble>,
    /// What to look at next, for a node that was not seen.
    pub help: Option<String>,
}

/// Is told of each try as it ends, that of a node being waited for included.
pub type Heard = Arc<dyn Fn(&NodeReport) + Send + Sync>;

/// Tries all nodes at once. The reports are in the document's order.
pub async fn verify(
    document: &BootstrapContract,
    port: u16,
    timing: Timing,
    heard: Heard,
) -> Vec<NodeReport> {
    let mut tries = JoinSet::new();
    for (place, node) in document.nodes.iter().cloned().enumerate() {
        let heard = Arc::clone(&heard);
        tries.spawn(async move { (place, until_seen(&node, port, timing, &heard).await) });
    }
    let mut reports = tries.join_all().await;
    reports.sort_by_key(|(place, _)| *place);
    reports.into_iter().map(|(_, report)| report).collect()
}

async fn until_seen(node: &NodeFacts, port: u16, timing: Timing, heard: &Heard) -> NodeReport {
    let deadline = Instant::now() + timing.wait;
    let mut ticks = interval(timing.pause);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let report = once(node, port, timing.patience).await;
        heard(&report);
        if report.outcome.is_ok() || Instant::now() + timing.pause > deadline {
            return report;
        }
    }
}

async fn once(node: &NodeFacts, port: u16, patience: Duration) -> NodeReport {
    let outcome = match node.address.parse::<IpAddr>() {
        Ok(address) => probe(SocketAddr::new(address, port), patience).await,
        Err(error) => Err(Trouble::Other(error.to_string())),
    };
    NodeReport {
        name: node.name.clone(),
        address: node.address.clone(),
        help: outcome.as_ref().err().map(|trouble| way_out(trouble, node)),
        outcome,
    }
}
