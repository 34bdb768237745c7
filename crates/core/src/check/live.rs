//! The nodes of an environment against its live host: what would make an apply fail, found by reading alone.
//!
//! The judgement is `vm`'s and `host`'s, the same that Terraform's plan uses; here it is put together for all nodes,
//! each finding once with the nodes that it concerns.

use std::collections::{BTreeMap, BTreeSet};

use contract::{Severity, Topology};
use host::{Creation, Devices, Host, Unread, explained, sentence};
use pve_api::{NodeName, VmId};
use pve_client::{Client, Error};
use serde::Serialize;
use tokio::task::JoinSet;
use vm::{Demand, DeviceClaim, Identity, InState, Observed, Problem, VmKey, Wanted, identity_of};

/// How far above a taken VMID a free one is looked for.
const REACH: u32 = 25;

/// What the host says to the nodes.
#[derive(Debug, Serialize)]
pub struct Live {
    /// Which host was asked, by whom, and where that was said.
    pub host: String,
    /// The version of Proxmox VE.
    pub version: String,
    /// How many nodes have to be made.
    pub new: usize,
    /// How many are there already, with everything that proves them to be this environment's.
    pub existing: usize,
    /// What is wrong or worth knowing.
    pub remarks: Vec<Remark>,
}

/// One thing that the host has against nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// How much it weighs.
    #[serde(serialize_with = "as_word")]
    pub severity: Severity,
    /// The nodes that it is about.
    pub nodes: Vec<String>,
    /// The argument at fault, in Terraform's words.
    pub argument: Option<&'static str>,
    /// What is wrong.
    pub message: String,
    /// What to do or to type.
    pub help: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn as_word<S: serde::Serializer>(severity: &Severity, out: S) -> Result<S::Ok, S::Error> {
    out.serialize_str(severity.as_str())
}

impl Live {
    /// How many remarks weigh this much.
    pub fn count(&self, severity: Severity) -> usize {
        let same = self
            .remarks
            .iter()
            .filter(|remark| remark.severity == severity);
        same.count()
    }
}

/// Judges every node. Nothing but GET is sent.
pub async fn preflight(host: &Host, topology: &Topology) -> Live {
    let mut preflight = Preflight {
        host,
        live: Live {
            host: host.provenance.clone(),
            version: host.version.clone(),
            new: 0,
            existing: 0,
            remarks: Vec::new(),
        },
    };
    let wanted = preflight.wanted(topology);
    let reachable = preflight.on_usable_nodes(wanted).await;
    let new = preflight.absent(&reachable).await;
    preflight.creations(&new).await;
    preflight.devices(topology, &reachable, &new).await;
    preflight.live
}

impl Remark {
    fn says_the_same(&self, other: &Self) -> bool {
        (self.severity, self.argument) == (other.severity, other.argument)
            && self.message == other.message
            && self.help == other.help
    }
}

struct Preflight<'a> {
    host: &'a Host,
    live: Live,
}

impl Preflight<'_> {
    fn wanted(&mut self, topology: &Topology) -> Vec<Wanted> {
        let mut all = Vec::new();
        for node in &topology.nodes {
            match host::wanted(topology, node) {
                Ok(wanted) => all.push(wanted),
                Err(problem) => {
                    let help = "correct the inputs";
                    self.say(
                        Severity::Error,
                        &node.name,
                        None,
                        &problem.to_string(),
                        help,
                    );
                }
            }
        }
        all
    }

    /// Those whose Proxmox node is there and up; on another one nothing else can be judged.
    async fn on_usable_nodes(&mut self, wanted: Vec<Wanted>) -> Vec<Wanted> {
        let mut usable = Vec::new();
        for wanted in wanted {
            match host::node_problem(&self.host.facts, &wanted).await {
                Ok(None) => usable.push(wanted),
                Ok(Some(problem)) => self.problem(Severity::Error, &wanted, &problem),
                Err(unread) => self.unread(&wanted, &unread),
            }
        }
        usable
    }

    /// Those that have to be made. Every VMID is asked for by itself, since no list proves that nothing is there.
    async fn absent<'w>(&mut self, wanted: &'w [Wanted]) -> Vec<&'w Wanted> {
        let planned: BTreeSet<VmId> = wanted.iter().map(|wanted| wanted.key.vmid).collect();
        let mut absent = Vec::new();
        for (wanted, seen) in wanted.iter().zip(look_at(&self.host.client, wanted).await) {
            match seen {
                Ok(Observed::Absent) => absent.push(wanted),
                Ok(Observed::Present(present)) => {
                    match identity_of(&present, wanted, InState::No) {
                        Identity::Stranger(why) => {
                            let what = format!("is another VM's: {why}");
                            self.taken(wanted, &what, &planned).await;
                        }
                        Identity::CloneOfOurs { original } => {
                            let what = format!("is a copy of this environment's VM {original}");
                            self.taken(wanted, &what, &planned).await;
                        }
                        Identity::Ours { .. }
                        | Identity::OursRepairMarker
                        | Identity::InterruptedCreate { .. } => self.live.existing += 1,
                    }
                }
                Ok(Observed::Cloning(_)) => {
                    let message = format!("VM {} is being cloned", wanted.key.vmid);
                    let help = "wait for the clone, or see its task on the host";
                    self.say(
                        Severity::Warning,
                        &wanted.key.name,
                        Some("vmid"),
                        &message,
                        help,
                    );
                }
                Ok(Observed::Hidden) => {
                    let what = "belongs to something that these credentials may not see";
                    self.taken(wanted, what, &planned).await;
                }
                Err(error) => {
                    let what = "look at the VM";
                    self.failed(wanted, what, &error);
                }
            }
        }
        self.live.new = absent.len();
        absent
    }

    async fn taken(&mut self, wanted: &Wanted, what: &str, planned: &BTreeSet<VmId>) {
        let free = next_free(&self.host.client, wanted.key.vmid, planned).await;
        let name = &wanted.key.name;
        let help = match free {
            Some(free) => {
                format!(
                    "VMID {free} is free: node_overrides[\"{name}\"] = {{ vmid = {free} }}, or another `vmid_start`"
                )
            }
            None => "write another `vmid_start`".to_owned(),
        };
        let message = format!("VMID {} {what}", wanted.key.vmid);
        self.say(Severity::Error, name, Some("vmid"), &message, &help);
    }

    async fn creations(&mut self, new: &[&Wanted]) {
        let mut demands: BTreeMap<&NodeName, Demand> = BTreeMap::new();
        for wanted in new {
            demands.entry(&wanted.key.node).or_default().add(wanted);
        }
        for wanted in new {
            let Some(demand) = demands.get(&wanted.key.node) else {
                continue;
            };
            match host::creation(&self.host.facts, wanted, demand).await {
                Ok(creation) => self.creation(wanted, &creation),
                Err(unread) => self.unread(wanted, &unread),
            }
        }
    }

    fn creation(&mut self, wanted: &Wanted, found: &Creation) {
        for problem in &found.problems {
            self.problem(Severity::Error, wanted, problem);
        }
        for problem in &found.shortages {
            self.problem(Severity::Warning, wanted, problem);
        }
        let name = &wanted.key.name;
        if let Some(vmid) = found.namesake {
            let message = format!("VM {vmid} has the name `{name}` as well");
            let help = "rename one of them: two VMs of one name are mixed up sooner or later";
            self.say(Severity::Warning, name, Some("name"), &message, help);
        }
        if found.may_only_read {
            let help =
                "use another token for the apply; `em-infra token` prints the lines that make one";
            let message =
                "these credentials may only read: a plan works with them, an apply does not";
            self.say(Severity::Warning, name, None, message, help);
        }
    }

    async fn devices(&mut self, topology: &Topology, wanted: &[Wanted], new: &[&Wanted]) {
        let has_gpus = |wanted: &&&Wanted| wanted.shape.gpus.iter().flatten().next().is_some();
        let with_gpus: Vec<&Wanted> = new.iter().filter(has_gpus).copied().collect();
        let Some(first) = with_gpus.first() else {
            return;
        };
        let mappings = match host::gpu_mappings(&self.host.facts, topology).await {
            Ok((mappings, problems)) => {
                for (name, problem) in problems {
                    let argument = Some(problem.argument.name());
                    self.say(
                        Severity::Error,
                        &name,
                        argument,
                        &problem.what,
                        &problem.help,
                    );
                }
                mappings
            }
            Err(unread) => return self.unread(first, &unread),
        };
        let planned: BTreeSet<VmId> = wanted.iter().map(|wanted| wanted.key.vmid).collect();
        for wanted_one in with_gpus {
            let others: Vec<DeviceClaim> = wanted
                .iter()
                .filter(|other| other.key.vmid != wanted_one.key.vmid)
                .map(claim)
                .collect();
            let devices = Devices {
                facts: &self.host.facts,
                planned_mappings: &mappings,
                planned_claims: &others,
                is_planned: &|_, vmid| planned.contains(&vmid),
            };
            match devices.problems(wanted_one).await {
                Ok(problems) => problems
                    .iter()
                    .for_each(|problem| self.problem(Severity::Error, wanted_one, problem)),
                Err(unread) => self.unread(wanted_one, &unread),
            }
        }
    }

    fn problem(&mut self, severity: Severity, wanted: &Wanted, problem: &Problem) {
        let argument = Some(problem.argument.name());
        self.say(
            severity,
            &wanted.key.name,
            argument,
            &problem.what,
            &problem.help,
        );
    }

    fn unread(&mut self, wanted: &Wanted, unread: &Unread) {
        self.failed(wanted, unread.what, &unread.error);
    }

    /// A fact that could not be read: what depends on it was not judged.
    fn failed(&mut self, wanted: &Wanted, what: &str, error: &Error) {
        let message = format!("could not {what}, so what depends on it was not judged");
        self.say(
            Severity::Error,
            &wanted.key.name,
            None,
            &message,
            &explained(error),
        );
    }

    /// Says it once, with every node that it is about.
    fn say(
        &mut self,
        severity: Severity,
        node: &str,
        argument: Option<&'static str>,
        message: &str,
        help: &str,
    ) {
        let remark = Remark {
            severity,
            nodes: Vec::new(),
            argument,
            message: message.to_owned(),
            help: sentence(help),
        };
        let alike = |said: &&mut Remark| said.says_the_same(&remark);
        match self.live.remarks.iter_mut().find(alike) {
            Some(said) => said.nodes.push(node.to_owned()),
            None => self.live.remarks.push(Remark {
                nodes: vec![node.to_owned()],
                ..remark
            }),
        }
    }
}

fn claim(wanted: &Wanted) -> DeviceClaim {
    DeviceClaim {
        vmid: wanted.key.vmid,
        name: wanted.key.name.clone(),
        devices: wanted.shape.gpus.clone().unwrap_or_default(),
    }
}

/// Looks at every VMID at the same time; the answers are in the order of the nodes.
async fn look_at(client: &Client, wanted: &[Wanted]) -> Vec<Result<Observed, Error>> {
    let mut looks = JoinSet::new();
    for (index, wanted) in wanted.iter().enumerate() {
        let (client, key): (Client, VmKey) = (client.clone(), wanted.key.clone());
        looks.spawn(async move { (index, host::look(&client, &key).await) });
    }
    let mut seen = looks.join_all().await;
    seen.sort_by_key(|(index, _)| *index);
    seen.into_iter().map(|(_, seen)| seen).collect()
}

/// The next VMID that nothing has and no node will have; the host counts what these credentials cannot see as well.
async fn next_free(client: &Client, taken: VmId, planned: &BTreeSet<VmId>) -> Option<VmId> {
    let candidates = (1..=REACH).filter_map(|step| VmId::new(taken.get().checked_add(step)?).ok());
    for candidate in candidates.filter(|candidate| !planned.contains(candidate)) {
        if client.is_vmid_free(candidate).await.ok()? {
            return Some(candidate);
        }
    }
    None
}
