//! What changes do to a VM that exists, said by its name; what nobody consented to is refused.

use tf_plugin::{AttributePath, Diagnostic};
use vm::{Argument, Consent, Difference, Effect, Power, Refusal, Role, VmKey, Wanted};

use crate::policy::Policy;
use crate::talos_vm::read::refused;

/// Says what the changes do to a running VM, and refuses what nobody consented to.
pub(super) fn consequences(
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
            .filter(|difference| effect(difference.effect))
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
                .detail(format!("{}.{}", listed(&differences), condition(wanted)))
                .at(path),
        ),
    }
}

fn condition(wanted: &Wanted) -> &'static str {
    match wanted.origin.role {
        Some(Role::ControlPlane) => " It is a control plane: only while the others answer.",
        Some(Role::Worker) | None => "",
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
pub(super) fn recorded(key: &VmKey, differences: &[Difference]) -> Option<Diagnostic> {
    let facts = [Argument::Template, Argument::Clone, Argument::TalosVersion];
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
