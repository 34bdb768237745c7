//! The node and its state.

use serde_json::json;

use super::version::REPOID;
use super::{Answer, Context, Endpoint, Permit};
use crate::fail::Result;

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/nodes",
        permit: Permit::User,
        params: &[],
        handler: list,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/status",
        permit: Permit::All("/nodes/{node}", &["Sys.Audit"]),
        params: &[],
        handler: node_status,
    },
];

fn list(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    // The numbers come from the status daemon's broadcast, which is not modelled here.
    let node = json!({
        "node": world.node,
        "id": format!("node/{}", world.node),
        "type": "node",
        "status": "online",
        "ssl_fingerprint": world.fingerprint,
    });
    Ok(json!([node]).into())
}

fn node_status(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let (total, cpus) = (world.host.memory, world.host.cpus);
    let used = total / 8;
    let mut memory = json!({ "total": total, "used": used, "free": total - used });
    let mut cpu = json!({
        "cpus": cpus,
        "cores": cpus,
        "sockets": 1,
        "model": "Simulated CPU",
        "mhz": "3000.000",
        "flags": "fpu vmx ept",
        "hvm": "1",
        "user_hz": 100,
    });
    if world.version.is_9() {
        memory["available"] = json!(total - used);
        cpu["family"] = json!("6");
        cpu["vendor"] = json!("GenuineIntel");
    }
    let kernel = if world.version.is_9() {
        "6.17.4-1-pve"
    } else {
        "6.8.12-15-pve"
    };
    let disk: u64 = 100 << 30;
    Ok(json!({
        "boot-info": { "mode": "efi", "secureboot": 0 },
        "cpu": 0.02,
        "cpuinfo": cpu,
        "current-kernel": {
            "machine": "x86_64", "release": kernel, "sysname": "Linux", "version": "#1 SMP",
        },
        "idle": 0,
        "ksm": { "shared": 0 },
        "kversion": format!("Linux {kernel} #1 SMP"),
        "loadavg": ["0.10", "0.12", "0.09"],
        "memory": memory,
        "pveversion": format!("pve-manager/{}/{REPOID}", world.version.manager()),
        "rootfs": { "total": disk, "used": disk / 4, "avail": disk / 4 * 3, "free": disk / 4 * 3 },
        "swap": { "total": 0, "used": 0, "free": 0 },
        "uptime": world.now.since(world.booted).as_secs(),
        "wait": 0,
    })
    .into())
}
