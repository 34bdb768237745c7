//! VMs as a whole: `/nodes/{node}/qemu`, clone, resize, delete.

use serde::Deserialize;

use super::power::PowerState;
use crate::lenient;
use crate::request::{Method, Request};
use crate::{DiskSize, DiskSlot, NodeName, PoolId, StorageId, Tags, Upid, VmId, VmName};

pub(super) fn below<R>(method: Method, node: &NodeName, vmid: VmId, rest: &[&str]) -> Request<R> {
    let vmid = vmid.to_string();
    let path = ["nodes", node.as_str(), "qemu", &vmid];
    Request::new(method, path.into_iter().chain(rest.iter().copied()))
}

/// A VM in the list of a node. Read from the configuration files, hence never stale.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VmSummary {
    /// The VMID.
    pub vmid: VmId,
    /// The name; `VM <id>` for one without, as is a clone in progress.
    #[serde(default, deserialize_with = "lenient::text")]
    pub name: String,
    /// Whether it runs.
    pub status: PowerState,
    /// Whether it is a template.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub template: bool,
    /// What holds the VM.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub lock: Option<String>,
    /// Virtual CPUs.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub cpus: u64,
    /// Memory in bytes.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub maxmem: u64,
    /// Size of the boot disk in bytes.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub maxdisk: u64,
    #[serde(default, deserialize_with = "lenient::text")]
    tags: String,
}

impl VmSummary {
    /// Returns the tags.
    pub fn tags(&self) -> Tags {
        Tags::from_stored(&self.tags)
    }
}

/// Asks for the VMs of a node that the caller may audit, templates included.
pub fn list(node: &NodeName) -> Request<Vec<VmSummary>> {
    Request::new(Method::Get, ["nodes", node.as_str(), "qemu"])
}

/// How the disks of a clone are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloneMode {
    /// On top of the template's, which must stay.
    Linked,
    /// Copied, to another storage if one is named.
    Full {
        /// The storage for all disks; none is that of each disk of the source.
        storage: Option<StorageId>,
    },
}

/// A clone to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloneVm {
    /// The VMID of the new VM.
    pub newid: VmId,
    /// Its name.
    pub name: VmName,
    /// Its notes; Proxmox does not check their length here. Empty ones are those of the source.
    pub description: String,
    /// How its disks are made.
    pub mode: CloneMode,
    /// The pool to put it in, at the very end.
    pub pool: Option<PoolId>,
}

/// Clones a VM or template. All else about the new VM is set afterwards.
///
/// Until the task ends, the new VM shows only `lock: clone`. The task's identifier names the source.
pub fn clone(node: &NodeName, source: VmId, clone: &CloneVm) -> Request<Upid> {
    let (full, storage) = match &clone.mode {
        CloneMode::Linked => (0, None),
        CloneMode::Full { storage } => (1, storage.as_ref()),
    };
    below(Method::Post, node, source, &["clone"])
        .with("newid", clone.newid)
        .with("name", &clone.name)
        .with("description", &clone.description)
        .with("full", full)
        .with_some("storage", storage)
        .with_some("pool", clone.pool.as_ref())
}

/// Grows a disk to `size`; the same size does nothing, a smaller one fails in the task.
pub fn resize(node: &NodeName, vmid: VmId, disk: DiskSlot, size: DiskSize) -> Request<Upid> {
    below(Method::Put, node, vmid, &["resize"])
        .with("disk", disk)
        .with("size", size)
}

/// Deletes a VM and all its volumes, also those that its configuration no longer names, and its
/// entries in backup, replication and HA.
pub fn delete(node: &NodeName, vmid: VmId) -> Request<Upid> {
    below(Method::Delete, node, vmid, &[])
        .with("purge", 1)
        .with("destroy-unreferenced-disks", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node() -> NodeName {
        NodeName::new("pve").expect("a name")
    }

    #[test]
    fn a_recorded_list() {
        let text = r#"[{"cpu":0,"cpus":1,"disk":0,"lock":"clone","maxdisk":0,"maxmem":536870912,"mem":0,
            "memhost":0,"name":"VM 201","netin":0,"netout":0,"status":"stopped","uptime":0,"vmid":201},
            {"cpus":2,"maxdisk":67108864,"maxmem":2147483648,"name":"tmpl","serial":1,"status":"stopped",
            "tags":"base;talos","template":1,"vmid":9000}]"#;
        let vms: Vec<VmSummary> = serde_json::from_str(text).expect("a recorded answer");
        assert_eq!(
            (vms[0].lock.as_deref(), vms[0].template),
            (Some("clone"), false)
        );
        assert_eq!(
            (vms[1].template, vms[1].tags().contains("Talos")),
            (true, true)
        );
    }

    #[test]
    fn a_linked_clone_names_no_storage() {
        let clone_of = |mode| {
            let wanted = CloneVm {
                newid: VmId::MIN,
                name: VmName::new("w1").expect("a name"),
                description: "a;b".to_owned(),
                mode,
                pool: None,
            };
            clone(&node(), VmId::MAX, &wanted).body().expect("a form")
        };
        let common = "newid=100&name=w1&description=a%3Bb";
        assert_eq!(clone_of(CloneMode::Linked), format!("{common}&full=0"));
        let storage = Some(StorageId::new("local-lvm").expect("a name"));
        assert_eq!(
            clone_of(CloneMode::Full { storage }),
            format!("{common}&full=1&storage=local-lvm")
        );
    }

    #[test]
    fn sizes_are_written_as_proxmox_reads_them() {
        let request = resize(
            &node(),
            VmId::MIN,
            DiskSlot::SCSI0,
            DiskSize::from_bytes(21_474_836_480),
        );
        assert_eq!(request.body().as_deref(), Some("disk=scsi0&size=20G"));
    }

    #[test]
    fn a_deletion_leaves_nothing() {
        assert_eq!(
            delete(&node(), VmId::MIN).target(),
            "/nodes/pve/qemu/100?purge=1&destroy-unreferenced-disks=1"
        );
    }
}
