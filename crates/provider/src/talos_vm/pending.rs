//! Options that wait for the next start of a VM: what a refused change left is dropped, what an
//! accepted one left is said.

use pve_api::{ConfigChange, VmConfig};
use pve_client::Error;
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
    let left = match left(run, key, change, before).await {
        Ok(left) => left,
        // The refusal itself is what the user has to know; what was stored of it nobody can tell.
        Err(error) => {
            tracing::warn!(vm = %key, %error, "unable to see what a refused change left behind");
            return Vec::new();
        }
    };
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

/// Returns the options of a change that wait for the next start.
pub(super) async fn left(
    run: &Run,
    key: &VmKey,
    change: &ConfigChange,
    before: &VmConfig,
) -> Result<Vec<String>, Error> {
    let pending = run.client.vm_pending(&key.node, key.vmid).await?;
    Ok(leftovers(change, before, &pending))
}
