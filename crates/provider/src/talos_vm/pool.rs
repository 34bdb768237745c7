//! The resource pool of a VM. No option of the VM holds it, so it is looked up and written apart.

use pve_api::PoolId;
use pve_api::cluster::VmResource;
use tf_plugin::{AttributePath, Diagnostic};
use vm::{VmKey, Wanted};

use crate::session::Run;

/// Returns the pool that a VM is in, if any; none when the VM is not listed at all.
pub(super) async fn shown(run: &Run, key: &VmKey) -> Result<Option<Option<String>>, Diagnostic> {
    let listed = run.facts.resources().await;
    let listed =
        listed.map_err(|error| run.report(&format!("Unable to read the pool of {key}"), &error))?;
    Ok(pool_of(&listed, key))
}

fn pool_of(listed: &[VmResource], key: &VmKey) -> Option<Option<String>> {
    let listed = listed.iter().find(|vm| vm.vmid == key.vmid)?;
    Some(listed.pool.clone().filter(|pool| !pool.is_empty()))
}

/// Puts a VM into its pool, if it is managed and the VM is not there.
pub(super) async fn settle(run: &Run, wanted: &Wanted) -> Result<(), Diagnostic> {
    let key = &wanted.key;
    let failed = |error: &pve_client::Error| {
        run.report(&format!("Unable to put {key} into its pool"), error)
            .at(AttributePath::new("pool"))
    };
    let Some(Ok(pool)) = wanted.origin.pool.as_deref().map(PoolId::new) else {
        return Ok(());
    };
    let listed = run.client.vm_resources().await;
    let listed = listed.map_err(|error| failed(&error))?;
    let moved = match pool_of(&listed, key) {
        Some(Some(is)) if is == pool.to_string() => return Ok(()),
        Some(Some(_)) => run.client.move_to_pool(&pool, &[key.vmid]).await,
        Some(None) => run.client.add_to_pool(&pool, &[key.vmid]).await,
        // Without a place in the list nothing says that it is elsewhere.
        None => return Ok(()),
    };
    moved.map_err(|error| failed(&error))
}
