//! Whether the VMs of a plan have room on the host together.

use std::collections::BTreeMap;

use pve_api::node::NodeStatus;
use pve_api::storage::Storage;
use pve_api::{DiskSize, MiB, StorageId, VmId};

use crate::{Argument, Problem, Wanted};

/// Kinds of storage on which a disk takes only what was written to it.
const THIN: [&str; 4] = ["lvmthin", "zfspool", "rbd", "btrfs"];

const GIB: u64 = 1 << 30;

/// What the new VMs of a plan take from one node.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Demand {
    vms: BTreeMap<VmId, Share>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Share {
    disk: Option<(StorageId, DiskSize)>,
    memory: Option<MiB>,
}

impl Demand {
    /// Adds a VM; once, however often it is planned.
    pub fn add(&mut self, wanted: &Wanted) {
        let shape = &wanted.shape;
        let share = Share {
            disk: shape.storage.clone().zip(shape.disk),
            memory: shape.memory,
        };
        self.vms.insert(wanted.key.vmid, share);
    }

    fn disks_on(&self, storage: &StorageId) -> u64 {
        let disks = self.vms.values().filter_map(|share| share.disk.as_ref());
        disks
            .filter(|(on, _)| on == storage)
            .map(|(_, size)| size.bytes())
            .sum()
    }

    fn memory(&self) -> u64 {
        let each = self.vms.values().filter_map(|share| share.memory);
        each.map(|memory| memory.0 << 20).sum()
    }
}

/// What the host has too little of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shortage {
    /// What makes an apply fail.
    pub problems: Vec<Problem>,
    /// What goes well until the guests use what they were given.
    pub warnings: Vec<Problem>,
}

/// Compares the demand of a plan, with the wanted VM as its last part, with what there is.
pub fn room(
    wanted: &Wanted,
    demand: &Demand,
    storages: &[Storage],
    status: Option<&NodeStatus>,
) -> Shortage {
    let mut shortage = Shortage::default();
    if let Some((thin, problem)) = disks(wanted, demand, storages) {
        if thin {
            shortage.warnings.push(problem);
        } else {
            shortage.problems.push(problem);
        }
    }
    if let Some(status) = status {
        shortage.problems.extend(cores(wanted, status));
        shortage.warnings.extend(memory(demand, status));
    }
    shortage
}

fn disks(wanted: &Wanted, demand: &Demand, storages: &[Storage]) -> Option<(bool, Problem)> {
    let name = wanted.shape.storage.as_ref()?;
    let storage = storages
        .iter()
        .find(|storage| storage.storage.as_ref() == Some(name))?;
    let needed = demand.disks_on(name);
    if needed <= storage.avail {
        return None;
    }
    let problem = Problem::new(
        Argument::Storage,
        format!(
            "the disks of the new VMs up to this one have {} GiB, and storage `{name}` has {} GiB left",
            needed / GIB,
            storage.avail / GIB
        ),
        "Set a smaller disk_gb, free some room, or use another storage.",
    );
    Some((THIN.contains(&storage.kind.as_str()), problem))
}

/// Proxmox does not start a VM with more virtual CPUs than the host has.
fn cores(wanted: &Wanted, status: &NodeStatus) -> Option<Problem> {
    let (cores, cpus) = (wanted.shape.cores?, status.cpuinfo.cpus);
    (cores > cpus).then(|| {
        Problem::new(
            Argument::Cores,
            format!(
                "node {} has {cpus} CPUs and the VM would have {cores}",
                wanted.key.node
            ),
            format!("Proxmox does not start it: set at most {cpus}."),
        )
    })
}

fn memory(demand: &Demand, status: &NodeStatus) -> Option<Problem> {
    let memory = &status.memory;
    let left = memory.total.saturating_sub(memory.used);
    let needed = demand.memory();
    (needed > left).then(|| {
        Problem::new(
            Argument::Memory,
            format!(
                "the new VMs up to this one have {} GiB of memory, and the host has {} GiB of {} GiB left",
                needed / GIB,
                left / GIB,
                memory.total / GIB
            ),
            "They may be killed by the host when all of them use what they were given.",
        )
    })
}
