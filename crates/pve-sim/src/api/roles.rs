//! Roles.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Answer, Context, Endpoint, Permit};
use crate::fail::{Result, die};
use crate::roles::BUILT_IN;
use crate::schema::split_list;

const ROLE_CHANGES: Permit = Permit::All("/access", &["Sys.Modify"]);

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/access/roles",
        permit: Permit::User,
        params: &[],
        handler: list_roles,
    },
    Endpoint {
        method: "POST",
        path: "/access/roles",
        permit: ROLE_CHANGES,
        params: &["
            roleid text fmt=pve-roleid
            privs? text fmt=pve-priv-list
        "],
        handler: create_role,
    },
    Endpoint {
        method: "GET",
        path: "/access/roles/{roleid}",
        permit: Permit::User,
        params: &[],
        handler: read_role,
    },
    Endpoint {
        method: "PUT",
        path: "/access/roles/{roleid}",
        permit: ROLE_CHANGES,
        params: &["
            privs? text fmt=pve-priv-list
            append? bool requires=privs
        "],
        handler: change_role,
    },
    Endpoint {
        method: "DELETE",
        path: "/access/roles/{roleid}",
        permit: ROLE_CHANGES,
        params: &[],
        handler: delete_role,
    },
];

fn list_roles(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let built_in = BUILT_IN.iter().map(|id| ((*id).to_owned(), true));
    let own = world.access.roles.keys().map(|id| (id.clone(), false));
    let shown: Vec<Value> = built_in
        .chain(own)
        .map(|(id, special)| {
            let privileges: Vec<String> = world.role(&id).unwrap_or_default().into_iter().collect();
            json!({ "roleid": id, "privs": privileges.join(","), "special": u8::from(special) })
        })
        .collect();
    Ok(json!(shown).into())
}

fn read_role(context: &mut Context<'_>) -> Result<Answer> {
    let roleid = context.args.required("roleid");
    match context.world.role(roleid) {
        Some(privileges) => {
            let flags: Map<String, Value> = privileges
                .into_iter()
                .map(|privilege| (privilege, json!(1)))
                .collect();
            Ok(Value::Object(flags).into())
        }
        None => Err(die(format!("role '{roleid}' does not exist"))),
    }
}

fn privileges_given(context: &Context<'_>) -> BTreeSet<String> {
    split_list(context.args.text("privs").unwrap_or_default())
        .map(str::to_owned)
        .collect()
}

fn create_role(context: &mut Context<'_>) -> Result<Answer> {
    let roleid = context.args.required("roleid").to_owned();
    let fail = |text: String| die(format!("create role failed: {text}"));
    if context.world.role(&roleid).is_some() {
        return Err(fail(format!("role '{roleid}' already exists")));
    }
    if roleid.to_lowercase().starts_with("pve") {
        return Err(fail(format!(
            "role name '{roleid}' must not start with 'PVE' prefix (reserved)"
        )));
    }
    let privileges = privileges_given(context);
    context.world.access.roles.insert(roleid, privileges);
    Ok(Value::Null.into())
}

fn change_role(context: &mut Context<'_>) -> Result<Answer> {
    let roleid = context.args.required("roleid").to_owned();
    let (given, append) = (privileges_given(context), context.args.is_on("append"));
    if BUILT_IN.contains(&roleid.as_str()) {
        return Err(die(format!(
            "update role failed: auto-generated role '{roleid}' cannot be modified"
        )));
    }
    let missing = die(format!(
        "update role failed: role '{roleid}' does not exist"
    ));
    let role = context.world.access.roles.get_mut(&roleid).ok_or(missing)?;
    if !append {
        role.clear();
    }
    role.extend(given);
    Ok(Value::Null.into())
}

fn delete_role(context: &mut Context<'_>) -> Result<Answer> {
    let roleid = context.args.required("roleid").to_owned();
    if context.world.access.roles.remove(&roleid).is_none() {
        return Err(die(format!(
            "delete role failed: role '{roleid}' does not exist"
        )));
    }
    context.world.access.acls.retain(|acl| acl.roleid != roleid);
    Ok(Value::Null.into())
}
