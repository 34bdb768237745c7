//! Making machines from nothing.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::{Answer, Context, Endpoint, Permit};
use super::access::{check_bridges, check_storage_access};
use super::normalise::{normalise, stored};
use super::options::OPTIONS;
use super::permission::Target;
use super::tags::unique_tags;
use crate::auth::Principal;
use crate::fail::{Result, bad_param, die, forbidden_plain, not_implemented};
use crate::job::{Create, CreatePlan};
use crate::schema::{Given, Properties};
use crate::world::{Options, World, is_disk_key};

pub(super) const TABLE: &[Endpoint] = &[Endpoint {
    method: "POST",
    path: "/nodes/{node}/qemu",
    permit: Permit::User,
    params: &[
        OPTIONS,
        "
            vmid int fmt=pve-vmid min=100 max=999999999
            archive? text len=255
            bwlimit? int min=0
            force? bool requires=archive
            unique? bool requires=archive
            live-restore? bool requires=archive
            pool? text fmt=pve-poolid
            storage? text fmt=pve-storage-id
            start? bool
            ha-managed? bool v9
            import-working-storage? text fmt=pve-storage-id
        ",
    ],
    handler: create,
}];

const NOT_OPTIONS: [&str; 11] = [
    "node",
    "vmid",
    "archive",
    "bwlimit",
    "force",
    "unique",
    "live-restore",
    "pool",
    "storage",
    "start",
    "ha-managed",
];

fn create(context: &mut Context<'_>) -> Result<Answer> {
    let vmid = context.args.vmid("vmid");
    let pool = context.args.text("pool").map(str::to_owned);
    let start = context.args.is_on("start");
    context.world.check_pool(pool.as_deref())?;
    if context.args.has("archive") {
        return Err(not_implemented(
            "pve-sim does not model POST /nodes/{node}/qemu with archive",
        ));
    }
    let target = Target {
        vmid,
        pool: pool.as_deref(),
    };
    let who = context.who.clone();
    check_allocate(context.world, &who, target)?;
    let set = read_options(context);
    let set = check(context.world, &who, target, set)?;
    reserve(context.world, vmid)?;
    let options = set
        .iter()
        .filter_map(|(k, v)| Some((k, v.as_deref()?)))
        .collect::<Options>();
    let plan = CreatePlan {
        vmid,
        options,
        pool: pool.clone(),
        start,
    };
    let upid = context
        .world
        .spawn("qmcreate", vmid, &who, Create::new(plan));
    Ok(json!(upid).into())
}

fn check_allocate(world: &World, who: &Principal, target: Target<'_>) -> Result<()> {
    world
        .check_vm(who, target, &["VM.Allocate"])
        .map_err(|_| forbidden_plain())
}

fn read_options(context: &mut Context<'_>) -> BTreeMap<String, Option<String>> {
    let keys: Vec<String> = context
        .args
        .keys()
        .filter(|key| !NOT_OPTIONS.contains(key) && *key != "import-working-storage")
        .map(str::to_owned)
        .collect();
    keys.into_iter()
        .map(|key| {
            let value = match context.args.take(&key) {
                Some(Given::Text(text)) => Some(text),
                _ => None,
            };
            (
                if key == "cdrom" {
                    "ide2".to_owned()
                } else {
                    key
                },
                value,
            )
        })
        .collect()
}

type Set = BTreeMap<String, Option<String>>;

fn check(world: &mut World, who: &Principal, target: Target<'_>, mut set: Set) -> Result<Set> {
    let missing = set.iter().find(|(_, value)| value.is_none());
    if let Some((key, _)) = missing {
        return Err(bad_param(key.as_str(), "got undefined value"));
    }
    check_storage_access(world, who, target.vmid, &set)?;
    world.check_options(who, target, set.keys().map(String::as_str))?;
    for (key, value) in &set {
        check_value(
            world,
            who,
            target,
            key,
            value.as_deref().unwrap_or_default(),
        )?;
    }
    check_bridges(world, who, &set)?;
    normalise(world, &mut set)?;
    if let Some(Some(tags)) = set.get_mut("tags") {
        // Before 9.1.17 tags were stored as they came.
        if world.version.is_9() {
            *tags = unique_tags(world, tags);
            let added: Vec<String> = tags.split(';').map(str::to_owned).collect();
            world.check_tags(who, target, &added)?;
        }
    }
    for (key, value) in &mut set {
        *value = value.as_deref().map(|text| stored(key, text));
    }
    Ok(set)
}

fn check_value(
    world: &World,
    who: &Principal,
    target: Target<'_>,
    key: &str,
    value: &str,
) -> Result<()> {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    match family {
        _ if is_disk_key(key) => world.check_drive(who, target, &world.drive(key, value)),
        "hostpci" if key != family => world.check_hostpci(who, target, key, value),
        "usb" if key != family => world.check_usb(who, target, key, value),
        "serial" if key != family => {
            world.check_serial(who, target, "set", key, [Some(value), None])
        }
        "tags" => world.check_vm(who, target, &["VM.Config.Options"]),
        _ => Ok(()),
    }
}

/// Takes the id with a configuration that carries the lock `create`.
fn reserve(world: &mut World, vmid: u32) -> Result<()> {
    if let Some(kind) = world.taken_by(vmid) {
        return Err(die(format!(
            "unable to create VM {vmid} - {kind} {vmid} already exists on node '{}'",
            world.node
        )));
    }
    world.put_new_vm(vmid, [("lock", "create")]);
    Ok(())
}

/// The `smbios1` of a new machine: what was given, with a UUID.
pub(crate) fn with_uuid(world: &mut World, smbios1: Option<&str>) -> String {
    let mut fields: Properties = world.properties("smbios1", smbios1.unwrap_or_default());
    if smbios1.is_some() && fields.contains_key("uuid") {
        return smbios1.unwrap_or_default().to_owned();
    }
    fields.insert("uuid".to_owned(), world.ids.uuid());
    print_sorted(&fields)
}

/// `a=1,b=2`.
pub(crate) fn print_sorted(fields: &Properties) -> String {
    let parts: Vec<String> = fields
        .iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    parts.join(",")
}
