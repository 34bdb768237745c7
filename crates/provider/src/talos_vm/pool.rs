//! The resource pool of a VM. No option of the VM holds it, so it is looked up and written apart.

use pve_api::PoolId;
use pve_api::cluster::VmResource;
use tf_plugin::{AttributePath, Diagnostic};
use vm::{VmKey, Wanted};

use crate::session::Run;

/// Where a VM is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Membership {
    /// The VM is not listed, so nothing is known.
    Unknown,
    /// In no pool.
    Alone,
    /// In this pool.
    In(String),
}

/// Returns the pool that a VM is in.
pub(super) async fn shown(run: &Run, key: &VmKey) -> Result<Membership, Diagnostic> {
    let listed = run.facts.resources().await;
    let listed =
        listed.map_err(|error| run.report(&format!("Unable to read the pool of {key}"), &error))?;
    Ok(membership(&listed, key))
}

fn membership(listed: &[VmResource], key: &VmKey) -> Membership {
    match listed.iter().find(|vm| vm.vmid == key.vmid) {
        None => Membership::Unknown,
        Some(vm) => match vm.pool.as_deref() {
            None | Some("") => Membership::Alone,
            Some(pool) => Membership::In(pool.to_owned()),
        },
    }
}

/// Puts a VM into its pool, if it is managed and the VM is not there.
pub(super) async fn settle(run: &Run, wanted: &Wanted) -> Result<(), Diagnostic> {
    let key = &wanted.key;
    let failed = |error: &pve_client::Error| {
        let mut diagnostic = run.report(&format!("Unable to put {key} into its pool"), error);
        if error.is_permission_denied() {
            diagnostic
                .detail
                .push_str("\n\n`em-infra token --pool` prints what a change of pools takes.");
        }
        diagnostic.at(AttributePath::new("pool"))
    };
    let Some(Ok(pool)) = wanted.origin.pool.as_deref().map(PoolId::new) else {
        return Ok(());
    };
    let listed = run.client.vm_resources().await;
    let listed = listed.map_err(|error| failed(&error))?;
    let moved = match membership(&listed, key) {
        Membership::In(is) if is == pool.to_string() => return Ok(()),
        Membership::In(_) => run.client.move_to_pool(&pool, &[key.vmid]).await,
        Membership::Alone => run.client.add_to_pool(&pool, &[key.vmid]).await,
        Membership::Unknown => return Ok(()),
    };
    moved.map_err(|error| failed(&error))
}
