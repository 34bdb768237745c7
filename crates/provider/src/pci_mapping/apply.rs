//! Making, changing and removing a mapping: look, write once, look again.

use pve_api::pci::{MappedDevice, PciMapping as Held};
use pve_client::Error;
use tf_plugin::{ApplyRequest, ApplyResponse, Change, Diagnostic, Diagnostics};

use super::mapping::{Key, config, foreign, held_key, identity, state};
use super::plan::settle;
use crate::patience::{self, Pauses};
use crate::session::{Run, Session};

pub(super) async fn apply(
    session: &Session,
    request: ApplyRequest,
) -> Result<ApplyResponse, Diagnostics> {
    let run = session.need_run()?;
    if request.change() == Change::Delete {
        let key = held_key(&request.prior)?;
        unused(session, &run, &key, &request).await?;
        converge(&run, &key, None, Seen::Unknown).await?;
        return Ok(ApplyResponse::deleted());
    }
    let Some(wanted) = config(&request.planned)? else {
        return Err(Diagnostic::error("The plan cannot be read")
            .detail("It holds values that are not known. Please report it.")
            .into());
    };
    let device = settle(&run, &wanted).await?;
    let seen = if session.missed_mapping(&wanted.key.id) {
        Seen::Absent
    } else {
        Seen::Unknown
    };
    let held = converge(&run, &wanted.key, Some(&device), seen).await?;
    let map = held.map_or_else(Vec::new, |held| held.map);
    Ok(
        ApplyResponse::new(state(&wanted.key, &map, &request.planned))
            .with_identity(identity(&wanted.key)),
    )
}

/// What the plan of this process saw a moment ago.
#[derive(Clone, Copy, PartialEq)]
enum Seen {
    Unknown,
    /// No mapping of this name. Should somebody have made one since, Proxmox refuses to make another.
    Absent,
}

/// Looks and writes until the mapping stands for the device, or is gone. A lost answer leaves it
/// open whether a write was made: the next look tells.
async fn converge(
    run: &Run,
    key: &Key,
    device: Option<&MappedDevice>,
    mut seen: Seen,
) -> Result<Option<Held>, Diagnostic> {
    let failed = |error: &Error| run.report(&format!("Unable to write {key}"), error);
    let (mut tries, mut pauses, mut written) = (0, Pauses::default(), false);
    loop {
        let held = match std::mem::replace(&mut seen, Seen::Unknown) {
            Seen::Absent => None,
            Seen::Unknown => look(run, key).await.map_err(|error| failed(&error))?,
        };
        if held.as_ref().is_some_and(|held| !key.owns(held)) {
            return Err(foreign(key));
        }
        if is_reached(held.as_ref(), device) {
            return Ok(held);
        }
        if written {
            return Err(no_effect(key));
        }
        match write(run, key, held.as_ref(), device).await {
            Ok(()) => written = true,
            Err(error)
                if (error.is_lost_answer() || error.is_transient()) && tries < patience::TRIES =>
            {
                tries += 1;
                tracing::warn!(mapping = %key.id, %error, "looking again");
                pauses.pause().await;
            }
            // Somebody, perhaps our own first try, was faster: what is there now tells.
            Err(error) if is_taken(&error) && tries < patience::TRIES => tries += 1,
            Err(error) => return Err(failed(&error)),
        }
    }
}

async fn look(run: &Run, key: &Key) -> Result<Option<Held>, Error> {
    match run.client.pci_mapping(&key.id).await {
        Ok(held) => Ok(Some(held)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn is_reached(held: Option<&Held>, device: Option<&MappedDevice>) -> bool {
    match (held, device) {
        (None, None) => true,
        (Some(held), Some(device)) => held.map == std::slice::from_ref(device),
        _ => false,
    }
}

async fn write(
    run: &Run,
    key: &Key,
    held: Option<&Held>,
    device: Option<&MappedDevice>,
) -> Result<(), Error> {
    let id = &key.id;
    match (held, device) {
        (_, None) => run.client.delete_pci_mapping(id).await,
        (None, Some(device)) => {
            let description = key.description();
            run.client
                .create_pci_mapping(id, std::slice::from_ref(device), Some(&description))
                .await
        }
        (Some(held), Some(device)) => {
            // What people wrote around the mark stays.
            let description = held.description.as_deref();
            run.client
                .update_pci_mapping(id, std::slice::from_ref(device), description)
                .await
        }
    }
}

fn is_taken(error: &Error) -> bool {
    error
        .text()
        .is_some_and(|text| text.contains("already defined"))
}

fn no_effect(key: &Key) -> Diagnostic {
    Diagnostic::error(format!("{key} cannot be changed")).detail(
        "Proxmox accepted the change and nothing changed; it is not tried again. Look at Datacenter > \
         Resource Mappings, then apply again.",
    )
}

/// Proxmox removes a mapping also from under a VM, which then never starts again.
async fn unused(
    session: &Session,
    run: &Run,
    key: &Key,
    request: &ApplyRequest,
) -> Result<(), Diagnostic> {
    let Some(Ok(node)) = request.prior.get("node").as_str().map(str::parse) else {
        return Ok(());
    };
    let claims = run.facts.device_claims(&node).await;
    let claims = claims.map_err(|error| run.report("Unable to read the VMs", &error))?;
    let uses = |claim: &&vm::DeviceClaim| {
        claim.devices.contains(&vm::Gpu::mapping(key.id.clone()))
            && !session.has_seen(&node, claim.vmid)
    };
    match claims.iter().find(uses) {
        None => Ok(()),
        Some(claim) => Err(Diagnostic::error(format!("{key} is in use")).detail(format!(
            "VM {} {}, which is not of this state, has it and would not start without it. Take it from \
             that VM first.",
            claim.vmid, claim.name
        ))),
    }
}
