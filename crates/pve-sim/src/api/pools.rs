//! Resource pools.

use serde_json::{Value, json};

use super::acls::grantors;
use super::qemu::shown_name;
use super::{Answer, Context, Endpoint, Permit};
use crate::fail::{Fail, Result, die};
use crate::schema::split_list;
use crate::world::{Pool, World};

const CHANGES: &str = r"
    allow-move? bool
    comment? text
    delete? bool
    poolid text fmt=pve-poolid
    storage? text fmt=pve-storage-id-list
    vms? text fmt=pve-vmid-list
";

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/pools",
        permit: Permit::User,
        params: &["
            poolid? text fmt=pve-poolid
            type? enum:qemu|lxc|storage requires=poolid
        "],
        handler: list,
    },
    Endpoint {
        method: "POST",
        path: "/pools",
        permit: Permit::All("/pool/{poolid}", &["Pool.Allocate"]),
        params: &["
            poolid text fmt=pve-poolid
            comment? text
        "],
        handler: create,
    },
    Endpoint {
        method: "PUT",
        path: "/pools",
        permit: Permit::All("/pool/{poolid}", &["Pool.Allocate"]),
        params: &[CHANGES],
        handler: change,
    },
    Endpoint {
        method: "DELETE",
        path: "/pools",
        permit: Permit::All("/pool/{poolid}", &["Pool.Allocate"]),
        params: &["poolid text fmt=pve-poolid"],
        handler: delete,
    },
    Endpoint {
        method: "GET",
        path: "/pools/{poolid}",
        permit: Permit::All("/pool/{poolid}", &["Pool.Audit"]),
        params: &["type? enum:qemu|lxc|storage"],
        handler: one,
    },
    Endpoint {
        method: "PUT",
        path: "/pools/{poolid}",
        permit: Permit::All("/pool/{poolid}", &["Pool.Allocate"]),
        params: &[CHANGES],
        handler: change,
    },
    Endpoint {
        method: "DELETE",
        path: "/pools/{poolid}",
        permit: Permit::All("/pool/{poolid}", &["Pool.Allocate"]),
        params: &[],
        handler: delete,
    },
];

fn require<'a>(world: &'a mut World, poolid: &str) -> Result<&'a mut Pool> {
    let missing = die(format!("pool '{poolid}' does not exist"));
    world.pools.get_mut(poolid).ok_or(missing)
}

fn list(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    if let Some(poolid) = context.args.text("poolid").map(str::to_owned) {
        world.check(&context.who, &format!("/pool/{poolid}"), &["Pool.Audit"])?;
        let kind = context.args.text("type").map(str::to_owned);
        require(context.world, &poolid)?;
        return Ok(json!([shown(context.world, &poolid, kind.as_deref())]).into());
    }
    let pools: Vec<Value> = world
        .pools
        .iter()
        .filter(|(poolid, _)| world.may(&context.who, &format!("/pool/{poolid}"), "Pool.Audit"))
        .map(|(poolid, pool)| {
            let mut entry = json!({ "poolid": poolid });
            if let Some(comment) = &pool.comment {
                entry["comment"] = json!(comment);
            }
            entry
        })
        .collect();
    Ok(json!(pools).into())
}

fn one(context: &mut Context<'_>) -> Result<Answer> {
    let poolid = context.args.required("poolid").to_owned();
    let kind = context.args.text("type").map(str::to_owned);
    require(context.world, &poolid)?;
    Ok(shown(context.world, &poolid, kind.as_deref()).into())
}

fn shown(world: &World, poolid: &str, kind: Option<&str>) -> Value {
    let Some(pool) = world.pools.get(poolid) else {
        return Value::Null;
    };
    let wants = |name: &str| kind.is_none_or(|kind| kind == name);
    let mut members: Vec<Value> = Vec::new();
    if wants("qemu") {
        members.extend(pool.vms.iter().filter_map(|vmid| member(world, *vmid)));
    }
    if wants("storage") {
        members.extend(pool.storages.iter().map(|name| {
            let id = format!("storage/{}/{name}", world.node);
            json!({ "id": id, "type": "storage", "storage": name, "node": world.node })
        }));
    }
    let mut data = json!({ "poolid": poolid, "members": members });
    if let Some(comment) = &pool.comment {
        data["comment"] = json!(comment);
    }
    data
}

fn member(world: &World, vmid: u32) -> Option<Value> {
    let vm = world.vm(vmid)?;
    let mut data = json!({
        "id": format!("qemu/{vmid}"),
        "type": "qemu",
        "vmid": vmid,
        "node": world.node,
        "status": "unknown",
    });
    if world.is_broadcast(vm) {
        data["status"] = json!(if vm.is_running() {
            "running"
        } else {
            "stopped"
        });
        data["name"] = json!(shown_name(vmid, vm));
    }
    Some(data)
}

fn create(context: &mut Context<'_>) -> Result<Answer> {
    let poolid = context.args.required("poolid").to_owned();
    if context.world.pools.contains_key(&poolid) {
        return Err(die(format!(
            "create pool failed: pool '{poolid}' already exists"
        )));
    }
    let comment = context.args.text("comment").map(str::to_owned);
    context.world.pools.insert(
        poolid,
        Pool {
            comment,
            ..Pool::default()
        },
    );
    Ok(Value::Null.into())
}

fn change(context: &mut Context<'_>) -> Result<Answer> {
    let args = &context.args;
    let poolid = args.required("poolid").to_owned();
    let removes = args.is_on("delete");
    let moves = args.is_on("allow-move");
    let vms: Vec<u32> = split_list(args.text("vms").unwrap_or_default())
        .filter_map(|v| v.parse().ok())
        .collect();
    let storages: Vec<String> = split_list(args.text("storage").unwrap_or_default())
        .map(str::to_owned)
        .collect();
    let comment = args.text("comment").map(str::to_owned);
    check_members(context, &vms, &storages)?;
    let fail = |text: String| die(format!("update pools failed: {text}"));
    let world = &mut *context.world;
    if !world.pools.contains_key(&poolid) {
        return Err(fail(format!("pool '{poolid}' does not exist")));
    }
    for vmid in vms {
        let current = world.pools.iter().find(|(_, p)| p.vms.contains(&vmid));
        let current = current.map(|(poolid, _)| poolid.clone());
        match current {
            Some(current) if removes && current == poolid => {}
            None if removes => {
                return Err(fail(format!("VM {vmid} is not a pool member")));
            }
            Some(current) if current == poolid => {
                return Err(fail(format!("VM {vmid} is already a pool member")));
            }
            Some(current) if !moves => {
                let text = format!(
                    "VM {vmid} belongs already to pool '{current}' and 'allow-move' is not set"
                );
                return Err(fail(text));
            }
            _ => {}
        }
        world.pools.values_mut().for_each(|pool| {
            pool.vms.remove(&vmid);
        });
        if !removes {
            require(world, &poolid)?.vms.insert(vmid);
        }
    }
    let pool = require(world, &poolid)?;
    for name in storages {
        if removes {
            pool.storages.remove(&name);
        } else {
            pool.storages.insert(name);
        }
    }
    if comment.is_some() {
        pool.comment = comment;
    }
    Ok(Value::Null.into())
}

/// Members need rights of their own: a pool gives privileges on them.
fn check_members(context: &Context<'_>, vms: &[u32], storages: &[String]) -> Result<()> {
    let vms = vms.iter().map(|vmid| format!("/vms/{vmid}"));
    let storages = storages.iter().map(|name| format!("/storage/{name}"));
    vms.chain(storages).try_for_each(|path| {
        let checked = context
            .world
            .check_any(&context.who, &path, grantors(&path));
        // The check runs inside of the file's lock, whose failure it becomes.
        checked.map_err(|fail| match fail {
            Fail::Error(error) => die(format!("update pools failed: {}", error.exit_text())),
            wait @ Fail::Wait(_) => wait,
        })
    })
}

fn delete(context: &mut Context<'_>) -> Result<Answer> {
    let poolid = context.args.required("poolid").to_owned();
    let fail = |text: String| die(format!("delete pool failed: {text}"));
    match context.world.pools.get(&poolid) {
        None => return Err(fail(format!("pool '{poolid}' does not exist"))),
        Some(pool) if !pool.vms.is_empty() => {
            return Err(fail(format!("pool '{poolid}' is not empty (contains VMs)")));
        }
        Some(pool) if !pool.storages.is_empty() => {
            return Err(fail(format!(
                "pool '{poolid}' is not empty (contains storages)"
            )));
        }
        Some(_) => {}
    }
    context.world.pools.remove(&poolid);
    Ok(Value::Null.into())
}
