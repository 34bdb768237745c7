//! The host, read by em-infra itself: what kind it is, and whether it agrees.

use std::path::{Path, PathBuf};

use em_infra_core::check::check;
use em_infra_core::drift::{self, Drift, Histories, Mismatch, Unmanaged, Wrong};
use em_infra_core::gate::{HostKind, LiveRead};
use em_infra_core::live;
use tf_run::Env;
use tokio::runtime::Runtime;

use super::root::Contract;
use crate::commands::check::InputArguments;
use crate::commands::drift::Ground;
use crate::failure::CommandError;

/// What kind of host the inputs of a root mean. It is embedded only where the host itself says so; one that does
/// not answer is called real. Of a root that is not ours nothing is known.
pub(super) fn kind(
    contract: Contract,
    root: &Path,
    var_files: &[PathBuf],
    environment: &Env,
) -> Result<HostKind, CommandError> {
    if contract == Contract::Another {
        return Ok(HostKind::Unspecified);
    }
    if !live::follows_inputs(root) {
        return Ok(HostKind::Real);
    }
    let ground = Ground::of(root, &InputArguments::of_files(var_files), environment);
    // With inputs that are refused anyway no host is asked for anything.
    if check(ground.request())?.topology.is_none() {
        return Ok(HostKind::Real);
    }
    Ok(Runtime::new()?.block_on(async {
        match live::connect(ground.request(), &ground.host_variables).await {
            Ok(host) => live::kind(&host).await,
            Err(_) => HostKind::Real,
        }
    }))
}

/// Reads the host after the apply, without Terraform and without the provider's process.
pub(super) fn read(root: &Path, var_files: &[PathBuf], environment: &Env) -> LiveRead {
    let ground = Ground::of(root, &InputArguments::of_files(var_files), environment);
    if !live::follows_inputs(root) {
        return LiveRead::NotPossible(
            "the provider block takes its endpoint from elsewhere than `var.proxmox_api_url`, so the inputs do not say \
             which host to read"
                .to_owned(),
        );
    }
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return LiveRead::NotPossible(error.to_string()),
    };
    let looked = runtime.block_on(drift::look(
        ground.request(),
        &ground.host_variables,
        Histories::Left,
    ));
    match looked {
        Ok(drift) => done(drift),
        Err(error) => LiveRead::NotPossible(error.to_string()),
    }
}

fn done(drift: Drift) -> LiveRead {
    let unmanaged = drift.unmanaged.into_iter().map(|found| found.finding);
    let (left, beside): (Vec<_>, Vec<_>) = unmanaged.partition(|vm| vm.kind.is_leftover());
    let wrong = drift.mismatches.into_iter().map(|found| found.finding);
    LiveRead::Done {
        machines: drift.wanted,
        host: drift.host,
        mismatches: wrong.chain(left.iter().map(not_in_state)).collect(),
        beside,
    }
}

/// What this environment made and no state holds.
fn not_in_state(vm: &Unmanaged) -> Mismatch {
    Mismatch {
        vmid: vm.vmid,
        machine: format!("VM {} {}", vm.vmid, vm.name),
        what: Wrong::NotInState,
    }
}
