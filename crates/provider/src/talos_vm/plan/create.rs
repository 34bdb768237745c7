//! Planning a VM that no state row holds: what is on its VMID, and whether the host can make it.

use std::sync::Arc;

use pve_api::node::NodeStatus;
use pve_api::vm::VmSummary;
use tf_plugin::{AttributePath, Diagnostic, Diagnostics, PlanRequest, PlanResponse, Stop, Value};
use vm::privileges::{Lack, lacking};
use vm::{
    CloneTask, Consent, HostFacts, Identity, InState, Observed, Present, Refusal, VmKey, Wanted,
    find_template, identity_of, preflight, room,
};

use super::consequences::consequences;
use super::devices::devices;
use crate::host::{Sight, listed_power};
use crate::policy::Policy;
use crate::report::sentence;
use crate::session::{Run, Session};
use crate::talos_vm::read::{actual, refused};
use crate::talos_vm::{decode, encode};

pub(super) async fn create(
    session: &Session,
    request: PlanRequest,
) -> Result<PlanResponse, Diagnostics> {
    let decode::Decoded { wanted, .. } = decode::config(&request.config)?;
    let planned = request
        .proposed
        .with("id", Value::Unknown)
        .with("existing", Value::Unknown);
    let Some(wanted) = wanted else {
        return Ok(PlanResponse::new(planned));
    };
    let key = &wanted.key;
    only_one(session, key)?;
    let mut response =
        PlanResponse::new(planned.with("id", encode::id(key))).with_identity(encode::identity(key));
    let Some(run) = session.run()? else {
        return Ok(response);
    };
    let node = node_problem(&run, &wanted).await?;
    if let Some(problem) = node {
        return Err(problem.into());
    }
    let existing = find(session, &run, &wanted, &request.stop).await?;
    response.planned.set("existing", existing.is_some());
    match existing {
        Some(present) => response
            .diagnostics
            .extend(take_over(run.policy, &wanted, &present)?),
        None => response
            .diagnostics
            .extend(problems(session, &run, &wanted).await?),
    }
    devices(session, &run, &wanted).await?;
    Ok(response)
}

pub(super) fn only_one(session: &Session, key: &VmKey) -> Result<(), Diagnostic> {
    match session.plan(key.vmid, &key.name) {
        None => Ok(()),
        Some(other) => Err(
            Diagnostic::error(format!("VMID {} is planned twice", key.vmid))
                .detail(format!(
                    "Both {other} and {} ask for it. Give one of them another.",
                    key.name
                ))
                .at(AttributePath::new("vmid")),
        ),
    }
}

/// Looks for the VM. In the second leg of a replacement the VM that is there is the one that is
/// about to be destroyed.
async fn find(
    session: &Session,
    run: &Run,
    wanted: &Wanted,
    stop: &Stop,
) -> Result<Option<Box<Present>>, Diagnostic> {
    let key = &wanted.key;
    if session.has_seen(&key.node, key.vmid) {
        return Ok(None);
    }
    let failed =
        |error: &pve_client::Error| run.report(&format!("Unable to look for {key}"), error);
    let power = listed_power(run, &key.node, key.vmid)
        .await
        .map_err(|error| failed(&error))?;
    if power.is_none() {
        // Not in the list: free, or taken by what the list does not show.
        return match run.client.is_vmid_free(key.vmid).await {
            Ok(true) => Ok(None),
            Ok(false) => Err(refused(wanted, &Refusal::Hidden).at(AttributePath::new("vmid"))),
            Err(error) => Err(failed(&error)),
        };
    }
    let observed = Sight::new(run, key)
        .with_power(power)
        .look_when_cloned(stop)
        .await;
    match observed.map_err(|error| failed(&error))? {
        Observed::Absent => Ok(None),
        Observed::Present(present) => Ok(Some(present)),
        Observed::Hidden => Err(refused(wanted, &Refusal::Hidden).at(AttributePath::new("vmid"))),
        Observed::Cloning(CloneTask::Gone) => Err(refused(wanted, &Refusal::AbandonedClone)),
        Observed::Cloning(CloneTask::Running) => {
            Err(Diagnostic::error(format!("{key} is being made by a clone"))
                .detail("Plan again when that has ended."))
        }
    }
}

fn take_over(
    policy: Policy,
    wanted: &Wanted,
    present: &Present,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    let key = &wanted.key;
    let at_vmid = |diagnostic: Diagnostic| diagnostic.at(AttributePath::new("vmid"));
    let refusal = match identity_of(present, wanted, InState::No) {
        Identity::Ours { .. } | Identity::InterruptedCreate { .. }
            if policy.take_over == Consent::Withheld =>
        {
            return Err(at_vmid(exists_already(key)));
        }
        Identity::InterruptedCreate { .. } => {
            let detail = "An earlier apply began to build it and was interrupted. It is finished, not \
                          built again.";
            return Ok(vec![taken_over(key, detail)]);
        }
        Identity::Ours { .. } | Identity::OursRepairMarker => {
            let detail = "No state of this run holds it. What differs from the configuration is \
                          changed, nothing is rebuilt.";
            let mut messages = vec![taken_over(key, detail)];
            messages.extend(changes_of_taking_over(policy, wanted, present)?);
            return Ok(messages);
        }
        Identity::CloneOfOurs { original } => Refusal::CloneOfOurs { original },
        Identity::Stranger(why) => Refusal::Stranger {
            name: present.name().to_owned(),
            why,
        },
    };
    Err(at_vmid(refused(wanted, &refusal)))
}

fn exists_already(key: &VmKey) -> Diagnostic {
    Diagnostic::error(format!("{key} exists already")).detail(
        "It is this environment's, and no state holds it. With take_over = false it is not taken \
         over: import it, or set take_over = true.",
    )
}

fn taken_over(key: &VmKey, detail: &str) -> Diagnostic {
    Diagnostic::warning(format!(
        "{key} exists and is this environment's: it will be taken over, not built"
    ))
    .detail(detail)
}

fn changes_of_taking_over(
    policy: Policy,
    wanted: &Wanted,
    present: &Present,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    let actual = actual(wanted, present)?;
    consequences(policy, wanted, &actual.differences(wanted), present.power)
}

async fn node_problem(run: &Run, wanted: &Wanted) -> Result<Option<Diagnostic>, Diagnostic> {
    let nodes = run.facts.nodes().await;
    let nodes = nodes.map_err(|error| run.report("Unable to list the nodes", &error))?;
    let facts = HostFacts {
        nodes: Some(&nodes),
        ..HostFacts::default()
    };
    Ok(preflight(wanted, &facts)
        .into_iter()
        .next()
        .map(|problem| diagnostic(&wanted.key, &problem)))
}

/// Checks what the host says against what is wanted of a new VM.
async fn problems(
    session: &Session,
    run: &Run,
    wanted: &Wanted,
) -> Result<Vec<Diagnostic>, Diagnostics> {
    let node = &wanted.key.node;
    let failed = |what: &str, error: &pve_client::Error| run.report(what, error);
    let vms = run
        .facts
        .vms(node)
        .await
        .map_err(|error| failed("Unable to list the VMs", &error))?;
    let storages = run.facts.storages(node).await;
    let storages = storages.map_err(|error| failed("Unable to list the storages", &error))?;
    let bridges = run.facts.bridges(node).await;
    let bridges = bridges.map_err(|error| failed("Unable to list the bridges", &error))?;
    let source = find_template(&wanted.origin.template, &vms).ok();
    let template = match source {
        Some(vmid) => Some(
            run.facts
                .template(node, vmid)
                .await
                .map_err(|error| failed("Unable to read the template", &error))?,
        ),
        None => None,
    };
    let facts = HostFacts {
        nodes: None,
        vms: Some(&vms),
        storages: Some(&storages),
        bridges: Some(&bridges),
        template: template.as_deref(),
    };
    let mut found = preflight(wanted, &facts);
    let status = status(run, wanted).await?;
    let demand = session.demands(wanted);
    let shortage = room(wanted, &demand, &storages, status.as_deref());
    found.extend(shortage.problems);
    let mut warnings: Vec<Diagnostic> = shortage
        .warnings
        .iter()
        .map(|problem| short(&wanted.key, problem))
        .collect();
    warnings.extend(namesake(wanted, &vms));
    let permissions = run.facts.permissions().await;
    let permissions =
        permissions.map_err(|error| failed("Unable to read the privileges", &error))?;
    match source.map_or(Lack::Nothing, |source| {
        lacking(&permissions, wanted, source)
    }) {
        Lack::Nothing => {}
        Lack::MayOnlyRead => warnings.push(only_read(&wanted.key)),
        Lack::Some(problems) => {
            // What cannot be seen has been said already.
            let new =
                |problem: &vm::Problem| !found.iter().any(|said| said.argument == problem.argument);
            let new: Vec<_> = problems.into_iter().filter(new).collect();
            found.extend(new);
        }
    }
    if found.is_empty() {
        return Ok(warnings);
    }
    let found = found.iter().map(|problem| diagnostic(&wanted.key, problem));
    Err(found.collect::<Vec<_>>().into())
}

/// The status of the node, if these credentials may see it.
async fn status(run: &Run, wanted: &Wanted) -> Result<Option<Arc<NodeStatus>>, Diagnostic> {
    match run.facts.status(&wanted.key.node).await {
        Ok(status) => Ok(Some(status)),
        Err(error) if error.is_permission_denied() => Ok(None),
        Err(error) => Err(run.report("Unable to read the status of the node", &error)),
    }
}

fn short(key: &VmKey, problem: &vm::Problem) -> Diagnostic {
    Diagnostic::warning(format!("{key} may not have the room it is given"))
        .detail(sentence(&problem.to_string()))
        .at(AttributePath::new(problem.argument.name()))
}

fn only_read(key: &VmKey) -> Diagnostic {
    Diagnostic::warning(format!("{key} can be planned and not made"))
        .detail("These credentials may only read. `em-infra token` prints what an apply needs.")
}

/// Names are not unique in Proxmox, and two VMs of one name are mixed up sooner or later.
fn namesake(wanted: &Wanted, vms: &[VmSummary]) -> Option<Diagnostic> {
    let VmKey { name, vmid, .. } = &wanted.key;
    let other = vms.iter().find(|vm| vm.name == *name && vm.vmid != *vmid)?;
    Some(
        Diagnostic::warning(format!("VM {} has the name {name}, too", other.vmid))
            .detail("It is not of this environment and stays untouched.")
            .at(AttributePath::new("name")),
    )
}

fn diagnostic(key: &VmKey, problem: &vm::Problem) -> Diagnostic {
    Diagnostic::error(format!("{key} cannot be created"))
        .detail(sentence(&problem.to_string()))
        .at(AttributePath::new(problem.argument.name()))
}
