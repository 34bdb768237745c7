//! What an apply would do, said beforehand. GET calls only.

use tf_plugin::{
    AttributePath, Change, Diagnostic, Diagnostics, PlanRequest, PlanResponse, Stop, Value,
};
use vm::{
    Argument, CloneTask, Consent, Difference, Effect, HostFacts, Identity, InState, Observed,
    Power, Present, Refusal, VmKey, Wanted, find_template, identity_of, preflight,
};

use super::decode::{self, Decoded};
use super::encode;
use super::read::refused;
use super::schema::PARKED;
use crate::host::{Sight, listed_power};
use crate::policy::Policy;
use crate::session::{Run, Session};

pub(super) async fn plan(
    session: &Session,
    request: PlanRequest,
) -> Result<PlanResponse, Diagnostics> {
    match request.change() {
        Change::Delete => delete(session, &request),
        Change::Create => create(session, request).await,
        Change::Update => update(session, request).await,
    }
}

fn delete(session: &Session, request: &PlanRequest) -> Result<PlanResponse, Diagnostics> {
    let held = decode::state(&request.prior)?;
    if let Some(run) = session.run()? {
        protect(run.policy, &held)?;
    }
    Ok(PlanResponse::new(Value::Null))
}

/// Refuses to destroy what the user protects.
pub(super) fn protect(policy: Policy, held: &Wanted) -> Result<(), Diagnostic> {
    let control_plane = held.origin.role == Some(vm::Role::ControlPlane);
    let protected = if control_plane {
        policy.destroy_control_planes == Consent::Withheld
    } else {
        held.shape.protection == Some(true)
    };
    if !protected {
        return Ok(());
    }
    let detail = if control_plane {
        "It is a control plane. Set protect_control_planes = false for this run to destroy it."
    } else {
        "Proxmox protects it from removal. Set protection = false for it and apply that first."
    };
    Err(Diagnostic::error(format!("{} is protected from removal", held.key)).detail(detail))
}

async fn create(session: &Session, request: PlanRequest) -> Result<PlanResponse, Diagnostics> {
    let Decoded { wanted, .. } = decode::config(&request.config)?;
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
        None => problems(&run, &wanted).await?,
    }
    Ok(response)
}

fn only_one(session: &Session, key: &VmKey) -> Result<(), Diagnostic> {
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
    let actual = super::read::actual(wanted, present)?;
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
async fn problems(run: &Run, wanted: &Wanted) -> Result<(), Diagnostics> {
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
    let template = match find_template(&wanted.origin.template, &vms) {
        Ok(vmid) => Some(
            run.facts
                .template(node, vmid)
                .await
                .map_err(|error| failed("Unable to read the template", &error))?,
        ),
        Err(_) => None,
    };
    let facts = HostFacts {
        nodes: None,
        vms: Some(&vms),
        storages: Some(&storages),
        bridges: Some(&bridges),
        template: template.as_deref(),
    };
    let found: Vec<Diagnostic> = preflight(wanted, &facts)
        .iter()
        .map(|problem| diagnostic(&wanted.key, problem))
        .collect();
    if found.is_empty() {
        Ok(())
    } else {
        Err(found.into())
    }
}

fn diagnostic(key: &VmKey, problem: &vm::Problem) -> Diagnostic {
    Diagnostic::error(format!("{key} cannot be created"))
        .detail(crate::report::sentence(&problem.to_string()))
        .at(AttributePath::new(problem.argument.name()))
}

async fn update(session: &Session, request: PlanRequest) -> Result<PlanResponse, Diagnostics> {
    let decoded = decode::config(&request.config)?;
    let held = decode::state(&request.prior)?;
    let run = session.run()?;
    let changes = Changes::between(&held, &decoded);
    if changes.replaces() {
        return replace(
            run.as_deref().map(|run| run.policy),
            request,
            &held,
            &decoded,
            &changes,
        );
    }
    let mut response = PlanResponse::new(changes.planned(&request));
    if let Some(wanted) = &decoded.wanted {
        only_one(session, &wanted.key)?;
        if let Some(run) = run.filter(|_| !changes.differences.is_empty()) {
            let power = power(&run, &held).await?;
            let messages = consequences(run.policy, wanted, &changes.differences, power)?;
            response.diagnostics.extend(messages);
            response
                .diagnostics
                .extend(recorded(&held.key, &changes.differences));
        }
    }
    if request.private == PARKED {
        // The object is unfinished though nothing differs: only an unknown value makes Terraform
        // call the apply that finishes it.
        response.planned.set("existing", Value::Unknown);
    }
    Ok(response)
}

async fn power(run: &Run, held: &Wanted) -> Result<Power, Diagnostic> {
    let VmKey { node, vmid, .. } = &held.key;
    let power = listed_power(run, node, *vmid).await;
    let power =
        power.map_err(|error| run.report(&format!("Unable to look at {}", held.key), &error))?;
    Ok(power.unwrap_or(Power::Running))
}

/// What differs between a state and a configuration.
struct Changes {
    differences: Vec<Difference>,
    /// Arguments that are the same, if spelt differently.
    same: Vec<Argument>,
    /// Arguments of the key that differ or may differ.
    keys: Vec<Argument>,
}

impl Changes {
    fn between(held: &Wanted, decoded: &Decoded) -> Self {
        let mut changes = Self {
            differences: Vec::new(),
            same: Vec::new(),
            keys: Vec::new(),
        };
        for argument in Argument::ALL.iter().copied() {
            let is = held.text(argument);
            let unknown = decoded.unknown.contains(&argument);
            let shall_be = decoded
                .wanted
                .as_ref()
                .and_then(|wanted| wanted.text(argument));
            match (decoded.wanted.is_some() && !unknown, is == shall_be) {
                (true, true) => changes.same.push(argument),
                (true, false) if argument.is_key() => changes.keys.push(argument),
                (true, false) => changes.differences.push(Difference {
                    argument,
                    is,
                    shall_be,
                }),
                (false, _) if argument.is_key() && unknown => changes.keys.push(argument),
                (false, _) => {}
            }
        }
        changes
    }

    fn replaces(&self) -> bool {
        !self.keys.is_empty()
    }

    /// Returns the planned state: the configuration, but with the spelling of the state where both
    /// mean the same.
    fn planned(&self, request: &PlanRequest) -> Value {
        let mut planned = request.proposed.clone();
        for argument in &self.same {
            let name = argument.name();
            if !request.config.get(name).is_null() {
                planned.set(name, request.prior.get(name).clone());
            }
        }
        planned
    }
}

fn replace(
    policy: Option<Policy>,
    request: PlanRequest,
    held: &Wanted,
    decoded: &Decoded,
    changes: &Changes,
) -> Result<PlanResponse, Diagnostics> {
    if let Some(policy) = policy {
        protect(policy, held)?;
        if policy.rebuild == Consent::Withheld {
            return Err(not_rebuilt(held, changes).into());
        }
    }
    let id = decoded
        .wanted
        .as_ref()
        .map_or(Value::Unknown, |wanted| encode::id(&wanted.key).into());
    let mut response = PlanResponse::new(
        request
            .proposed
            .with("id", id)
            .with("existing", Value::Unknown),
    );
    response.identity = decoded
        .wanted
        .as_ref()
        .map(|wanted| encode::identity(&wanted.key));
    response.requires_replace = changes
        .keys
        .iter()
        .map(|argument| AttributePath::new(argument.name()))
        .collect();
    response.diagnostics.push(
        Diagnostic::warning(format!("{} will be destroyed and built anew", held.key))
            .detail("Everything on its disk is lost."),
    );
    Ok(response)
}

fn not_rebuilt(held: &Wanted, changes: &Changes) -> Diagnostic {
    let names: Vec<String> = changes
        .keys
        .iter()
        .map(|argument| format!("`{argument}`"))
        .collect();
    let path = changes
        .keys
        .first()
        .map_or_else(AttributePath::root, |argument| {
            AttributePath::new(argument.name())
        });
    Diagnostic::error(format!(
        "{} would have to be destroyed and built anew",
        held.key
    ))
    .detail(format!(
        "Changing {} makes it another VM; everything on its disk would be lost. Set allow_rebuild \
             = true in the provider block for this run if that is what you want.",
        names.join(", ")
    ))
    .at(path)
}

/// Says what the changes do to a running VM, and refuses what nobody consented to.
fn consequences(
    policy: Policy,
    wanted: &Wanted,
    differences: &[Difference],
    power: Power,
) -> Result<Vec<Diagnostic>, Diagnostic> {
    let key = &wanted.key;
    impossible(wanted, differences)?;
    if power == Power::Stopped {
        return Ok(Vec::new());
    }
    if wanted.shape.started == Some(false) {
        return Ok(vec![Diagnostic::warning(format!(
            "{key} will be shut down"
        ))]);
    }
    let in_force = |difference: &&Difference| {
        difference.shall_be.is_some() || difference.argument.is_taken_back()
    };
    let with = |effect: fn(Effect) -> bool| -> Vec<Difference> {
        let differences = differences.iter().filter(in_force);
        differences
            .filter(|difference| effect(difference.effect()))
            .cloned()
            .collect()
    };
    let interrupting = with(Effect::interrupts);
    let mut messages = Vec::new();
    if !interrupting.is_empty() {
        messages.push(restart(policy, wanted, interrupting)?);
    }
    let later = with(|effect| effect == Effect::NextStart);
    if !later.is_empty() {
        messages.push(
            Diagnostic::warning(format!("{key} takes a change when it next starts"))
                .detail(format!("{}.", listed(&later))),
        );
    }
    Ok(messages)
}

fn restart(
    policy: Policy,
    wanted: &Wanted,
    differences: Vec<Difference>,
) -> Result<Diagnostic, Diagnostic> {
    let path = differences
        .first()
        .map_or_else(AttributePath::root, |difference| {
            AttributePath::new(difference.argument.name())
        });
    if wanted.shape.started.is_none() {
        return Err(refused(wanted, &Refusal::PowerNotManaged(differences)).at(path));
    }
    match policy.restart {
        Consent::Withheld => {
            Err(refused(wanted, &Refusal::RestartNotAllowed(differences)).at(path))
        }
        Consent::Given => Ok(
            Diagnostic::warning(format!("{} will be restarted", wanted.key))
                .detail(format!("{}.", listed(&differences)))
                .at(path),
        ),
    }
}

/// Refuses what Proxmox or em-infra cannot do to a VM that exists.
fn impossible(wanted: &Wanted, differences: &[Difference]) -> Result<(), Diagnostic> {
    for Difference { argument, is, .. } in differences {
        let refusal = match argument {
            Argument::DiskGb => shrink(wanted, is.as_deref()),
            Argument::Storage => moved(wanted, is.as_deref()),
            _ => None,
        };
        if let Some(refusal) = refusal {
            return Err(refused(wanted, &refusal).at(AttributePath::new(argument.name())));
        }
    }
    Ok(())
}

fn shrink(wanted: &Wanted, is: Option<&str>) -> Option<Refusal> {
    let (is, wanted) = (is?.parse().ok()?, wanted.shape.disk?);
    (is > wanted).then_some(Refusal::Shrink { is, wanted })
}

fn moved(wanted: &Wanted, is: Option<&str>) -> Option<Refusal> {
    let (is, wanted) = (is?.parse().ok()?, wanted.shape.storage.clone()?);
    Some(Refusal::MoveDisk { is, wanted })
}

/// Says which changes are facts of a creation that has already happened.
fn recorded(key: &VmKey, differences: &[Difference]) -> Option<Diagnostic> {
    let facts = [
        Argument::Template,
        Argument::Clone,
        Argument::Pool,
        Argument::TalosVersion,
    ];
    let recorded: Vec<Difference> = differences
        .iter()
        .filter(|difference| facts.contains(&difference.argument) && difference.is.is_some())
        .cloned()
        .collect();
    (!recorded.is_empty()).then(|| {
        Diagnostic::warning(format!("{key} keeps what it was made from")).detail(format!(
            "{}: this is recorded only; new VMs use it.",
            listed(&recorded)
        ))
    })
}

fn listed(differences: &[Difference]) -> String {
    let all: Vec<String> = differences.iter().map(ToString::to_string).collect();
    all.join(", ")
}
