//! Access control: login, permissions, ACLs, roles, users and tokens.

use serde_json::{Map, Value, json};

use super::{Answer, Context, Endpoint, Permit};
use crate::auth::{Principal, is_live};
use crate::fail::{Result, status};
use crate::world::World;

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "POST",
        path: "/access/ticket",
        permit: Permit::World,
        params: &["
            username text len=64
            password text
            realm? text fmt=pve-realm len=32
            otp? text
            tfa-challenge? text
            new-format? bool
            path? text len=64 requires=privs
            privs? text fmt=pve-priv-list len=64 requires=path
        "],
        handler: login,
    },
    Endpoint {
        method: "GET",
        path: "/access/ticket",
        permit: Permit::World,
        params: &[],
        handler: |_| Ok(Value::Null.into()),
    },
];

fn login(context: &mut Context<'_>) -> Result<Answer> {
    let (world, args) = (&*context.world, &context.args);
    let name = args.required("username");
    let user = match args.text("realm") {
        Some(realm) if !name.contains('@') => format!("{name}@{realm}"),
        _ => name.to_owned(),
    };
    let password = args.required("password");
    // A ticket that is still good may be given as the password to get a new one.
    let by_ticket = context
        .keys
        .ticket_user(password, world.now)
        .is_some_and(|u| u == user);
    let known = world
        .access
        .users
        .get(&user)
        .filter(|known| is_live(known, world.now));
    let good = known.is_some_and(|k| by_ticket || k.password.as_deref() == Some(password));
    if !good {
        return Err(status(401, "authentication failure"));
    }
    Ok(json!({
        "username": user,
        "ticket": context.keys.ticket(&user, world.now),
        "CSRFPreventionToken": context.keys.csrf(&user, world.now),
        "cap": capabilities(world, &Principal::user(&user)),
    })
    .into())
}

/// What the web interface shows a user: privileges by area.
fn capabilities(world: &World, who: &Principal) -> Value {
    let areas = ["vms", "storage", "access", "nodes", "dc", "sdn", "mapping"];
    let mut caps: Map<String, Value> = areas
        .into_iter()
        .map(|area| (area.to_owned(), json!({})))
        .collect();
    let fixed = [
        "/",
        "/nodes",
        "/access/groups",
        "/vms",
        "/storage",
        "/sdn",
        "/mapping",
    ];
    let acl_paths = world.access.acls.iter().map(|acl| acl.path.as_str());
    for path in fixed.into_iter().chain(acl_paths) {
        let top = path
            .split('/')
            .nth(1)
            .filter(|top| !top.is_empty())
            .unwrap_or("dc");
        for privilege in world.privileges(who, path).into_keys() {
            for area in areas_of(top, &privilege) {
                if let Some(Value::Object(area)) = caps.get_mut(area) {
                    area.insert(privilege.clone(), json!(1));
                }
            }
        }
    }
    Value::Object(caps)
}

fn areas_of(top: &str, privilege: &str) -> Vec<&'static str> {
    let starts = |prefixes: &[&str]| {
        privilege == "Permissions.Modify" || prefixes.iter().any(|p| privilege.starts_with(p))
    };
    let one = |area: &'static str, fits: bool| if fits { vec![area] } else { Vec::new() };
    match top {
        "vms" => one("vms", starts(&["VM."])),
        "storage" => one("storage", starts(&["Datastore."])),
        "access" => one("access", starts(&["User.", "Group."])),
        "nodes" => one("nodes", starts(&["Sys."])),
        "sdn" => one("sdn", starts(&["SDN."])),
        "mapping" => one("mapping", starts(&["Mapping."])),
        "dc" => {
            let dc =
                privilege.starts_with("SDN.") || matches!(privilege, "Sys.Audit" | "Sys.Modify");
            one("dc", dc)
        }
        "pool" if privilege == "Permissions.Modify" => vec!["storage", "vms"],
        "pool" if privilege.starts_with("VM.") => vec!["vms"],
        "pool" if privilege.starts_with("Datastore.") => vec!["storage"],
        _ => Vec::new(),
    }
}
