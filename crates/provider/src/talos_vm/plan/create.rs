//! Planning a VM that no state row holds: what is on its VMID, and whether the host can make it.

use host::{Sight, listed_power, sentence};
use pve_api::VmId;
use tf_plugin::{AttributePath, Diagnostic, Diagnostics, PlanRequest, PlanResponse, Stop, Value};
use vm::{
    Argument, CloneTask, Consent, Identity, InState, Observed, Present, Problem, Refusal, VmKey,
    Wanted, identity_of,
};

use super::consequences::consequences;
use super::devices::devices;
use crate::policy::Policy;
use crate::session::{Run, Session};
use crate::sight::look_when_cloned;
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
    if let Some(problem) = node_problem(&run, &wanted).await? {
        refuse(session, key, &[problem])?;
        return Ok(response);
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
    let messages = devices(session, &run, &wanted).await?;
    response.diagnostics.extend(messages);
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
    let power = listed_power(&run.facts, &key.node, key.vmid)
        .await
        .map_err(|error| failed(&error))?;
    // Not in the list: free, or taken by what the list does not show, or did not show yet.
    if power.is_none() {
        let free = run.client.is_vmid_free(key.vmid).await;
        if free.map_err(|error| failed(&error))? {
            return Ok(None);
        }
    }
    let mut sight = Sight::new(&run.client, key).with_power(power);
    let observed = look_when_cloned(&mut sight, stop).await;
    match observed.map_err(|error| failed(&error))? {
        // A container, or a guest of another node.
        Observed::Absent if power.is_none() => {
            Err(refused(wanted, &Refusal::Hidden).at(AttributePath::new("vmid")))
        }
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

async fn node_problem(run: &Run, wanted: &Wanted) -> Result<Option<Problem>, Diagnostic> {
    let problem = host::node_problem(&run.facts, wanted).await;
    problem.map_err(|unread| run.unread(&unread))
}

/// Refuses a VM. What is wrong with the host for many VMs alike is said for the first of them; the
/// plan fails by that, and an apply of the others is refused, too.
fn refuse(session: &Session, key: &VmKey, problems: &[Problem]) -> Result<(), Diagnostics> {
    let mut said = None;
    let is_new = |problem: &&Problem| {
        let first = is_shared(problem.argument)
            .then(|| session.tells(format!("{}: {problem}", key.node), &key.name))
            .flatten();
        let is_new = first.is_none();
        said = said.take().or(first);
        is_new
    };
    let new: Vec<Diagnostic> = problems
        .iter()
        .filter(is_new)
        .map(|problem| diagnostic(key, problem))
        .collect();
    if new.is_empty() {
        session.refuses(key.vmid, said.unwrap_or_default());
        return Ok(());
    }
    Err(new.into())
}

/// Arguments that name something of the host.
const fn is_shared(argument: Argument) -> bool {
    matches!(
        argument,
        Argument::Node | Argument::Template | Argument::Storage | Argument::Bridge
    )
}

/// Checks what the host says against what is wanted of a new VM.
async fn problems(
    session: &Session,
    run: &Run,
    wanted: &Wanted,
) -> Result<Vec<Diagnostic>, Diagnostics> {
    let key = &wanted.key;
    let demand = session.demands(wanted);
    let found = host::creation(&run.facts, wanted, &demand).await;
    let found = found.map_err(|unread| run.unread(&unread))?;
    if !found.problems.is_empty() {
        refuse(session, key, &found.problems)?;
        return Ok(Vec::new());
    }
    let shortages = found.shortages.iter().map(|problem| short(key, problem));
    let namesake = found.namesake.map(|other| namesake(key, other));
    let only_read = found.may_only_read.then(|| only_read(key));
    Ok(shortages.chain(namesake).chain(only_read).collect())
}

fn short(key: &VmKey, problem: &Problem) -> Diagnostic {
    Diagnostic::warning(format!("{key} may not have the room it is given"))
        .detail(sentence(&problem.to_string()))
        .at(AttributePath::new(problem.argument.name()))
}

fn only_read(key: &VmKey) -> Diagnostic {
    Diagnostic::warning(format!("{key} can be planned and not made"))
        .detail("These credentials may only read. `em-infra token` prints what an apply needs.")
}

fn namesake(key: &VmKey, other: VmId) -> Diagnostic {
    Diagnostic::warning(format!("VM {other} has the name {}, too", key.name))
        .detail("It is not of this environment and stays untouched.")
        .at(AttributePath::new("name"))
}

fn diagnostic(key: &VmKey, problem: &Problem) -> Diagnostic {
    let once = if is_shared(problem.argument) {
        " This is said once for all VMs of this plan that ask for the same."
    } else {
        ""
    };
    Diagnostic::error(format!("{key} cannot be created"))
        .detail(format!("{}{once}", sentence(&problem.to_string())))
        .at(AttributePath::new(problem.argument.name()))
}
