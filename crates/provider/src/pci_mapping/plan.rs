//! What an apply would do to a mapping. GET calls only.

use pve_api::pci::MappedDevice;
use tf_plugin::{AttributePath, Change, Diagnostic, Diagnostics, PlanRequest, PlanResponse, Value};
use vm::{Consent, isolation, mapped_device};

use super::mapping::{COMPUTED, Mapping, config, foreign, identity, state};
use crate::session::{Run, Session};

pub(super) async fn plan(
    session: &Session,
    request: PlanRequest,
) -> Result<PlanResponse, Diagnostics> {
    if request.change() == Change::Delete {
        return Ok(PlanResponse::new(Value::Null));
    }
    let mut response = PlanResponse::new(later(&request.proposed));
    if !request.prior.is_null() {
        response.requires_replace = replaced(&request);
    }
    let Some(wanted) = config(&request.config)? else {
        return Ok(response);
    };
    response.identity = Some(identity(&wanted.key));
    let Some(run) = session.run()? else {
        return Ok(response);
    };
    let device = settle(&run, &wanted).await?;
    session.plans_mapping(wanted.key.id.clone(), device.clone());
    response
        .diagnostics
        .extend(others(session, &run, &wanted).await?);
    if request.prior.is_null() || !response.requires_replace.is_empty() {
        response
            .diagnostics
            .extend(existing(session, &run, &wanted).await?);
    } else {
        response.diagnostics.extend(moved(&request, &wanted));
    }
    let spelling = spelling(&request, &wanted);
    response.planned = state(&wanted.key, &[device], &spelling);
    Ok(response)
}

fn later(proposed: &Value) -> Value {
    COMPUTED.iter().fold(proposed.clone(), |planned, name| {
        planned.with(*name, Value::Unknown)
    })
}

fn replaced(request: &PlanRequest) -> Vec<AttributePath> {
    ["name", "env_name"]
        .into_iter()
        .filter(|name| request.config.get(name) != request.prior.get(name))
        .map(AttributePath::new)
        .collect()
}

/// The same address in another spelling keeps the one of the state.
fn spelling(request: &PlanRequest, wanted: &Mapping) -> Value {
    let prior = request.prior.get("bdf").as_str().map(str::parse);
    if prior == Some(Ok(wanted.address)) {
        request.prior.clone()
    } else {
        request.config.clone()
    }
}

/// Returns what the mapping will hold; a device that no VM could start with is refused.
pub(super) async fn settle(run: &Run, wanted: &Mapping) -> Result<MappedDevice, Diagnostic> {
    let devices = run.facts.pci_devices(&wanted.node).await;
    let devices = devices.map_err(|error| run.report("Unable to list the PCI devices", &error))?;
    let problem = isolation(&wanted.node, wanted.address, &[wanted.address], &devices);
    match problem {
        Some(problem) => Err(refused(wanted, &problem)),
        None => mapped_device(&wanted.node, wanted.address, &devices)
            .map_err(|problem| refused(wanted, &problem)),
    }
}

fn refused(wanted: &Mapping, problem: &vm::Problem) -> Diagnostic {
    Diagnostic::error(format!("{} cannot be made", wanted.key))
        .detail(host::sentence(&problem.to_string()))
        .at(AttributePath::new("bdf"))
}

/// Names the other mappings of the same device. They do no harm until a VM uses one.
async fn others(
    session: &Session,
    run: &Run,
    wanted: &Mapping,
) -> Result<Option<Diagnostic>, Diagnostic> {
    let mappings = run.facts.mappings().await;
    let mappings =
        mappings.map_err(|error| run.report("Unable to list the PCI mappings", &error))?;
    let has_device = |mapping: &&pve_api::pci::PciMapping| {
        let entries = mapping.map.iter().filter(|entry| entry.node == wanted.node);
        entries
            .flat_map(|entry| &entry.path)
            .any(|address| address.overlaps(wanted.address))
    };
    let names: Vec<String> = mappings
        .iter()
        .filter(has_device)
        .filter_map(|mapping| mapping.id.clone())
        .filter(|id| *id != wanted.key.id && !session.has_seen_mapping(id))
        .map(|id| id.to_string())
        .collect();
    Ok((!names.is_empty()).then(|| {
        Diagnostic::warning(format!(
            "The PCI device {} has another mapping: {}",
            wanted.address,
            names.join(", ")
        ))
        .detail(
            "No two VMs can run with it at the same time. To use that mapping, name it in \
             gpu_workers instead of the address.",
        )
        .at(AttributePath::new("bdf"))
    }))
}

/// A mapping of this name that no state row holds is taken over if it is ours, else refused.
async fn existing(
    session: &Session,
    run: &Run,
    wanted: &Mapping,
) -> Result<Option<Diagnostic>, Diagnostic> {
    let key = &wanted.key;
    if session.has_seen_mapping(&key.id) {
        // The second leg of a replacement.
        return Ok(None);
    }
    let at_name = |diagnostic: Diagnostic| diagnostic.at(AttributePath::new("name"));
    match run.client.pci_mapping(&key.id).await {
        Err(error) if error.is_not_found() => {
            session.misses_mapping(key.id.clone());
            Ok(None)
        }
        // Nothing says whether it exists; the apply looks again before it writes.
        Err(error) if error.is_permission_denied() => Ok(None),
        Err(error) => Err(run.report(&format!("Unable to look for {key}"), &error)),
        Ok(held) if !key.owns(&held) => Err(at_name(foreign(key))),
        Ok(_) if run.policy.take_over == Consent::Withheld => Err(at_name(
            Diagnostic::error(format!("{key} exists already")).detail(
                "It is this environment's, and no state holds it. With take_over = false it is not \
                 taken over: import it, or set take_over = true.",
            ),
        )),
        Ok(_) => Ok(Some(Diagnostic::warning(format!(
            "{key} exists and is this environment's: it will be taken over"
        )))),
    }
}

fn moved(request: &PlanRequest, wanted: &Mapping) -> Option<Diagnostic> {
    let before = request.prior.get("bdf").as_str()?;
    let same = before.parse() == Ok(wanted.address);
    (!same).then(|| {
        Diagnostic::warning(format!("{} will stand for another device", wanted.key)).detail(
            format!(
                "{before} -> {}: a VM that runs keeps its device until it is restarted.",
                wanted.address
            ),
        )
    })
}
