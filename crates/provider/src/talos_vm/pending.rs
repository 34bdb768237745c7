//! Options that wait for the next start of a VM: what a refused change left is dropped, what an
//! accepted one left is said.

use pve_api::{ConfigChange, VmConfig};
use vm::{VmKey, dropping, leftovers};

use crate::session::Run;

/// Drops what Proxmox stored of a change before it refused it, so that the VM is as it was. Gives
/// the options that are stored all the same.
pub(super) async fn undo(
    run: &Run,
    key: &VmKey,
    change: &ConfigChange,
    before: &VmConfig,
) -> Vec<String> {
    // The refusal itself is what the user has to know, even where nobody can tell what was stored of it.
    let left = waiting(run, key, change, before).await;
    let Some(revert) = dropping(&left) else {
        return Vec::new();
    };
    match run.client.set_config(&key.node, key.vmid, &revert).await {
        Ok(()) => Vec::new(),
        Err(error) => {
            tracing::warn!(vm = %key, %error, "unable to drop what a refused change left behind");
            left
        }
    }
}

/// Returns the options of a change that wait for the next start; none where that cannot be seen.
pub(super) async fn waiting(
    run: &Run,
    key: &VmKey,
    change: &ConfigChange,
    before: &VmConfig,
) -> Vec<String> {
    match run.client.vm_pending(&key.node, key.vmid).await {
        Ok(pending) => leftovers(change, before, &pending),
        Err(error) => {
            tracing::warn!(vm = %key, %error, "unable to see what of a change waits for the next start");
            Vec::new()
        }
    }
}
