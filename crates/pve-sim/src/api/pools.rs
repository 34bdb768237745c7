//! Resource pools.

use std::collections::BTreeMap;

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

/// What is to become of the members of a pool.
struct Change {
    poolid: String,
    vms: Vec<u32>,
    storages: Vec<String>,
    removes: bool,
    moves: bool,
}

/// All or nothing: the file is written once, at the end.
fn change(context: &mut Context<'_>) -> Result<Answer> {
    let args = &context.args;
    let list = |key: &str| split_list(args.text(key).unwrap_or_default());
    let change = Change {
        poolid: args.required("poolid").to_owned(),
        vms: list("vms").filter_map(|vmid| vmid.parse().ok()).collect(),
        storages: list("storage").map(str::to_owned).collect(),
        removes: args.is_on("delete"),
        moves: args.is_on("allow-move"),
    };
    let comment = args.text("comment").map(str::to_owned);
    let mut pools = context.world.pools.clone();
    let Some(pool) = pools.get_mut(&change.poolid) else {
        return Err(update_failed(&format!(
            "pool '{}' does not exist",
            change.poolid
        )));
    };
    if comment.is_some() {
        pool.comment = comment;
    }
    check_members(context, &change.vms, &change.storages)?;
    for vmid in &change.vms {
        change.machine(&mut pools, *vmid)?;
    }
    for name in &change.storages {
        change.storage(&mut pools, name)?;
    }
    context.world.pools = pools;
    Ok(Value::Null.into())
}

fn update_failed(text: &str) -> Fail {
    die(format!("update pools failed: {text}"))
}

impl Change {
    fn machine(&self, pools: &mut BTreeMap<String, Pool>, vmid: u32) -> Result<()> {
        let current = pools.iter().find(|(_, pool)| pool.vms.contains(&vmid));
        let current = current.map(|(poolid, _)| poolid.clone());
        let is_member = current.as_ref() == Some(&self.poolid);
        let problem = match current {
            _ if self.removes && !is_member => format!("VM {vmid} is not a pool member"),
            _ if !self.removes && is_member => format!("VM {vmid} is already a pool member"),
            Some(other) if !is_member && !self.moves => {
                format!("VM {vmid} belongs already to pool '{other}' and 'allow-move' is not set")
            }
            _ => {
                for pool in pools.values_mut() {
                    pool.vms.remove(&vmid);
                }
                if let Some(pool) = pools.get_mut(&self.poolid).filter(|_| !self.removes) {
                    pool.vms.insert(vmid);
                }
                return Ok(());
            }
        };
        Err(update_failed(&problem))
    }

    fn storage(&self, pools: &mut BTreeMap<String, Pool>, name: &str) -> Result<()> {
        let Some(pool) = pools.get_mut(&self.poolid) else {
            return Ok(());
        };
        let changed = if self.removes {
            pool.storages.remove(name)
        } else {
            pool.storages.insert(name.to_owned())
        };
        let state = if self.removes { "is not" } else { "is already" };
        let problem = format!("Storage '{name}' {state} a pool member");
        if changed {
            Ok(())
        } else {
            Err(update_failed(&problem))
        }
    }
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
            Fail::Error(error) => update_failed(&error.exit_text()),
            wait @ Fail::Wait(_) => wait,
        })
    })
}

fn delete(context: &mut Context<'_>) -> Result<Answer> {
    let poolid = context.args.required("poolid").to_owned();
    let fail = |text: String| die(format!("delete pool failed: {text}"));
    let Some(pool) = context.world.pools.get(&poolid) else {
        return Err(fail(format!("pool '{poolid}' does not exist")));
    };
    // Machines that are gone do not count.
    let left = pool
        .vms
        .iter()
        .find(|vmid| context.world.taken_by(**vmid).is_some());
    if let Some(vmid) = left {
        return Err(fail(format!(
            "pool '{poolid}' is not empty (contains VM {vmid})"
        )));
    }
    if let Some(name) = pool
        .storages
        .iter()
        .find(|name| context.world.storage(name).is_some())
    {
        return Err(fail(format!(
            "pool '{poolid}' is not empty (contains storage '{name}')"
        )));
    }
    context
        .world
        .access
        .acls
        .retain(|acl| acl.path != format!("/pool/{poolid}"));
    context.world.pools.remove(&poolid);
    Ok(Value::Null.into())
}
