//! What is granted to whom: permissions and access control entries.

use serde_json::{Map, Value, json};

use super::{Answer, Context, Endpoint, Permit, given};
use crate::auth::Principal;
use crate::fail::{ApiError, Fail, Result, bad_param, die, forbidden};
use crate::schema::{Params, split_list};
use crate::world::{Acl, AclKind, World};

const USER_PATTERN: &str = r"userid? text pat=[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+(?:![A-Za-z][A-Za-z0-9.\-_]+)?
    path? text";

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
        permit: Permit::Check(may_grant),
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

/// The paths rights can be given on; a star stands for one part.
const ACL_PATHS: &[&str] = &[
    "",
    "access",
    "access/groups",
    "access/groups/*",
    "access/realm",
    "access/realm/*",
    "mapping",
    "mapping/cpu",
    "mapping/cpu/*",
    "mapping/dir",
    "mapping/dir/*",
    "mapping/pci",
    "mapping/pci/*",
    "mapping/usb",
    "mapping/usb/*",
    "nodes",
    "nodes/*",
    "pool",
    "pool/*",
    "pool/*/*",
    "pool/*/*/*",
    "sdn",
    "sdn/controllers",
    "sdn/dns",
    "sdn/fabrics",
    "sdn/ipams",
    "sdn/zones",
    "sdn/*/*",
    "sdn/zones/*/*",
    "sdn/zones/*/*/*",
    "storage",
    "storage/*",
    "vms",
];

/// Whether rights can be given on a path.
fn is_acl_path(path: &str) -> bool {
    let path = path.trim_matches('/');
    if let Some(vmid) = path.strip_prefix("vms/") {
        return vmid.parse::<u32>().is_ok_and(|vmid| vmid >= 100);
    }
    let given: Vec<&str> = path.split('/').collect();
    ACL_PATHS.iter().any(|pattern| {
        let wanted: Vec<&str> = pattern.split('/').collect();
        wanted.len() == given.len()
            && wanted
                .iter()
                .zip(&given)
                .all(|(wanted, part)| *wanted == "*" || wanted == part)
    })
}

/// Checked before the parameters are.
fn may_grant(world: &World, who: &Principal, params: &Params) -> Result<()> {
    let path = given(params, "path").unwrap_or_default();
    let path = format!("/{}", path.trim_matches('/'));
    world.check_any(who, &path, grantors(&path))
}

/// The privileges one of which allows to give rights on a path.
pub(super) fn grantors(path: &str) -> &'static [&'static str] {
    let below = |top: &str| path.strip_prefix(top).is_some_and(|rest| rest.len() > 1);
    if below("/vms") {
        &["Permissions.Modify", "VM.Allocate"]
    } else if below("/storage") {
        &["Permissions.Modify", "Datastore.Allocate"]
    } else if below("/pool") {
        &["Permissions.Modify", "Pool.Allocate"]
    } else {
        &["Permissions.Modify"]
    }
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
    check_grant(context, &path)?;
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
fn check_grant(context: &Context<'_>, path: &str) -> Result<()> {
    let (world, who) = (&*context.world, &context.who);
    let own = world.privileges(who, path);
    if own.contains_key("Permissions.Modify") {
        return Ok(());
    }
    let lacking = split_list(context.args.required("roles")).find(|role| {
        let wanted = world.role(role).unwrap_or_default();
        !wanted.iter().all(|privilege| own.contains_key(privilege))
    });
    match lacking {
        None => Ok(()),
        Some(role) => Err(acl_failed(&format!(
            "400 Parameter verification failed.\nrole: Cannot add role '{role}' - requires \
             'Permissions.Modify' or superset of privileges."
        ))),
    }
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
