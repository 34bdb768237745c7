//! Starting and stopping machines.

use serde_json::json;

use super::super::{Answer, Context, Endpoint, Handler, Permit};
use super::permission::check_skiplock;
use crate::fail::{Result, die, not_implemented};
use crate::job::{Reboot, Reset, Shutdown, Start, Stop};

const POWER: Permit = Permit::All("/vms/{vmid}", &["VM.PowerMgmt"]);

const fn action(path: &'static str, params: &'static [&'static str], handler: Handler) -> Endpoint {
    Endpoint {
        method: "POST",
        path,
        permit: POWER,
        params,
        handler,
    }
}

pub(super) const TABLE: &[Endpoint] = &[
    action(
        "/nodes/{node}/qemu/{vmid}/status/start",
        &["
        skiplock? bool
        stateuri? text len=128
        migratedfrom? text fmt=pve-node
        migration_type? enum:secure|insecure
        migration_network? text
        machine? text props=machine
        force-cpu? text
        targetstorage? text
        timeout? int min=0
        nets-host-mtu? text
        with-conntrack-state? bool v9
    "],
        start,
    ),
    action(
        "/nodes/{node}/qemu/{vmid}/status/stop",
        &["
        skiplock? bool
        migratedfrom? text fmt=pve-node
        timeout? int min=0
        keepActive? bool
        overrule-shutdown? bool
    "],
        stop,
    ),
    action(
        "/nodes/{node}/qemu/{vmid}/status/shutdown",
        &["
        skiplock? bool
        timeout? int min=0
        forceStop? bool
        keepActive? bool
    "],
        shutdown,
    ),
    action(
        "/nodes/{node}/qemu/{vmid}/status/reset",
        &["skiplock? bool"],
        reset,
    ),
    action(
        "/nodes/{node}/qemu/{vmid}/status/reboot",
        &["timeout? int min=0"],
        reboot,
    ),
    action(
        "/nodes/{node}/qemu/{vmid}/status/suspend",
        &["
        skiplock? bool
        todisk? bool
        statestorage? text fmt=pve-storage-id requires=todisk
    "],
        not_running,
    ),
    action(
        "/nodes/{node}/qemu/{vmid}/status/resume",
        &["
        skiplock? bool
        nocheck? bool
    "],
        not_running,
    ),
];

fn start(context: &mut Context<'_>) -> Result<Answer> {
    let skiplock = skiplock(context)?;
    for key in ["stateuri", "migratedfrom", "force-cpu", "targetstorage"] {
        if context.args.has(key) && !context.who.is_root() {
            return Err(crate::fail::bad_param(
                key,
                "Only root may use this option.",
            ));
        }
    }
    let vmid = context.vmid();
    let job = Start::new(vmid, skiplock);
    Ok(json!(context.world.spawn("qmstart", vmid, &context.who, job)).into())
}

fn skiplock(context: &Context<'_>) -> Result<bool> {
    let skiplock = context.args.is_on("skiplock");
    check_skiplock(&context.who, skiplock)?;
    Ok(skiplock)
}

fn stop(context: &mut Context<'_>) -> Result<Answer> {
    let job = Stop::new(context.vmid(), skiplock(context)?);
    let vmid = context.vmid();
    Ok(json!(context.world.spawn("qmstop", vmid, &context.who, job)).into())
}

fn shutdown(context: &mut Context<'_>) -> Result<Answer> {
    let skiplock = skiplock(context)?;
    let (vmid, args) = (context.vmid(), &context.args);
    let timeout = args.number("timeout");
    let job = Shutdown::new(vmid, skiplock, timeout, args.is_on("forceStop"));
    Ok(json!(context.world.spawn("qmshutdown", vmid, &context.who, job)).into())
}

/// 500 unless the machine is there and runs.
fn require_running(context: &Context<'_>) -> Result<u32> {
    let vmid = context.vmid();
    let Some(vm) = context.world.vm(vmid) else {
        return Err(context.world.unfindable(vmid));
    };
    if vm.is_running() {
        Ok(vmid)
    } else {
        Err(die(format!("VM {vmid} not running")))
    }
}

fn reset(context: &mut Context<'_>) -> Result<Answer> {
    let skiplock = skiplock(context)?;
    let vmid = require_running(context)?;
    Ok(json!(
        context
            .world
            .spawn("qmreset", vmid, &context.who, Reset::new(vmid, skiplock))
    )
    .into())
}

fn reboot(context: &mut Context<'_>) -> Result<Answer> {
    let vmid = require_running(context)?;
    let job = Reboot::new(vmid, context.args.number("timeout"));
    Ok(json!(context.world.spawn("qmreboot", vmid, &context.who, job)).into())
}

/// Suspending and resuming: only the refusals are modelled.
fn not_running(context: &mut Context<'_>) -> Result<Answer> {
    skiplock(context)?;
    let vmid = require_running(context)?;
    Err(not_implemented(format!(
        "pve-sim does not model suspending and resuming VM {vmid}"
    )))
}
