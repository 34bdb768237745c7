//! The guest agent's answers.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{Answer, Context, Endpoint, Permit, given};
use crate::auth::Principal;
use crate::fail::{Fail, Result, die};
use crate::schema::Params;
use crate::world::{Agent, Vm, World};

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/qemu/{vmid}/agent",
        permit: Permit::User,
        params: &[],
        handler: |_| {
            let names: Vec<Value> = COMMANDS
                .iter()
                .map(|name| json!({ "name": name }))
                .collect();
            Ok(json!(names).into())
        },
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/qemu/{vmid}/agent/network-get-interfaces",
        permit: Permit::Check(may_read),
        params: &[],
        handler: interfaces,
    },
    Endpoint {
        method: "POST",
        path: "/nodes/{node}/qemu/{vmid}/agent/ping",
        permit: Permit::Check(may_read),
        params: &[],
        handler: ping,
    },
];

const COMMANDS: &[&str] = &[
    "exec",
    "exec-status",
    "file-read",
    "file-write",
    "fsfreeze-freeze",
    "fsfreeze-status",
    "fsfreeze-thaw",
    "fstrim",
    "get-fsinfo",
    "get-host-name",
    "get-memory-block-info",
    "get-memory-blocks",
    "get-osinfo",
    "get-time",
    "get-timezone",
    "get-users",
    "get-vcpus",
    "info",
    "network-get-interfaces",
    "ping",
    "set-user-password",
    "shutdown",
    "suspend-disk",
    "suspend-hybrid",
    "suspend-ram",
];

/// A silent agent is given up after this long.
const PATIENCE: Duration = Duration::from_secs(3);

fn may_read(world: &World, who: &Principal, params: &Params) -> Result<()> {
    let path = format!("/vms/{}", given(params, "vmid").unwrap_or_default());
    if world.version.is_9() {
        world.check_any(
            who,
            &path,
            &["VM.GuestAgent.Audit", "VM.GuestAgent.Unrestricted"],
        )
    } else {
        world.check(who, &path, &["VM.Monitor"])
    }
}

/// Whether an `agent` option switches the agent on.
pub(crate) fn is_configured(option: Option<&str>) -> bool {
    let first = option
        .unwrap_or_default()
        .split(',')
        .next()
        .unwrap_or_default();
    matches!(
        first.strip_prefix("enabled=").unwrap_or(first),
        "1" | "on" | "yes" | "true"
    )
}

/// Whether an agent is configured and answers.
pub(crate) fn responds(vm: &Vm) -> bool {
    is_configured(vm.config.get("agent")) && vm.guest.agent == Agent::Answering
}

/// The machine when its agent answers; a silent one is waited for.
fn answering<'a>(context: &'a Context<'_>) -> Result<&'a Vm> {
    let (world, vmid) = (&*context.world, context.vmid());
    let vm = world.require_vm(vmid)?;
    if !is_configured(vm.config.get("agent")) {
        return Err(die("No QEMU guest agent configured"));
    }
    if !vm.is_running() {
        return Err(die(format!("VM {vmid} is not running")));
    }
    if vm.guest.agent == Agent::Silent {
        let deadline = context.arrived.plus(PATIENCE);
        return Err(if world.now < deadline {
            Fail::Wait(deadline)
        } else {
            die("QEMU guest agent is not running")
        });
    }
    Ok(vm)
}

fn interfaces(context: &mut Context<'_>) -> Result<Answer> {
    let guest = &answering(context)?.guest;
    let result = match (&guest.error, &guest.interfaces) {
        (Some(error), _) => json!({ "error": error }),
        (None, Some(interfaces)) => interfaces.clone(),
        (None, None) => json!([]),
    };
    Ok(json!({ "result": result }).into())
}

fn ping(context: &mut Context<'_>) -> Result<Answer> {
    answering(context)?;
    Ok(json!({ "result": {} }).into())
}
