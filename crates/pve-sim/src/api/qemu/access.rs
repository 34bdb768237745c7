//! Rights to what drives and network cards of a request refer to.

use std::collections::BTreeMap;

use crate::auth::Principal;
use crate::fail::{Result, bad_param};
use crate::world::{Drive, World, is_disk_key, parse_volid};

/// Rights to the storages and volumes of drives.
pub(super) fn check_storage_access(
    world: &World,
    who: &Principal,
    vmid: u32,
    set: &BTreeMap<String, Option<String>>,
) -> Result<()> {
    for (key, value) in set.iter().filter(|(key, _)| is_disk_key(key)) {
        let drive = world.drive(key, value.as_deref().unwrap_or_default());
        check_drive_storage(world, who, vmid, key, &drive)?;
    }
    Ok(())
}

fn check_drive_storage(
    world: &World,
    who: &Principal,
    vmid: u32,
    key: &str,
    drive: &Drive,
) -> Result<()> {
    if drive.file == "none" || drive.file.ends_with(":cloudinit") || drive.file == "cloudinit" {
        return Ok(());
    }
    if drive.file == "cdrom" {
        return world.check(who, "/", &["Sys.Console"]);
    }
    let new = drive.new_volume().filter(|_| !drive.is_cdrom());
    if let Some((name, size)) = new {
        world.check(
            who,
            &format!("/storage/{name}"),
            &["Datastore.AllocateSpace"],
        )?;
        if !world.require_storage(name)?.supports("images") {
            let text = format!("storage '{name}' does not support vm images");
            return Err(bad_param("storage", text));
        }
        if drive.flag("import-from").is_some() && size != "0" {
            return Err(bad_param(key, IMPORT_SYNTAX));
        }
    } else {
        world.check_volume(who, vmid, &drive.file)?;
        if let Ok((name, volname)) = parse_volid(&drive.file) {
            world.require_storage(name)?.owner(volname)?;
        }
    }
    match drive.flag("import-from") {
        Some(_) if new.is_none() => Err(bad_param(key, IMPORT_SYNTAX)),
        Some(source) => check_import(world, who, vmid, key, source),
        None => Ok(()),
    }
}

const IMPORT_SYNTAX: &str =
    "'import-from' requires special syntax - use <storage ID>:0,import-from=<source>";

fn check_import(world: &World, who: &Principal, vmid: u32, key: &str, source: &str) -> Result<()> {
    if source.starts_with('/') {
        return world.check_volume(who, vmid, source);
    }
    let (name, volname) = parse_volid(source)?;
    let owner = world.require_storage(name)?.owner(volname)?;
    let kind = crate::world::volume_kind(volname);
    if !matches!(kind, "images" | "import") {
        let text = format!("{source} has wrong type '{kind}' - needs to be 'images' or 'import'");
        return Err(bad_param(key, text));
    }
    match owner {
        Some(owner) => world.check(who, &format!("/vms/{owner}"), &["VM.Clone"]),
        None => world.check_volume(who, vmid, source),
    }
}

/// Rights to the bridges of network cards.
pub(super) fn check_bridges(
    world: &World,
    who: &Principal,
    set: &BTreeMap<String, Option<String>>,
) -> Result<()> {
    set.iter()
        .filter(|(key, _)| {
            key.strip_prefix("net")
                .is_some_and(|number| number.parse::<u8>().is_ok())
        })
        .filter_map(|(_, value)| value.as_deref())
        .try_for_each(|value| world.check_net(who, value))
}
