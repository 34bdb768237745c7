//! Network interfaces of the host.

use serde_json::{Map, Value, json};

use super::{Answer, Context, Endpoint, Permit};
use crate::fail::{Result, bad_param};
use crate::world::Bridge;

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/network",
        permit: Permit::User,
        params: &["
            type? enum:bridge|bond|eth|alias|vlan|fabric|OVSBridge|OVSBond|OVSPort|OVSIntPort|vnet|any_bridge|any_local_bridge|include_sdn v9
            type? enum:bridge|bond|eth|alias|vlan|OVSBridge|OVSBond|OVSPort|OVSIntPort|vnet|any_bridge|any_local_bridge v8
        "],
        handler: list,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/network/{iface}",
        permit: Permit::All("/nodes/{node}", &["Sys.Audit"]),
        params: &[],
        handler: one,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/sdn/zones",
        permit: Permit::User,
        params: &[],
        handler: zones,
    },
];

fn facts(bridge: &Bridge, index: usize) -> Map<String, Value> {
    let mut facts = Map::new();
    let mut put = |key: &str, value: Value| {
        facts.insert(key.to_owned(), value);
    };
    put("type", json!("bridge"));
    put("active", json!(1));
    put("autostart", json!(1));
    put("bridge_fd", json!("0"));
    put("bridge_ports", json!(""));
    put("bridge_stp", json!("off"));
    put("families", json!(["inet"]));
    put(
        "method",
        json!(if bridge.cidr.is_some() {
            "static"
        } else {
            "manual"
        }),
    );
    put("method6", json!("manual"));
    // The first two places of the interfaces file are the loopback's.
    put("priority", json!(index + 3));
    if let Some((address, prefix)) = bridge.cidr.as_deref().and_then(|c| c.split_once('/')) {
        put("cidr", json!(format!("{address}/{prefix}")));
        put("address", json!(address));
        put("netmask", json!(prefix));
    }
    if bridge.vlan_aware {
        put("bridge_vlan_aware", json!(1));
        put("bridge_vids", json!("2-4094"));
    }
    facts
}

fn list(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let has_bridges = matches!(
        context.args.text("type"),
        None | Some("bridge" | "any_bridge" | "any_local_bridge" | "include_sdn")
    );
    let shown: Vec<Value> = world
        .bridges
        .iter()
        .enumerate()
        .filter(|(_, bridge)| {
            let path = format!("/sdn/zones/localnetwork/{}", bridge.iface);
            has_bridges && world.may_any(&context.who, &path, &["SDN.Audit", "SDN.Use"])
        })
        .map(|(index, bridge)| {
            let mut facts = facts(bridge, index);
            facts.insert("iface".to_owned(), json!(bridge.iface));
            Value::Object(facts)
        })
        .collect();
    Ok(json!(shown).into())
}

fn one(context: &mut Context<'_>) -> Result<Answer> {
    let iface = context.args.required("iface");
    let found = context
        .world
        .bridges
        .iter()
        .enumerate()
        .find(|(_, b)| b.iface == iface);
    match found {
        Some((index, bridge)) => Ok(Value::Object(facts(bridge, index)).into()),
        None => Err(bad_param("iface", "interface does not exist")),
    }
}

/// Besides `localnetwork`, which is not listed, no zones are modelled.
fn zones(_: &mut Context<'_>) -> Result<Answer> {
    Ok(json!([]).into())
}
