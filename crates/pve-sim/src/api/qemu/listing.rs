//! Lists and states of machines.

use serde_json::{Map, Value, json};

use super::super::{Answer, Context, Endpoint, Permit};
use super::agent::is_configured;
use super::bootorder::first_disk;
use crate::convert::parse_size;
use crate::fail::Result;
use crate::world::{Drive, Vm, World};

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/qemu",
        permit: Permit::User,
        params: &["full? bool"],
        handler: list,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/qemu/{vmid}",
        permit: Permit::User,
        params: &[],
        handler: index,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/qemu/{vmid}/status",
        permit: Permit::User,
        params: &[],
        handler: |_| Ok(subdirs(STATUS_PATHS)),
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/qemu/{vmid}/status/current",
        permit: Permit::All("/vms/{vmid}", &["VM.Audit"]),
        params: &[],
        handler: current,
    },
];

const PATHS: &[&str] = &[
    "config",
    "cloudinit",
    "pending",
    "status",
    "unlink",
    "vncproxy",
    "termproxy",
    "migrate",
    "resize",
    "move",
    "rrd",
    "rrddata",
    "monitor",
    "agent",
    "snapshot",
    "spiceproxy",
    "sendkey",
    "firewall",
    "mtunnel",
    "remote_migrate",
];
const STATUS_PATHS: &[&str] = &[
    "current", "start", "stop", "reset", "shutdown", "suspend", "reboot",
];

fn subdirs(names: &[&str]) -> Answer {
    let dirs: Vec<Value> = names.iter().map(|name| json!({ "subdir": name })).collect();
    json!(dirs).into()
}

fn index(_: &mut Context<'_>) -> Result<Answer> {
    Ok(subdirs(PATHS))
}

fn list(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let full = context.args.is_on("full");
    let seen: Vec<Value> = world
        .vms
        .iter()
        .filter(|(vmid, _)| world.may(&context.who, &format!("/vms/{vmid}"), "VM.Audit"))
        .map(|(vmid, vm)| {
            let mut state = brief(world, *vmid, vm);
            if full {
                add_full(world, vm, &mut state);
            }
            Value::Object(state)
        })
        .collect();
    Ok(json!(seen).into())
}

fn current(context: &mut Context<'_>) -> Result<Answer> {
    let (world, vmid) = (&*context.world, context.vmid());
    let vm = world.require_vm(vmid)?;
    let mut state = brief(world, vmid, vm);
    add_full(world, vm, &mut state);
    state.insert("ha".to_owned(), json!({ "managed": 0 }));
    if is_configured(vm.config.get("agent")) {
        state.insert("agent".to_owned(), json!(1));
    }
    Ok(Value::Object(state).into())
}

/// Memory in MiB of an option such as `2048` or `current=2048`.
pub(crate) fn memory_mib(option: Option<&str>) -> u64 {
    let text = option.unwrap_or("512");
    text.strip_prefix("current=")
        .unwrap_or(text)
        .parse()
        .unwrap_or(512)
}

/// Virtual CPUs as configured, not cut to those of the host.
pub(crate) fn vcpus(vm: &Vm) -> u64 {
    let number = |key: &str| vm.config.get(key).and_then(|v| v.parse::<u64>().ok());
    let product = number("sockets")
        .unwrap_or(1)
        .saturating_mul(number("cores").unwrap_or(1));
    number("vcpus").unwrap_or(product)
}

/// The name shown for a machine.
pub(crate) fn shown_name(vmid: u32, vm: &Vm) -> String {
    vm.config
        .get("name")
        .map_or_else(|| format!("VM {vmid}"), str::to_owned)
}

fn disk_size(vm: &Vm) -> u64 {
    let disk = first_disk(&vm.config).and_then(|key| vm.config.get(&key));
    disk.map(Drive::parse)
        .and_then(|d| d.flag("size").and_then(parse_size))
        .unwrap_or(0)
}

/// What lists show of a machine.
pub(crate) fn brief(world: &World, vmid: u32, vm: &Vm) -> Map<String, Value> {
    let mut state = Map::new();
    let mut put = |key: &str, value: Value| {
        state.insert(key.to_owned(), value);
    };
    put("vmid", json!(vmid));
    put("name", json!(shown_name(vmid, vm)));
    put(
        "status",
        json!(if vm.is_running() {
            "running"
        } else {
            "stopped"
        }),
    );
    put("cpus", json!(vcpus(vm).min(u64::from(world.host.cpus))));
    put("maxmem", json!(memory_mib(vm.config.get("memory")) << 20));
    put("maxdisk", json!(disk_size(vm)));
    for zero in ["cpu", "mem", "disk", "netin", "netout", "uptime"] {
        put(zero, json!(0));
    }
    if world.version.is_9() {
        put("memhost", json!(0));
    }
    for key in ["lock", "tags"] {
        if let Some(value) = vm.config.get(key) {
            put(key, json!(value));
        }
    }
    if vm.is_template() {
        put("template", json!(1));
    }
    if vm.config.keys().any(|key| key.starts_with("serial")) {
        put("serial", json!(1));
    }
    add_running(world, vm, &mut state);
    state
}

fn add_running(world: &World, vm: &Vm, state: &mut Map<String, Value>) {
    let Some(process) = &vm.process else { return };
    state.insert("pid".to_owned(), json!(process.pid));
    state.insert(
        "uptime".to_owned(),
        json!(world.now.since(process.started).as_secs()),
    );
    state.insert("cpu".to_owned(), json!(0.01));
    state.insert(
        "mem".to_owned(),
        json!(memory_mib(vm.config.get("memory")) << 19),
    );
    if world.version.is_9() {
        state.insert(
            "memhost".to_owned(),
            json!(memory_mib(vm.config.get("memory")) << 19),
        );
        for kind in ["cpu", "io", "memory"] {
            for share in ["full", "some"] {
                state.insert(format!("pressure{kind}{share}"), json!(0));
            }
        }
    }
}

/// What only the hypervisor knows.
fn add_full(world: &World, vm: &Vm, state: &mut Map<String, Value>) {
    let mut put = |key: &str, value: Value| {
        state.insert(key.to_owned(), value);
    };
    put(
        "qmpstatus",
        json!(if vm.is_running() {
            "running"
        } else {
            "stopped"
        }),
    );
    if !vm.is_running() {
        return;
    }
    let memory = memory_mib(vm.config.get("memory")) << 20;
    put("balloon", json!(memory));
    put(
        "ballooninfo",
        json!({ "actual": memory, "max_mem": memory }),
    );
    put("diskread", json!(0));
    put("diskwrite", json!(0));
    put("proxmox-support", json!({ "pbs-dirty-bitmap": true }));
    put(
        "running-machine",
        json!(format!("pc-q35-{}", world.version.qemu())),
    );
    put("running-qemu", json!(world.version.qemu()));
}
