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
    let vm = answering(context)?;
    let guest = &vm.guest;
    let result = match (&guest.error, &guest.interfaces) {
        (Some(error), _) => json!({ "error": error }),
        (None, Some(interfaces)) => interfaces.clone(),
        (None, None) => json!(configured_interfaces(context.world, vm)),
    };
    Ok(json!({ "result": result }).into())
}

/// What a system that took its addresses from cloud-init would report.
fn configured_interfaces(world: &World, vm: &Vm) -> Vec<Value> {
    let cards = (0..32).filter_map(|number| {
        let net = world.properties("net", vm.config.get(&format!("net{number}"))?);
        let ip = vm
            .config
            .get(&format!("ipconfig{number}"))
            .unwrap_or_default();
        let ip = world.properties("ipconfig", ip);
        let addresses: Vec<Value> = [("ip", "ipv4"), ("ip6", "ipv6")]
            .into_iter()
            .filter_map(|(key, kind)| address(ip.get(key)?, kind))
            .collect();
        Some(json!({
            "name": format!("eth{number}"),
            "hardware-address": net.get("macaddr")?.to_lowercase(),
            "ip-addresses": addresses,
        }))
    });
    let loopback = json!({
        "name": "lo",
        "hardware-address": "00:00:00:00:00:00",
        "ip-addresses": [address("127.0.0.1/8", "ipv4")],
    });
    std::iter::once(loopback).chain(cards).collect()
}

fn address(cidr: &str, kind: &str) -> Option<Value> {
    let (address, prefix) = cidr.split_once('/')?;
    let prefix: u8 = prefix.parse().ok()?;
    Some(json!({ "ip-address": address, "ip-address-type": kind, "prefix": prefix }))
}

fn ping(context: &mut Context<'_>) -> Result<Answer> {
    answering(context)?;
    Ok(json!({ "result": {} }).into())
}
