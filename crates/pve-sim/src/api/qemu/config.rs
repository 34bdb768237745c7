//! Reading and changing the configuration of a machine.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::{Answer, Context, Endpoint, Permit};
use super::change::Change;
use super::options::{OPTIONS, to_json};
use crate::fail::{Result, die};
use crate::job::Configure;
use crate::world::LockMode;

/// What may be said besides options.
const EXTRA: &str = r"
    delete? text fmt=pve-configid-list
    revert? text fmt=pve-configid-list
    force? bool requires=delete
    digest? text len=40
    skiplock? bool
";

/// Somebody must be allowed something; the code sees to the rest.
const ANY_CONFIG: Permit = Permit::Any(
    "/vms/{vmid}",
    &[
        "VM.Config.Disk",
        "VM.Config.CDROM",
        "VM.Config.CPU",
        "VM.Config.Memory",
        "VM.Config.Network",
        "VM.Config.HWType",
        "VM.Config.Options",
        "VM.Config.Cloudinit",
    ],
);

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/qemu/{vmid}/config",
        permit: Permit::All("/vms/{vmid}", &["VM.Audit"]),
        params: &["
            current? bool
            snapshot? text fmt=pve-configid len=40
        "],
        handler: read,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/qemu/{vmid}/pending",
        permit: Permit::All("/vms/{vmid}", &["VM.Audit"]),
        params: &[],
        handler: pending,
    },
    Endpoint {
        method: "PUT",
        path: "/nodes/{node}/qemu/{vmid}/config",
        permit: ANY_CONFIG,
        params: &[OPTIONS, EXTRA],
        handler: change_now,
    },
    Endpoint {
        method: "POST",
        path: "/nodes/{node}/qemu/{vmid}/config",
        permit: ANY_CONFIG,
        params: &[
            OPTIONS,
            EXTRA,
            "background_delay? int min=1 max=30\n import-working-storage? text fmt=pve-storage-id",
        ],
        handler: change_by_task,
    },
];

/// How long writers wait for the lock file.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

fn read(context: &mut Context<'_>) -> Result<Answer> {
    let vm = context.world.require_vm(context.vmid())?;
    if let Some(snapshot) = context.args.text("snapshot") {
        return Err(die(format!("snapshot '{snapshot}' does not exist")));
    }
    let mut data = Map::new();
    let only_current = context.args.is_on("current");
    for (key, value) in vm.config.iter() {
        let hidden = !only_current && (vm.deletions.contains_key(key) || vm.pending.has(key));
        if !hidden {
            data.insert(key.to_owned(), to_json(key, value));
        }
    }
    if !only_current {
        for (key, value) in vm.pending.iter() {
            // A description that is to be emptied shows as none.
            if !(key == "description" && value.is_empty()) {
                data.insert(key.to_owned(), to_json(key, value));
            }
        }
    }
    data.insert("digest".to_owned(), json!(vm.digest()));
    Ok(Value::Object(data).into())
}

fn pending(context: &mut Context<'_>) -> Result<Answer> {
    let vm = context.world.require_vm(context.vmid())?;
    let mut entries: Vec<Value> = Vec::new();
    for (key, value) in vm.config.iter() {
        let mut entry = json!({ "key": key, "value": to_json(key, value) });
        if let Some(pending) = vm.pending.get(key) {
            entry["pending"] = to_json(key, pending);
        }
        if let Some(force) = vm.deletions.get(key) {
            entry["delete"] = json!(if *force { 2 } else { 1 });
        }
        entries.push(entry);
    }
    let new = vm.pending.iter().filter(|(key, _)| !vm.config.has(key));
    entries.extend(new.map(|(key, value)| json!({ "key": key, "pending": to_json(key, value) })));
    entries.push(json!({ "key": "digest", "value": vm.digest() }));
    Ok(json!(entries).into())
}

fn change_now(context: &mut Context<'_>) -> Result<Answer> {
    let change = read_change(context)?;
    context.world.work(&context.who, Configure::new(change))
}

fn read_change(context: &mut Context<'_>) -> Result<Change> {
    let args = std::mem::take(&mut context.args);
    let change = Change::read(context.world, &context.who, args)?;
    // 8.4 looks at the machine only once it has the lock file.
    if context.world.version.is_9() {
        change.check_state(context.world)?;
    }
    Ok(change)
}

fn change_by_task(context: &mut Context<'_>) -> Result<Answer> {
    let delay = context.args.number("background_delay");
    let change = read_change(context)?;
    let vmid = change.vmid;
    if !context.world.version.is_9() {
        context
            .world
            .wait_for_lock(vmid, LockMode::Exclusive, context.arrived, PATIENCE)?;
        change.check_state(context.world)?;
    }
    let job = Configure::new(change);
    let upid = context.world.spawn("qmconfig", vmid, &context.who, job);
    Ok(context
        .world
        .answer_after(upid, delay, format!("failed to update VM {vmid}: ")))
}
