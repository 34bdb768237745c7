//! The devices that a VM is given: checked against the hardware, the other VMs and this plan.

use host::{Devices, address_needs_root, sentence};
use pve_api::PciAddress;
use tf_plugin::{AttributePath, Diagnostic, Diagnostics};
use vm::{DeviceClaim, Gpu, Problem, VmKey, Wanted};

use crate::session::{Run, Session};

/// Checks the devices that a plan gives to a VM; warns where another VM of this plan still runs with one.
pub(super) async fn devices(
    session: &Session,
    run: &Run,
    wanted: &Wanted,
) -> Result<Vec<Diagnostic>, Diagnostics> {
    let gpus = wanted.shape.gpus.clone().unwrap_or_default();
    if gpus.is_empty() {
        return Ok(Vec::new());
    }
    allowed(run, &wanted.key, &gpus)?;
    judge(session, run, wanted, Change::Given).await
}

/// Checks that no other VM of this plan is given what a VM has and keeps.
pub(super) async fn kept(session: &Session, run: &Run, wanted: &Wanted) -> Result<(), Diagnostics> {
    if wanted.shape.gpus.as_deref().unwrap_or_default().is_empty() {
        return Ok(());
    }
    judge(session, run, wanted, Change::Kept).await.map(drop)
}

/// What a plan does with the devices of a VM.
#[derive(Clone, Copy)]
enum Change {
    Given,
    Kept,
}

async fn judge(
    session: &Session,
    run: &Run,
    wanted: &Wanted,
    change: Change,
) -> Result<Vec<Diagnostic>, Diagnostics> {
    let others = session.plans_devices(claim(wanted));
    let planned = session.planned_mappings();
    let devices = Devices {
        facts: &run.facts,
        planned_mappings: &planned,
        planned_claims: &others,
        is_planned: &|node, vmid| session.has_seen(node, vmid),
    };
    let problems = match change {
        Change::Given => devices.problems(wanted).await,
        Change::Kept => devices.kept(wanted).await,
    };
    let problems = problems.map_err(|unread| run.unread(&unread))?;
    told(&wanted.key, &problems)?;
    let held = match change {
        Change::Given => devices.still_held(wanted).await,
        Change::Kept => Ok(Vec::new()),
    };
    let held = held.map_err(|unread| run.unread(&unread))?;
    let key = &wanted.key;
    Ok(held
        .iter()
        .map(|(device, holder)| waits(key, *device, holder))
        .collect())
}

/// Terraform changes VMs in an order of its own, and each keeps its device until it stops.
fn waits(key: &VmKey, device: PciAddress, holder: &DeviceClaim) -> Diagnostic {
    let DeviceClaim { vmid, name, .. } = holder;
    Diagnostic::warning(format!("{key} is given a device that VM {vmid} {name} runs with"))
        .detail(format!(
            "The PCI device {device} is free only when VM {vmid} has stopped. Where {key} comes first, Proxmox \
             refuses to start it and this apply ends with an error: VM {vmid} is changed all the same, and the same \
             apply once more starts {key}."
        ))
        .at(AttributePath::new("gpus"))
}

fn told(key: &VmKey, problems: &[Problem]) -> Result<(), Diagnostics> {
    if problems.is_empty() {
        return Ok(());
    }
    let all: Vec<Diagnostic> = problems
        .iter()
        .map(|problem| {
            Diagnostic::error(format!("{key} cannot have its devices"))
                .detail(sentence(&problem.to_string()))
                .at(AttributePath::new(problem.argument.name()))
        })
        .collect();
    Err(all.into())
}

/// Only root@pam with a password may set, change or take away a device by its address.
pub(super) fn allowed(run: &Run, key: &VmKey, gpus: &[Gpu]) -> Result<(), Diagnostic> {
    match address_needs_root(gpus, run.is_root) {
        Some(raw) => Err(Diagnostic::error(format!(
            "{key} cannot be given the PCI device {raw} by its address"
        ))
        .detail(
            "Proxmox allows that only to root@pam with a password, not to an API token. Make an \
             eminfra_pci_mapping for the device and name it: gpus = [{ mapping = \"NAME\" }].",
        )
        .at(AttributePath::new("gpus"))),
        None => Ok(()),
    }
}

fn claim(wanted: &Wanted) -> DeviceClaim {
    DeviceClaim {
        vmid: wanted.key.vmid,
        name: wanted.key.name.clone(),
        devices: wanted.shape.gpus.clone().unwrap_or_default(),
    }
}
