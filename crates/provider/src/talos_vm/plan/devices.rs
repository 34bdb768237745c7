//! The devices that a VM is given: checked against the hardware, the other VMs and this plan.

use std::collections::BTreeMap;

use pve_api::MappingId;
use pve_api::pci::MappedDevice;
use tf_plugin::{AttributePath, Diagnostic, Diagnostics};
use vm::{DeviceClaim, Gpu, PciFacts, Problem, VmKey, Wanted, double_use, passthrough};

use crate::report::sentence;
use crate::session::{Run, Session};

/// Checks the devices that a plan gives to a VM.
pub(super) async fn devices(
    session: &Session,
    run: &Run,
    wanted: &Wanted,
) -> Result<(), Diagnostics> {
    let gpus = wanted.shape.gpus.clone().unwrap_or_default();
    if gpus.is_empty() {
        return Ok(());
    }
    allowed(run, &wanted.key, &gpus)?;
    let node = &wanted.key.node;
    let failed = |what: &str, error: &pve_client::Error| run.report(what, error);
    let hardware = run.facts.pci_devices(node).await;
    let hardware = hardware.map_err(|error| failed("Unable to list the PCI devices", &error))?;
    let mappings = mappings(session, run, &wanted.key).await?;
    let claims = claims(session, run, wanted).await?;
    let facts = PciFacts {
        devices: &hardware,
        mappings: &mappings,
        claims: &claims,
    };
    told(&wanted.key, &passthrough(wanted, &facts))
}

/// Checks that no other VM of this plan is given what a VM has and keeps.
pub(super) async fn kept(session: &Session, run: &Run, wanted: &Wanted) -> Result<(), Diagnostics> {
    if wanted.shape.gpus.as_deref().unwrap_or_default().is_empty() {
        return Ok(());
    }
    let others = session.plans_devices(claim(wanted));
    let mappings = mappings(session, run, &wanted.key).await?;
    told(&wanted.key, &double_use(wanted, &mappings, &others))
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
    let raw = gpus.iter().find(|gpu| matches!(gpu, Gpu::Raw(_)));
    match raw {
        Some(raw) if !run.is_root => Err(Diagnostic::error(format!(
            "{key} cannot be given the PCI device {raw} by its address"
        ))
        .detail(
            "Proxmox allows that only to root@pam with a password, not to an API token. Make an \
             eminfra_pci_mapping for the device and name it: gpus = [{ mapping = \"NAME\" }].",
        )
        .at(AttributePath::new("gpus"))),
        _ => Ok(()),
    }
}

/// The mappings of the host, and over them those that this plan makes.
async fn mappings(
    session: &Session,
    run: &Run,
    key: &VmKey,
) -> Result<BTreeMap<MappingId, Vec<MappedDevice>>, Diagnostic> {
    let held = run.facts.mappings().await;
    let held = held.map_err(|error| run.report("Unable to list the PCI mappings", &error))?;
    let here = |mapping: &pve_api::pci::PciMapping| {
        let devices = mapping.map.iter().filter(|device| device.node == key.node);
        Some((mapping.id.clone()?, devices.cloned().collect()))
    };
    let mut all: BTreeMap<MappingId, Vec<MappedDevice>> = held.iter().filter_map(here).collect();
    all.extend(
        session
            .planned_mappings()
            .into_iter()
            .filter(|(_, device)| device.node == key.node)
            .map(|(id, device)| (id, vec![device])),
    );
    Ok(all)
}

/// What other VMs have. For the VMs of the state their plan counts, not what they have now.
async fn claims(
    session: &Session,
    run: &Run,
    wanted: &Wanted,
) -> Result<Vec<DeviceClaim>, Diagnostic> {
    let VmKey { vmid, node, .. } = &wanted.key;
    let held = run.facts.device_claims(node).await;
    let held = held.map_err(|error| run.report("Unable to read the VMs", &error))?;
    let foreign = held
        .iter()
        .filter(|claim| claim.vmid != *vmid && !session.has_seen(node, claim.vmid));
    let planned = session.plans_devices(claim(wanted));
    Ok(foreign.cloned().chain(planned).collect())
}

fn claim(wanted: &Wanted) -> DeviceClaim {
    DeviceClaim {
        vmid: wanted.key.vmid,
        name: wanted.key.name.clone(),
        devices: wanted.shape.gpus.clone().unwrap_or_default(),
    }
}
