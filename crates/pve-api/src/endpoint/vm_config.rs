//! The configuration of a VM: `/nodes/{node}/qemu/{vmid}/config`, `pending`, `cloudinit`.

use super::vm;
use crate::request::{Method, Nothing, Request};
use crate::{ConfigChange, NodeName, PendingOption, VmConfig, VmId};

/// Which values of a configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum View {
    /// With what is pending: what the VM has after its next start.
    Pending,
    /// Without: what a running VM has now.
    Current,
}

/// Asks for a configuration. A missing VM is status 500; without VM.Audit it is 403 for every VMID.
pub fn config(node: &NodeName, vmid: VmId, view: View) -> Request<VmConfig> {
    let current = (view == View::Current).then_some(1);
    vm::below(Method::Get, node, vmid, &["config"]).with_some("current", current)
}

/// Asks for all options with what is pending for each.
pub fn pending(node: &NodeName, vmid: VmId) -> Request<Vec<PendingOption>> {
    vm::below(Method::Get, node, vmid, &["pending"])
}

/// Changes a configuration and waits until that is done. See [`ConfigChange`] on failures.
pub fn change(node: &NodeName, vmid: VmId, change: &ConfigChange) -> Request<Nothing> {
    change.add_to(vm::below(Method::Put, node, vmid, &["config"]))
}

/// Writes the cloud-init drive anew. Needs VM.Config.Cloudinit.
pub fn regenerate_cloud_init(node: &NodeName, vmid: VmId) -> Request<Nothing> {
    vm::below(Method::Put, node, vmid, &["cloudinit"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_values_are_asked_for() {
        let node = NodeName::new("pve").expect("a name");
        assert_eq!(
            config(&node, VmId::MIN, View::Pending).target(),
            "/nodes/pve/qemu/100/config"
        );
        assert_eq!(
            config(&node, VmId::MIN, View::Current).target(),
            "/nodes/pve/qemu/100/config?current=1"
        );
    }

    #[test]
    fn a_change_is_one_form() {
        let node = NodeName::new("pve").expect("a name");
        let wanted = ConfigChange::default()
            .set("cores", 4)
            .delete("serial0")
            .delete("net1")
            .revert("memory")
            .only_if("abc")
            .destroy_removed_disks();
        let request = change(&node, VmId::MIN, &wanted);
        assert_eq!(
            request.body().as_deref(),
            Some("cores=4&delete=net1%2Cserial0&revert=memory&digest=abc&force=1")
        );
    }
}
