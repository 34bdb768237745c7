//! Cloning machines, and turning them into templates.

use serde_json::json;

use super::super::{Answer, Context, Endpoint, Permit, given};
use super::permission::Target;
use crate::auth::Principal;
use crate::fail::{Result, bad_param, die, forbidden, forbidden_plain};
use crate::job::{Clone, ClonePlan, Convert};
use crate::schema::Params;
use crate::world::{Drive, World, is_disk_key, parse_volid};

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "POST",
        path: "/nodes/{node}/qemu/{vmid}/clone",
        permit: Permit::Check(may_clone),
        params: &["
            newid int fmt=pve-vmid min=100 max=999999999
            name? text fmt=dns-name
            description? text
            pool? text fmt=pve-poolid
            snapname? text fmt=pve-configid len=40
            storage? text fmt=pve-storage-id
            format? enum:raw|qcow2|vmdk
            full? bool
            target? text fmt=pve-node
            bwlimit? int min=0
        "],
        handler: clone,
    },
    Endpoint {
        method: "POST",
        path: "/nodes/{node}/qemu/{vmid}/template",
        permit: Permit::All("/vms/{vmid}", &["VM.Allocate"]),
        params: &[super::disk_param!("disk?")],
        handler: template,
    },
];

fn may_clone(world: &World, who: &Principal, params: &Params) -> Result<()> {
    let text = |key: &str| given(params, key).unwrap_or_default();
    world.check(who, &format!("/vms/{}", text("vmid")), &["VM.Clone"])?;
    let on_vm = world.may(who, &format!("/vms/{}", text("newid")), "VM.Allocate");
    let on_pool = given(params, "pool")
        .is_some_and(|pool| world.may(who, &format!("/pool/{pool}"), "VM.Allocate"));
    if on_vm || on_pool {
        Ok(())
    } else {
        Err(forbidden_plain())
    }
}

impl World {
    /// 403 when there is no such pool.
    pub(crate) fn check_pool(&self, pool: Option<&str>) -> Result<()> {
        match pool {
            Some(pool) if !self.pools.contains_key(pool) => {
                Err(forbidden(&format!("pool '{pool}' does not exist")))
            }
            _ => Ok(()),
        }
    }
}

fn clone(context: &mut Context<'_>) -> Result<Answer> {
    let plan = plan(context)?;
    check(context.world, &context.who, &plan)?;
    let (vmid, newid) = (plan.vmid, plan.newid);
    let job = Clone::new(plan, context.who.clone());
    let upid = context.world.spawn("qmclone", vmid, &context.who, job);
    context.world.clone_targets.push((newid, upid.clone()));
    Ok(json!(upid).into())
}

fn plan(context: &Context<'_>) -> Result<ClonePlan> {
    let (world, args, vmid) = (&*context.world, &context.args, context.vmid());
    let text = |key: &str| args.text(key).map(str::to_owned);
    let Some(source) = world.vm(vmid) else {
        return Err(world.unfindable(vmid));
    };
    Ok(ClonePlan {
        vmid,
        newid: args.vmid("newid"),
        name: text("name").filter(|name| !name.is_empty()),
        description: text("description").filter(|text| !text.is_empty()),
        pool: text("pool"),
        snapname: text("snapname"),
        storage: text("storage"),
        format: text("format"),
        full: args.flag("full").unwrap_or(!source.is_template()),
        target: text("target"),
    })
}

/// Everything that is refused before a worker is forked, and again inside of it.
pub(crate) fn check(world: &World, who: &Principal, plan: &ClonePlan) -> Result<()> {
    world.check_pool(plan.pool.as_deref())?;
    if let Some(target) = plan
        .target
        .as_ref()
        .filter(|t| **t != world.node && *t != "localhost")
    {
        return Err(die(format!("no such cluster node '{target}'")));
    }
    if let Some(storage) = &plan.storage {
        world.require_enabled(storage)?;
    }
    let Some(source) = world.vm(plan.vmid) else {
        return Err(world.unfindable(plan.vmid));
    };
    world.check_config_lock(plan.vmid, false)?;
    if let Some(name) = plan
        .snapname
        .as_ref()
        .filter(|name| !source.snapshots.contains(*name))
    {
        return Err(die(format!("snapshot '{name}' does not exist")));
    }
    for (name, given) in [("storage", &plan.storage), ("format", &plan.format)] {
        if given.is_some() && !plan.full {
            return Err(die(format!(
                "parameter '{name}' not allowed for linked clones"
            )));
        }
    }
    check_storages(world, who, plan)?;
    let target = Target {
        vmid: plan.newid,
        pool: plan.pool.as_deref(),
    };
    check_devices(world, who, target, plan.vmid)?;
    if world.taken_by(plan.newid).is_some() || world.is_clone_target(plan.newid) {
        let text = format!(
            "unable to create VM {}: config file already exists",
            plan.newid
        );
        return Err(die(text));
    }
    check_features(world, plan)
}

fn drives_of(world: &World, vmid: u32) -> Vec<(String, Drive)> {
    let Some(vm) = world.vm(vmid) else {
        return Vec::new();
    };
    vm.config
        .iter()
        .filter(|(key, _)| is_disk_key(key))
        .map(|(key, value)| (key.to_owned(), Drive::parse(value)))
        .collect()
}

/// Whether a drive is only named in the copy, its volume shared.
pub(crate) fn is_plain_cdrom(drive: &Drive) -> bool {
    (drive.is_cdrom() || drive.is_empty()) && !drive.is_cloudinit()
}

fn check_storages(world: &World, who: &Principal, plan: &ClonePlan) -> Result<()> {
    for (_, drive) in drives_of(world, plan.vmid) {
        if drive.file == "cdrom" {
            world.check(who, "/", &["Sys.Console"])?;
        }
        if is_plain_cdrom(&drive) {
            continue;
        }
        let own = parse_volid(&drive.file)?.0;
        let name = plan.storage.as_deref().unwrap_or(own);
        world.check(
            who,
            &format!("/storage/{name}"),
            &["Datastore.AllocateSpace"],
        )?;
        if !world.require_storage(name)?.supports("images") {
            let text = format!("storage '{name}' does not support vm images");
            return Err(bad_param("storage", text));
        }
    }
    Ok(())
}

fn check_devices(world: &World, who: &Principal, target: Target<'_>, vmid: u32) -> Result<()> {
    let options = &world.require_vm(vmid)?.config;
    for (key, value) in options.iter().filter(|(key, _)| key.starts_with("hostpci")) {
        let device = world.properties("hostpci", value);
        match device.get("mapping") {
            Some(mapping) if !device.contains_key("host") => {
                world.check(who, &format!("/mapping/pci/{mapping}"), &["Mapping.Use"])?;
            }
            _ => world.check_hostpci(who, target, key, value)?,
        }
    }
    options
        .iter()
        .filter(|(key, _)| {
            key.strip_prefix("net")
                .is_some_and(|number| number.parse::<u8>().is_ok())
        })
        .try_for_each(|(_, value)| world.check_net(who, value))
}

fn check_features(world: &World, plan: &ClonePlan) -> Result<()> {
    for (key, drive) in drives_of(world, plan.vmid) {
        let linked = !plan.full && !drive.is_cloudinit() && key != "tpmstate0";
        if is_plain_cdrom(&drive) || !linked {
            continue;
        }
        let is_base = drive
            .file
            .rsplit(['/', ':'])
            .next()
            .is_some_and(|n| n.starts_with("base-"));
        if !is_base {
            let text = format!(
                "Linked clone feature is not supported for '{}' ({key})",
                drive.file
            );
            return Err(die(text));
        }
    }
    Ok(())
}

fn template(context: &mut Context<'_>) -> Result<Answer> {
    let (vmid, disk) = (context.vmid(), context.args.text("disk").map(str::to_owned));
    let job = Convert::new(vmid, disk);
    job.check(context.world)?;
    Ok(json!(context.world.spawn("qmtemplate", vmid, &context.who, job)).into())
}
