//! Storages and what they hold: `/nodes/{node}/storage`.

use serde::Deserialize;

use crate::lenient;
use crate::request::{Method, Request};
use crate::{DiskSize, NodeName, StorageId, VmId};

/// A storage as a node sees it. Sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Storage {
    /// The name; absent in the answer for one storage.
    #[serde(default)]
    pub storage: Option<StorageId>,
    /// The kind, as in `dir`, `lvmthin`, `zfspool`.
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(default, deserialize_with = "lenient::text")]
    content: String,
    /// Whether it is switched on.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub enabled: bool,
    /// Whether it can be reached.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub active: bool,
    /// Whether other nodes see the same.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub shared: bool,
    /// All space.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub total: u64,
    /// Used space.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub used: u64,
    /// Free space.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub avail: u64,
}

impl Storage {
    /// Returns what may be stored, as in `images`; Proxmox gives it in no fixed order.
    pub fn content(&self) -> impl Iterator<Item = &str> {
        self.content.split(',').filter(|kind| !kind.is_empty())
    }

    /// Returns whether disks of VMs may be stored.
    pub fn takes_images(&self) -> bool {
        self.content().any(|kind| kind == "images")
    }
}

/// Asks for the storages of a node that the caller may use or audit, those switched off included.
pub fn storages(node: &NodeName) -> Request<Vec<Storage>> {
    Request::new(Method::Get, ["nodes", node.as_str(), "storage"])
}

/// Asks for one storage. Unknown: status 400 with an error for `storage`.
pub fn status(node: &NodeName, storage: &StorageId) -> Request<Storage> {
    Request::new(
        Method::Get,
        [
            "nodes",
            node.as_str(),
            "storage",
            storage.as_str(),
            "status",
        ],
    )
}

/// Something that a storage holds.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct StoredVolume {
    /// The name with its storage, as in `local:100/vm-100-disk-0.raw`.
    pub volid: String,
    /// The kind, as in `images`, `iso`.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub content: Option<String>,
    /// The format, as in `raw`.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub format: Option<String>,
    #[serde(default, deserialize_with = "lenient::whole")]
    size: u64,
    /// The VM or container that it belongs to.
    #[serde(default)]
    pub vmid: Option<VmId>,
}

impl StoredVolume {
    /// Returns the size that a guest sees.
    pub fn size(&self) -> DiskSize {
        DiskSize::from_bytes(self.size)
    }
}

/// Asks what a storage holds, of one VM only when `vmid` is given.
pub fn content(
    node: &NodeName,
    storage: &StorageId,
    vmid: Option<VmId>,
) -> Request<Vec<StoredVolume>> {
    Request::new(
        Method::Get,
        [
            "nodes",
            node.as_str(),
            "storage",
            storage.as_str(),
            "content",
        ],
    )
    .with_some("vmid", vmid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_storage() {
        let text = r#"{"active":1,"avail":1000,"content":"backup,images,import,iso,vztmpl","enabled":1,
            "shared":0,"storage":"local","total":3000,"type":"dir","used":2000,"used_fraction":0.6}"#;
        let storage: Storage = serde_json::from_str(text).expect("a recorded answer");
        assert!(storage.takes_images() && storage.active && !storage.shared);
        assert_eq!(
            (storage.total, storage.used, storage.avail),
            (3000, 2000, 1000)
        );
    }

    #[test]
    fn recorded_volumes_with_and_without_a_vm() {
        let text = r#"[{"content":"import","ctime":1,"format":"qcow2","size":196616,"volid":"local:import/talos.qcow2"},
            {"content":"images","ctime":1,"format":"raw","parent":null,"size":67108864,"used":0,"vmid":100,"volid":"local:100/vm-100-disk-0.raw"}]"#;
        let volumes: Vec<StoredVolume> = serde_json::from_str(text).expect("a recorded answer");
        let seen: Vec<_> = volumes
            .iter()
            .map(|volume| (volume.vmid.map(VmId::get), volume.size().bytes()))
            .collect();
        assert_eq!(seen, [(None, 196_616), (Some(100), 67_108_864)]);
    }
}
