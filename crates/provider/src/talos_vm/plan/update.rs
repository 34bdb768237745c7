//! Planning a VM that a state row holds.

use pve_api::vm_config::View;
use tf_plugin::{AttributePath, Diagnostic, Diagnostics, PlanRequest, PlanResponse, Value};
use vm::{Argument, Consent, Difference, Hotplug, Power, VmKey, Wanted};

use super::consequences::{consequences, recorded};
use super::create::only_one;
use super::devices::{allowed, devices, kept};
use super::protect;
use crate::policy::Policy;
use crate::session::{Run, Session};
use crate::talos_vm::decode::{self, Decoded};
use crate::talos_vm::encode;
use crate::talos_vm::schema::{PARKED, RENAMED};
use host::listed_power;

pub(super) async fn update(
    session: &Session,
    request: PlanRequest,
) -> Result<PlanResponse, Diagnostics> {
    let decoded = decode::config(&request.config)?;
    let held = decode::state(&request.prior)?;
    let run = session.run()?;
    let mut changes = Changes::between(&held, &decoded, Hotplug::Network);
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
        if let Some(run) = &run {
            if changes.touches(Argument::Gpus) {
                let before = held.shape.gpus.as_deref().unwrap_or_default();
                allowed(run, &held.key, before)?;
                let messages = devices(session, run, wanted).await?;
                response.diagnostics.extend(messages);
            } else {
                kept(session, run, wanted).await?;
            }
        }
        if let Some(run) = run.filter(|_| !changes.differences.is_empty()) {
            let power = power(&run, &held).await?;
            if power == Power::Running && changes.touches_network_card() {
                let hotplug = hotplug(&run, &held.key).await?;
                changes = Changes::between(&held, &decoded, hotplug);
            }
            let messages = consequences(run.policy, wanted, &changes.differences, power)?;
            response.diagnostics.extend(messages);
            response
                .diagnostics
                .extend(recorded(&held.key, &changes.differences));
        }
    }
    if [PARKED, RENAMED].contains(&request.private.as_slice()) {
        // Something is left to do though nothing differs: only an unknown value makes Terraform
        // call the apply that does it.
        response.planned.set("existing", Value::Unknown);
    }
    Ok(response)
}

async fn power(run: &Run, held: &Wanted) -> Result<Power, Diagnostic> {
    let VmKey { node, vmid, .. } = &held.key;
    let power = listed_power(&run.facts, node, *vmid).await;
    let power =
        power.map_err(|error| run.report(&format!("Unable to look at {}", held.key), &error))?;
    Ok(power.unwrap_or(Power::Running))
}

/// Reads what the VM takes while it runs; one that is gone takes anything.
async fn hotplug(run: &Run, key: &VmKey) -> Result<Hotplug, Diagnostic> {
    match run
        .client
        .vm_config(&key.node, key.vmid, View::Pending)
        .await
    {
        Ok(config) => Ok(Hotplug::of(&config)),
        Err(error) if error.is_not_found() => Ok(Hotplug::Network),
        Err(error) => Err(run.report(&format!("Unable to look at {key}"), &error)),
    }
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
    fn between(held: &Wanted, decoded: &Decoded, hotplug: Hotplug) -> Self {
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
                (true, false) => changes.differences.extend(
                    decoded
                        .wanted
                        .as_ref()
                        .map(|wanted| wanted.difference(argument, is, &held.shape, hotplug)),
                ),
                (false, _) if argument.is_key() && unknown => changes.keys.push(argument),
                (false, _) => {}
            }
        }
        changes
    }

    fn touches(&self, argument: Argument) -> bool {
        self.differences
            .iter()
            .any(|difference| difference.argument == argument)
    }

    fn touches_network_card(&self) -> bool {
        self.touches(Argument::Bridge) || self.touches(Argument::Vlan)
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
