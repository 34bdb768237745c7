//! What all parts of one provider process share: the configured run, the VMs that the state holds,
//! and the VMIDs that this run has planned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use host::{Environment, Facts, Host, Unread, is_about_the_host};
use pve_api::pci::MappedDevice;
use pve_api::{MappingId, NodeName, VmId};
use pve_client::{Client, Error};
use tf_plugin::Diagnostic;
use vm::{Demand, DeviceClaim, Wanted};

use crate::policy::Policy;
use crate::report;
use crate::talos_vm::quorum::Member;

/// One provider process.
pub struct Session {
    pub(crate) environment: Environment,
    configured: Mutex<Configured>,
    /// The VMs of state rows, as far as Terraform has shown them to this process.
    seen: Mutex<BTreeSet<(NodeName, VmId)>>,
    /// Which VM this run plans on which VMID.
    planned: Mutex<BTreeMap<VmId, String>>,
    /// The PCI mappings of state rows.
    seen_mappings: Mutex<BTreeSet<MappingId>>,
    /// The PCI mappings that this run plans.
    planned_mappings: Mutex<BTreeMap<MappingId, MappedDevice>>,
    /// PCI mappings that the plan found not to be there, until they are made.
    missing_mappings: Mutex<BTreeSet<MappingId>>,
    /// The devices that this run gives to its VMs.
    planned_devices: Mutex<BTreeMap<VmId, DeviceClaim>>,
    /// What the new VMs of this run take from each node.
    demands: Mutex<BTreeMap<NodeName, Demand>>,
    /// Problems with the host that were said, and for which VM.
    told: Mutex<BTreeMap<String, String>>,
    /// VMs that this run refuses without saying so again, with the VM that it was said for.
    refused: Mutex<BTreeMap<VmId, String>>,
    /// The control planes of the host, when somebody had to know.
    pub(crate) control_planes: tokio::sync::OnceCell<Vec<Member>>,
    /// Held while a VM is restarted: one at a time.
    pub(crate) restarting: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
enum Configured {
    No,
    Later,
    Run(Arc<Run>),
}

/// A run against one host.
pub(crate) struct Run {
    pub(crate) client: Client,
    pub(crate) policy: Policy,
    pub(crate) facts: Facts,
    /// Whether the caller is root@pam with a password, to whom some options are reserved.
    pub(crate) is_root: bool,
    /// The version of Proxmox VE.
    pub(crate) version: String,
    provenance: String,
    explained: Mutex<bool>,
}

impl Run {
    pub(crate) fn new(host: Host, policy: Policy) -> Self {
        Self {
            client: host.client,
            policy,
            facts: host.facts,
            is_root: host.is_root,
            version: host.version,
            provenance: host.provenance,
            explained: Mutex::new(false),
        }
    }

    /// Says what went wrong. A host that cannot be reached is explained once, not once per VM.
    pub(crate) fn report(&self, summary: &str, error: &Error) -> Diagnostic {
        if !is_about_the_host(error) {
            return report::call(summary, error);
        }
        if std::mem::replace(&mut *lock(&self.explained), true) {
            return Diagnostic::error(summary)
                .detail("The host cannot be used, as reported for another VM.");
        }
        report::host(&self.provenance, error)
    }

    /// Says that a fact could not be read.
    pub(crate) fn unread(&self, unread: &Unread) -> Diagnostic {
        self.report(&format!("Unable to {}", unread.what), &unread.error)
    }
}

impl Session {
    /// A process that Terraform has not configured yet.
    pub fn new(environment: Environment) -> Self {
        Self {
            environment,
            configured: Mutex::new(Configured::No),
            seen: Mutex::default(),
            planned: Mutex::default(),
            seen_mappings: Mutex::default(),
            planned_mappings: Mutex::default(),
            missing_mappings: Mutex::default(),
            planned_devices: Mutex::default(),
            demands: Mutex::default(),
            told: Mutex::default(),
            refused: Mutex::default(),
            control_planes: tokio::sync::OnceCell::new(),
            restarting: tokio::sync::Mutex::default(),
        }
    }

    /// Takes the run; none when the provider block is not wholly known yet.
    pub(crate) fn configure(&self, run: Option<Run>) {
        let configured = run.map_or(Configured::Later, |run| Configured::Run(Arc::new(run)));
        *lock(&self.configured) = configured;
    }

    /// Returns the run; none while the provider block is not wholly known, which happens in a plan
    /// only.
    pub(crate) fn run(&self) -> Result<Option<Arc<Run>>, Diagnostic> {
        match lock(&self.configured).clone() {
            Configured::Run(run) => Ok(Some(run)),
            Configured::Later => Ok(None),
            Configured::No => Err(Diagnostic::error("The provider is not configured").detail(
                "Terraform asked for a VM before it configured the provider. This is a fault of \
                 Terraform or of em-infra: please report it.",
            )),
        }
    }

    /// Returns the run of a call that cannot do without.
    pub(crate) fn need_run(&self) -> Result<Arc<Run>, Diagnostic> {
        self.run()?.ok_or_else(|| {
            Diagnostic::error("The provider block is not known yet").detail(
                "An argument of the provider block comes from something that is not made yet, so the \
                 host cannot be called. Apply that first (terraform apply -target=…).",
            )
        })
    }

    /// Notes a VM that a state row holds.
    pub(crate) fn saw(&self, node: NodeName, vmid: VmId) {
        lock(&self.seen).insert((node, vmid));
    }

    /// Returns whether a state row holds the VM.
    pub(crate) fn has_seen(&self, node: &NodeName, vmid: VmId) -> bool {
        lock(&self.seen).contains(&(node.clone(), vmid))
    }

    /// Notes that this run plans the VM; gives the name of another one planned for the same VMID.
    pub(crate) fn plan(&self, vmid: VmId, name: &str) -> Option<String> {
        let mut planned = lock(&self.planned);
        let first = planned.entry(vmid).or_insert_with(|| name.to_owned());
        (first != name).then(|| first.clone())
    }

    /// Notes a PCI mapping that a state row holds.
    pub(crate) fn saw_mapping(&self, id: MappingId) {
        lock(&self.seen_mappings).insert(id);
    }

    /// Returns whether a state row holds the PCI mapping.
    pub(crate) fn has_seen_mapping(&self, id: &MappingId) -> bool {
        lock(&self.seen_mappings).contains(id)
    }

    /// Notes what this run makes of a PCI mapping.
    pub(crate) fn plans_mapping(&self, id: MappingId, device: MappedDevice) {
        lock(&self.planned_mappings).insert(id, device);
    }

    /// Notes that a PCI mapping is not there.
    pub(crate) fn misses_mapping(&self, id: MappingId) {
        lock(&self.missing_mappings).insert(id);
    }

    /// Returns, once, whether a PCI mapping was not there when it was planned.
    pub(crate) fn missed_mapping(&self, id: &MappingId) -> bool {
        lock(&self.missing_mappings).remove(id)
    }

    /// Returns the PCI mappings that this run makes.
    pub(crate) fn planned_mappings(&self) -> BTreeMap<MappingId, MappedDevice> {
        lock(&self.planned_mappings).clone()
    }

    /// Notes that a problem is said for a VM; gives the VM for which it was said already.
    pub(crate) fn tells(&self, problem: String, name: &str) -> Option<String> {
        let mut told = lock(&self.told);
        let first = told.entry(problem).or_insert_with(|| name.to_owned());
        (first != name).then(|| first.clone())
    }

    /// Notes that a VM is refused for what was said for another.
    pub(crate) fn refuses(&self, vmid: VmId, because_of: String) {
        lock(&self.refused).insert(vmid, because_of);
    }

    /// Returns the VM for which it was said why this one is refused.
    pub(crate) fn refused(&self, vmid: VmId) -> Option<String> {
        lock(&self.refused).get(&vmid).cloned()
    }

    /// Notes that this run makes a VM; returns what all new VMs of its node take together.
    pub(crate) fn demands(&self, wanted: &Wanted) -> Demand {
        let mut demands = lock(&self.demands);
        let demand = demands.entry(wanted.key.node.clone()).or_default();
        demand.add(wanted);
        demand.clone()
    }

    /// Notes which devices this run gives to a VM; returns what it gives to others.
    pub(crate) fn plans_devices(&self, claim: DeviceClaim) -> Vec<DeviceClaim> {
        let mut planned = lock(&self.planned_devices);
        let others = planned
            .values()
            .filter(|other| other.vmid != claim.vmid)
            .cloned()
            .collect();
        planned.insert(claim.vmid, claim);
        others
    }
}

/// A handler that panicked left plain data, which is still usable.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
