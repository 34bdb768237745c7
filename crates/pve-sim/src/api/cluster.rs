//! What concerns the whole cluster: free ids, resources, options.

use serde_json::{Map, Value, json};

use super::qemu::brief;
use super::{Answer, Context, Endpoint, Permit};
use crate::fail::{Result, bad_param, die};
use crate::world::World;

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/cluster/nextid",
        permit: Permit::User,
        params: &["vmid? int fmt=pve-vmid min=100 max=999999999"],
        handler: next_id,
    },
    Endpoint {
        method: "GET",
        path: "/cluster/resources",
        permit: Permit::User,
        params: &["type? enum:vm|storage|node|sdn"],
        handler: resources,
    },
    Endpoint {
        method: "GET",
        path: "/cluster/status",
        permit: Permit::All("/", &["Sys.Audit"]),
        params: &[],
        handler: |context| {
            let node = &context.world.node;
            Ok(json!([{
                "type": "node", "id": format!("node/{node}"), "name": node, "nodeid": 0,
                "online": 1, "local": 1, "level": "", "ip": "127.0.0.1",
            }])
            .into())
        },
    },
    Endpoint {
        method: "GET",
        path: "/cluster/options",
        permit: Permit::User,
        params: &[],
        handler: options,
    },
];

/// The range ids are given from: the first, and the one behind the last.
fn id_range(world: &World) -> (u32, u32) {
    let setting = world.datacenter.get("next-id").map_or("", String::as_str);
    let number = |key: &str, otherwise: u32| {
        setting
            .split(',')
            .find_map(|part| part.strip_prefix(key)?.strip_prefix('=')?.parse().ok())
            .unwrap_or(otherwise)
    };
    (number("lower", 100), number("upper", 1_000_000))
}

fn next_id(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    if let Some(vmid) = context.args.text("vmid") {
        let taken = world.taken_by(context.args.vmid("vmid"));
        return match taken {
            None => Ok(json!(vmid).into()),
            // Containers are called VM here too.
            Some(_) => Err(bad_param("vmid", format!("VM {vmid} already exists"))),
        };
    }
    let (lower, upper) = id_range(world);
    match (lower..upper).find(|vmid| world.taken_by(*vmid).is_none()) {
        Some(vmid) => Ok(json!(vmid.to_string()).into()),
        None => Err(die(format!(
            "unable to get any free VMID in range [{lower}, {upper}]"
        ))),
    }
}

fn resources(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let wants = |kind: &str| {
        context
            .args
            .text("type")
            .is_none_or(|wanted| wanted == kind)
    };
    let mut shown: Vec<Value> = Vec::new();
    if wants("vm") {
        shown.extend(machines(world, context));
    }
    if wants("node") {
        let node = &world.node;
        shown.push(json!({
            "type": "node", "id": format!("node/{node}"), "node": node, "status": "online",
        }));
    }
    if wants("storage") {
        shown.extend(storages(world, context));
    }
    if wants("sdn") {
        shown.push(json!({
            "type": "sdn", "id": format!("sdn/{}/localnetwork", world.node), "node": world.node,
            "sdn": "localnetwork", "status": "ok",
        }));
    }
    Ok(json!(shown).into())
}

fn machines<'a>(world: &'a World, context: &'a Context<'_>) -> impl Iterator<Item = Value> {
    world
        .vms
        .iter()
        .filter(|(vmid, _)| world.may(&context.who, &format!("/vms/{vmid}"), "VM.Audit"))
        .map(|(vmid, vm)| {
            let mut entry = brief(world, *vmid, vm);
            let mut put = |key: &str, value: Value| {
                entry.insert(key.to_owned(), value);
            };
            put("type", json!("qemu"));
            put("id", json!(format!("qemu/{vmid}")));
            put("node", json!(world.node));
            put("template", json!(u8::from(vm.is_template())));
            put("diskread", json!(0));
            put("diskwrite", json!(0));
            let cpus = entry.remove("cpus").unwrap_or(json!(1));
            entry.insert("maxcpu".to_owned(), cpus);
            for key in ["pid", "serial"] {
                entry.remove(key);
            }
            if !world.is_broadcast(vm) {
                entry = unknown(&entry);
            }
            let pool = world.pools.iter().find(|(_, pool)| pool.vms.contains(vmid));
            if let Some((poolid, _)) = pool {
                entry.insert("pool".to_owned(), json!(poolid));
            }
            Value::Object(entry)
        })
}

/// What is known of a machine before the status daemon has spoken of it.
fn unknown(entry: &Map<String, Value>) -> Map<String, Value> {
    let mut known: Map<String, Value> = ["id", "type", "node", "vmid", "tags", "lock"]
        .into_iter()
        .filter_map(|key| Some((key.to_owned(), entry.get(key)?.clone())))
        .collect();
    known.insert("status".to_owned(), json!("unknown"));
    known
}

fn storages<'a>(world: &'a World, context: &'a Context<'_>) -> impl Iterator<Item = Value> {
    world
        .storages
        .iter()
        .filter(|(name, _)| {
            let path = format!("/storage/{name}");
            world.may_any(
                &context.who,
                &path,
                &["Datastore.Audit", "Datastore.AllocateSpace"],
            )
        })
        .map(|(name, storage)| {
            json!({
                "type": "storage",
                "id": format!("storage/{}/{name}", world.node),
                "node": world.node,
                "storage": name,
                "status": if storage.disabled { "unknown" } else { "available" },
                "plugintype": storage.kind.name(),
                "content": storage.content.join(","),
                "shared": 0,
                "disk": storage.used(),
                "maxdisk": storage.total,
            })
        })
}

fn options(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let sees_all = world.may(&context.who, "/", "Sys.Audit");
    let data: Map<String, Value> = world
        .datacenter
        .iter()
        .filter(|(key, _)| sees_all || matches!(key.as_str(), "tag-style" | "console"))
        .map(|(key, value)| (key.clone(), json!(value)))
        .collect();
    Ok(Value::Object(data).into())
}
