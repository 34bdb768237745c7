//! Who has which rights: permissions, ACLs, roles, users and tokens.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Answer, Context, Endpoint, Permit, given};
use crate::auth::Principal;
use crate::fail::{ApiError, Fail, Result, bad_param, die, forbidden, status};
use crate::roles;
use crate::schema::{Params, split_list};
use crate::world::{Acl, AclKind, Token, World};

const USER_PATTERN: &str = r"userid? text pat=[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+(?:![A-Za-z][A-Za-z0-9.\-_]+)?
    path? text";
const ROLE_CHANGES: Permit = Permit::All("/access", &["Sys.Modify"]);

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/access/permissions",
        permit: Permit::User,
        params: &[USER_PATTERN],
        handler: permissions,
    },
    Endpoint {
        method: "GET",
        path: "/access/acl",
        permit: Permit::User,
        params: &[],
        handler: acls,
    },
    Endpoint {
        method: "PUT",
        path: "/access/acl",
        permit: Permit::User,
        params: &["
            path text
            roles text fmt=pve-roleid-list
            users? text fmt=pve-userid-list
            groups? text fmt=pve-groupid-list
            tokens? text fmt=pve-tokenid-list
            propagate? bool
            delete? bool
        "],
        handler: change_acl,
    },
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
    Endpoint {
        method: "GET",
        path: "/access/users",
        permit: Permit::User,
        params: &["
            enabled? bool
            full? bool
        "],
        handler: users,
    },
    Endpoint {
        method: "GET",
        path: "/access/users/{userid}/token",
        permit: Permit::Check(may_see_tokens),
        params: &[],
        handler: tokens,
    },
    Endpoint {
        method: "GET",
        path: "/access/users/{userid}/token/{tokenid}",
        permit: Permit::Check(may_see_tokens),
        params: &[],
        handler: token,
    },
    Endpoint {
        method: "POST",
        path: "/access/users/{userid}/token/{tokenid}",
        permit: Permit::Check(may_see_tokens),
        params: &["
            comment? text
            expire? int min=0
            privsep? bool
        "],
        handler: create_token,
    },
    Endpoint {
        method: "DELETE",
        path: "/access/users/{userid}/token/{tokenid}",
        permit: Permit::Check(may_see_tokens),
        params: &[],
        handler: delete_token,
    },
];

fn permissions(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let asked = context
        .args
        .text("userid")
        .map_or_else(|| context.who.clone(), Principal::parse);
    let own =
        asked == context.who || (context.who.token.is_none() && asked.user == context.who.user);
    if !own && !world.may(&context.who, "/access", "Sys.Audit") {
        return Err(forbidden("/access, Sys.Audit"));
    }
    let shown = |path: &str| -> Value {
        let flags = world.privileges(&asked, path).into_iter();
        Value::Object(flags.map(|(p, flag)| (p, json!(u8::from(flag)))).collect())
    };
    if let Some(path) = context.args.text("path") {
        let clean = format!("/{}", path.trim_matches('/'));
        return Ok(json!({ path: shown(&clean) }).into());
    }
    let all: Map<String, Value> = world
        .permission_paths()
        .into_iter()
        .map(|path| (path.clone(), shown(&path)))
        .filter(|(_, privileges)| privileges.as_object().is_some_and(|p| !p.is_empty()))
        .collect();
    Ok(Value::Object(all).into())
}

fn acls(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let audits = world.may_any(
        &context.who,
        "/access",
        &["Sys.Audit", "Permissions.Modify"],
    );
    let shown: Vec<Value> = world
        .access
        .acls
        .iter()
        .filter(|acl| audits || world.may(&context.who, &acl.path, "Permissions.Modify"))
        .map(|acl| {
            json!({
                "path": acl.path,
                "type": acl.kind.name(),
                "ugid": acl.ugid,
                "roleid": acl.roleid,
                "propagate": u8::from(acl.propagate),
            })
        })
        .collect();
    Ok(json!(shown).into())
}

/// Whether rights can be given on a path.
fn is_acl_path(path: &str) -> bool {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    match parts.as_slice() {
        [""] => true,
        ["access" | "mapping" | "nodes" | "pool" | "sdn" | "storage" | "vms"]
        | ["access", "groups" | "realm"]
        | ["access", "groups" | "realm", _]
        | ["mapping", "pci" | "usb" | "dir" | "cpu"]
        | ["mapping", "pci" | "usb" | "dir" | "cpu", _]
        | ["nodes" | "storage" | "pool", _]
        | ["pool", _, _]
        | ["pool", _, _, _]
        | ["sdn", "zones" | "controllers" | "dns" | "ipams" | "fabrics"]
        | ["sdn", _, _]
        | ["sdn", "zones", _, _]
        | ["sdn", "zones", _, _, _] => true,
        ["vms", vmid] => vmid.parse::<u32>().is_ok_and(|id| id >= 100),
        _ => false,
    }
}

/// The right to give rights on a path depends on what the path is.
fn may_grant(world: &World, who: &Principal, path: &str) -> bool {
    let mut wanted = vec!["Permissions.Modify"];
    if path.starts_with("/vms") {
        wanted.push("VM.Allocate");
    } else if path.starts_with("/storage") {
        wanted.push("Datastore.Allocate");
    } else if path.starts_with("/pool") {
        wanted.push("Pool.Allocate");
    }
    world.may_any(who, path, &wanted)
}

fn acl_failed(text: &str) -> Fail {
    die(format!("ACL update failed: {text}"))
}

fn change_acl(context: &mut Context<'_>) -> Result<Answer> {
    let args = &context.args;
    let path = args.required("path").to_owned();
    if !is_acl_path(&path) {
        return Err(bad_param("path", format!("invalid ACL path '{path}'")));
    }
    if ["users", "groups", "tokens"]
        .iter()
        .all(|key| !args.has(key))
    {
        let missing = ["users", "groups", "tokens"].map(|key| {
            (
                key.to_owned(),
                "either 'users', 'groups' or 'tokens' is required.".to_owned(),
            )
        });
        return Err(ApiError::parameters(missing.into()).into());
    }
    let path = format!("/{}", path.trim_matches('/'));
    if !may_change(context, &path)? {
        return Err(forbidden(&format!("{path}, Permissions.Modify")));
    }
    let entries = entries(context, &path)?;
    let deletes = context.args.is_on("delete");
    for acl in entries {
        if deletes {
            context.world.access.revoke(&acl);
        } else {
            context.world.access.grant(acl);
        }
    }
    Ok(Value::Null.into())
}

/// Those who may allocate a thing may hand on what they have themselves; others need the privilege.
fn may_change(context: &Context<'_>, path: &str) -> Result<bool> {
    let (world, who) = (&*context.world, &context.who);
    if world.may(who, path, "Permissions.Modify") {
        return Ok(true);
    }
    if !may_grant(world, who, path) {
        return Ok(false);
    }
    let own = world.privileges(who, path);
    for role in split_list(context.args.required("roles")) {
        let wanted = world.role(role).unwrap_or_default();
        if !wanted.iter().all(|privilege| own.contains_key(privilege)) {
            let text = format!(
                "400 Parameter verification failed.
role: Cannot add role '{role}' - requires \
                 'Permissions.Modify' or superset of privileges."
            );
            return Err(acl_failed(&text));
        }
    }
    Ok(true)
}

fn entries(context: &Context<'_>, path: &str) -> Result<Vec<Acl>> {
    let (world, args) = (&*context.world, &context.args);
    let propagate = args.flag("propagate").unwrap_or(true);
    let mut entries = Vec::new();
    for roleid in split_list(args.required("roles")) {
        if world.role(roleid).is_none() {
            return Err(acl_failed(&format!("role '{roleid}' does not exist")));
        }
        for (key, kind) in [
            ("groups", AclKind::Group),
            ("users", AclKind::User),
            ("tokens", AclKind::Token),
        ] {
            for ugid in split_list(args.text(key).unwrap_or_default()) {
                require_ugid(world, kind, ugid)?;
                entries.push(Acl {
                    path: path.to_owned(),
                    kind,
                    ugid: ugid.to_owned(),
                    roleid: roleid.to_owned(),
                    propagate,
                });
            }
        }
    }
    Ok(entries)
}

fn require_ugid(world: &World, kind: AclKind, ugid: &str) -> Result<()> {
    let missing = match kind {
        AclKind::User if !world.access.users.contains_key(ugid) => {
            format!("user '{ugid}' does not exist")
        }
        AclKind::Group if !world.access.groups.contains_key(ugid) => {
            format!("group '{ugid}' does not exist")
        }
        AclKind::Token => {
            let (user, name) = ugid.split_once('!').unwrap_or((ugid, ""));
            match world.access.token(user, name) {
                Some(_) => return Ok(()),
                None => format!("no such token '{name}' for user '{user}'"),
            }
        }
        AclKind::User | AclKind::Group => return Ok(()),
    };
    Err(acl_failed(&missing))
}

fn list_roles(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let built_in = roles::BUILT_IN.iter().map(|id| ((*id).to_owned(), true));
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
    if roles::BUILT_IN.contains(&roleid.as_str()) {
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

fn users(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let wanted = context.args.flag("enabled");
    let audits = world.may_any(
        &context.who,
        "/access/groups",
        &["User.Modify", "Sys.Audit"],
    );
    let shown: Vec<Value> = world
        .access
        .users
        .iter()
        .filter(|(id, _)| audits || **id == context.who.user)
        .filter(|(_, user)| wanted.is_none_or(|enabled| user.enable == enabled))
        .map(|(id, user)| {
            let realm = id.rsplit_once('@').map_or("", |(_, realm)| realm);
            json!({
                "userid": id, "enable": u8::from(user.enable), "expire": user.expire,
                "realm-type": realm,
            })
        })
        .collect();
    Ok(json!(shown).into())
}

fn may_see_tokens(world: &World, who: &Principal, params: &Params) -> Result<()> {
    let userid = given(params, "userid").unwrap_or_default();
    if who.user == userid && who.token.is_none() || world.may(who, "/access/groups", "User.Modify")
    {
        return Ok(());
    }
    Err(crate::fail::forbidden_plain())
}

fn shown_token(token: &Token) -> Value {
    let mut data = json!({ "expire": token.expire, "privsep": u8::from(token.privsep) });
    if let Some(comment) = &token.comment {
        data["comment"] = json!(comment);
    }
    data
}

fn tokens(context: &mut Context<'_>) -> Result<Answer> {
    let userid = context.args.required("userid");
    let Some(user) = context.world.access.users.get(userid) else {
        return Err(die(format!("no such user ('{userid}')")));
    };
    let shown: Vec<Value> = user
        .tokens
        .iter()
        .map(|(name, token)| {
            let mut data = shown_token(token);
            data["tokenid"] = json!(name);
            data
        })
        .collect();
    Ok(json!(shown).into())
}

fn no_such_token(userid: &str, name: &str) -> Fail {
    die(format!("no such token '{name}' for user '{userid}'"))
}

fn token(context: &mut Context<'_>) -> Result<Answer> {
    let (userid, name) = (
        context.args.required("userid"),
        context.args.required("tokenid"),
    );
    match context.world.access.token(userid, name) {
        Some(token) => Ok(shown_token(token).into()),
        None => Err(no_such_token(userid, name)),
    }
}

fn create_token(context: &mut Context<'_>) -> Result<Answer> {
    let (userid, name) = (
        context.args.required("userid").to_owned(),
        context.args.required("tokenid").to_owned(),
    );
    let secret = context.world.ids.uuid();
    let token = Token {
        secret: secret.clone(),
        privsep: context.args.flag("privsep").unwrap_or(true),
        expire: context.args.number("expire").unwrap_or(0),
        comment: context.args.text("comment").map(str::to_owned),
    };
    let missing = die(format!("no such user ('{userid}')"));
    let user = context.world.access.users.get_mut(&userid).ok_or(missing)?;
    if user.tokens.contains_key(&name) {
        return Err(status(400, "Token already exists."));
    }
    let info = shown_token(&token);
    user.tokens.insert(name.clone(), token);
    Ok(json!({ "full-tokenid": format!("{userid}!{name}"), "info": info, "value": secret }).into())
}

fn delete_token(context: &mut Context<'_>) -> Result<Answer> {
    let (userid, name) = (
        context.args.required("userid").to_owned(),
        context.args.required("tokenid").to_owned(),
    );
    let user = context.world.access.users.get_mut(&userid);
    if user.and_then(|user| user.tokens.remove(&name)).is_none() {
        return Err(no_such_token(&userid, &name));
    }
    let full = format!("{userid}!{name}");
    context.world.access.acls.retain(|acl| acl.ugid != full);
    Ok(Value::Null.into())
}
