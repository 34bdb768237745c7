//! Resource pools: `/pools`.

use serde::Deserialize;

use crate::lenient;
use crate::request::{Method, Nothing, Request};
use crate::{PoolId, VmId};

/// A pool.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pool {
    /// The name.
    pub poolid: PoolId,
    /// What a person wrote of it.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub comment: Option<String>,
    /// VMs, containers and storages; only in the answer for one pool.
    #[serde(default)]
    pub members: Vec<PoolMember>,
}

/// Something in a pool.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PoolMember {
    /// `qemu`, `lxc` or `storage`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The VMID, unless it is a storage.
    #[serde(default)]
    pub vmid: Option<VmId>,
}

/// Asks for the pools that the caller may audit.
pub fn pools() -> Request<Vec<Pool>> {
    Request::new(Method::Get, ["pools"])
}

/// Asks for one pool with its members; the answer is a list of one.
pub fn pool(id: &PoolId) -> Request<Vec<Pool>> {
    pools().with("poolid", id)
}

/// Puts VMs into a pool.
pub fn add_vms(id: &PoolId, vmids: &[VmId]) -> Request<Nothing> {
    change(id, vmids)
}

/// Puts VMs into a pool that may be in another one.
pub fn move_vms(id: &PoolId, vmids: &[VmId]) -> Request<Nothing> {
    change(id, vmids).with("allow-move", 1)
}

/// Takes VMs out of a pool.
pub fn remove_vms(id: &PoolId, vmids: &[VmId]) -> Request<Nothing> {
    change(id, vmids).with("delete", 1)
}

fn change(id: &PoolId, vmids: &[VmId]) -> Request<Nothing> {
    let vms: Vec<String> = vmids.iter().map(VmId::to_string).collect();
    Request::new(Method::Put, ["pools"])
        .with("poolid", id)
        .with("vms", vms.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_with_members() {
        let text = r#"[{"members":[{"id":"qemu/700","node":"pve","status":"unknown","type":"qemu","vmid":700},
            {"id":"storage/pve/local","storage":"local","type":"storage"}],"poolid":"pl"}]"#;
        let pools: Vec<Pool> = serde_json::from_str(text).expect("a pool");
        let vmids: Vec<_> = pools[0]
            .members
            .iter()
            .map(|member| member.vmid.map(VmId::get))
            .collect();
        assert_eq!(vmids, [Some(700), None]);
    }
}
