//! Storages: definitions, states, contents.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Answer, Context, Endpoint, Permit};
use crate::convert::parse_size;
use crate::fail::{Result, bad_param, die, not_implemented};
use crate::job::Free;
use crate::schema::split_list;
use crate::world::{PveVersion, Storage, StorageKind, Volume, World, parse_volid, volume_kind};

const READS: &[&str] = &["Datastore.Audit", "Datastore.AllocateSpace"];

pub(super) const TABLE: &[Endpoint] = &[
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/storage",
        permit: Permit::User,
        params: &["
            content? text fmt=pve-storage-content-list
            enabled? bool
            format? bool
            storage? text fmt=pve-storage-id
            target? text fmt=pve-node
        "],
        handler: list,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/storage/{storage}",
        permit: Permit::Any("/storage/{storage}", READS),
        params: &[],
        handler: index,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/storage/{storage}/status",
        permit: Permit::Any("/storage/{storage}", READS),
        params: &[],
        handler: storage_status,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/storage/{storage}/content",
        permit: Permit::Any("/storage/{storage}", READS),
        params: &["
            content? text fmt=pve-storage-content
            vmid? int fmt=pve-vmid min=100 max=999999999
        "],
        handler: content,
    },
    Endpoint {
        method: "POST",
        path: "/nodes/{node}/storage/{storage}/content",
        permit: Permit::All("/storage/{storage}", &["Datastore.AllocateSpace"]),
        params: &["
            filename text
            format? enum:raw|qcow2|subvol|vmdk
            size text pat=\\d+[MG]?
            vmid int fmt=pve-vmid min=100 max=999999999
        "],
        handler: allocate,
    },
    Endpoint {
        method: "GET",
        path: "/nodes/{node}/storage/{storage}/content/{volume*}",
        permit: Permit::User,
        params: &["storage? text fmt=pve-storage-id"],
        handler: volume,
    },
    Endpoint {
        method: "DELETE",
        path: "/nodes/{node}/storage/{storage}/content/{volume*}",
        permit: Permit::User,
        params: &["delay? int min=1 max=30\n storage? text fmt=pve-storage-id"],
        handler: delete,
    },
    Endpoint {
        method: "POST",
        path: "/nodes/{node}/storage/{storage}/download-url",
        permit: Permit::All("/storage/{storage}", &["Datastore.AllocateTemplate"]),
        params: &["
            content enum:iso|vztmpl|import
            filename text len=255
            url text pat=https?://.*
            checksum? text requires=checksum-algorithm
            checksum-algorithm? enum:md5|sha1|sha224|sha256|sha384|sha512 requires=checksum
            compression? text
            verify-certificates? bool
        "],
        handler: |_| Err(not_implemented("pve-sim does not model POST download-url")),
    },
    Endpoint {
        method: "GET",
        path: "/storage",
        permit: Permit::User,
        params: &["
            type? enum:btrfs|cephfs|cifs|dir|esxi|iscsi|iscsidirect|lvm|lvmthin|nfs|pbs|rbd|zfs|zfspool v9
            type? enum:btrfs|cephfs|cifs|dir|esxi|glusterfs|iscsi|iscsidirect|lvm|lvmthin|nfs|pbs|rbd|zfs|zfspool v8
        "],
        handler: definitions,
    },
    Endpoint {
        method: "GET",
        path: "/storage/{storage}",
        permit: Permit::All("/storage/{storage}", &["Datastore.Allocate"]),
        params: &[],
        handler: definition,
    },
];

const PATHS_9: &[&str] = &[
    "content",
    "download-url",
    "file-restore",
    "import-metadata",
    "identity",
    "oci-registry-pull",
    "prunebackups",
    "rrd",
    "rrddata",
    "status",
    "upload",
];
const PATHS_8: &[&str] = &[
    "content",
    "download-url",
    "file-restore",
    "import-metadata",
    "prunebackups",
    "rrd",
    "rrddata",
    "status",
    "upload",
];

fn index(context: &mut Context<'_>) -> Result<Answer> {
    let names = if context.world.version.is_9() {
        PATHS_9
    } else {
        PATHS_8
    };
    let dirs: Vec<Value> = names.iter().map(|name| json!({ "subdir": name })).collect();
    Ok(json!(dirs).into())
}

/// The state of a storage, as list and status show it.
fn state(storage: &Storage) -> Map<String, Value> {
    let (enabled, total, used) = if storage.disabled {
        (0, 0, 0)
    } else {
        (1, storage.total, storage.used())
    };
    let mut state = Map::new();
    let mut put = |key: &str, value: Value| {
        state.insert(key.to_owned(), value);
    };
    put("type", json!(storage.kind.name()));
    put("content", json!(storage.content.join(",")));
    put("enabled", json!(enabled));
    put("active", json!(enabled));
    put("shared", json!(0));
    put("total", json!(total));
    put("used", json!(used));
    put("avail", json!(total.saturating_sub(used)));
    state
}

fn list(context: &mut Context<'_>) -> Result<Answer> {
    let (world, args) = (&*context.world, &context.args);
    let wanted = args.text("storage");
    if let Some(name) = wanted.filter(|name| !world.storages.contains_key(*name)) {
        let _: &str = name;
        return Err(bad_param("storage", "No such storage."));
    }
    let content: Vec<&str> = split_list(args.text("content").unwrap_or_default()).collect();
    // Who asks for a kind of content wants to use it.
    let enabled_only = args.is_on("enabled") || !content.is_empty();
    let shown: Vec<Value> = world
        .storages
        .iter()
        .filter(|(name, storage)| {
            wanted.is_none_or(|wanted| wanted == *name)
                && (content.is_empty() || content.iter().any(|kind| storage.supports(kind)))
                && !(enabled_only && storage.disabled)
                && world.may_any(&context.who, &format!("/storage/{name}"), READS)
        })
        .map(|(name, storage)| entry(world.version, name, storage, args.is_on("format")))
        .collect();
    Ok(json!(shown).into())
}

fn entry(version: PveVersion, name: &str, storage: &Storage, with_formats: bool) -> Value {
    let mut entry = state(storage);
    entry.insert("storage".to_owned(), json!(name));
    if storage.disabled {
        return Value::Object(entry);
    }
    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of bytes need not be exact"
    )]
    let share = storage.used() as f64 / storage.total.max(1) as f64;
    entry.insert("used_fraction".to_owned(), json!(share));
    if with_formats {
        let supported: &[&str] = if storage.kind.is_dir() {
            &["qcow2", "raw", "subvol", "vmdk"]
        } else {
            &["raw"]
        };
        let flags: Map<String, Value> = supported
            .iter()
            .map(|name| ((*name).to_owned(), json!(1)))
            .collect();
        entry.insert("format".to_owned(), json!([flags, "raw"]));
        if version.is_9() {
            let formats = json!({ "default": "raw", "supported": supported });
            entry.insert("formats".to_owned(), formats);
        }
    }
    Value::Object(entry)
}

fn storage_status(context: &mut Context<'_>) -> Result<Answer> {
    match context.world.storage(context.args.required("storage")) {
        Some(storage) => Ok(Value::Object(state(storage)).into()),
        None => Err(bad_param("storage", "No such storage.")),
    }
}

fn content(context: &mut Context<'_>) -> Result<Answer> {
    let (world, args) = (&*context.world, &context.args);
    let name = args.required("storage");
    let storage = world.require_enabled(name)?;
    let vmid = args
        .number("vmid")
        .and_then(|vmid| u32::try_from(vmid).ok());
    let kind = args.text("content");
    let audits = world.may_any(&context.who, &format!("/storage/{name}"), READS);
    let shown: Vec<Value> = storage
        .volnames()
        .filter(|_| audits)
        .filter(|(volname, _)| kind.is_none_or(|kind| volume_kind(volname) == kind))
        .filter_map(|(volname, volume)| {
            let owner = storage.owner(&volname).ok()?;
            // Images of others are left out; what belongs to no machine stays, but for ISO files.
            let fits = match (vmid, owner) {
                (None, _) => true,
                (Some(wanted), Some(owner)) => wanted == owner,
                (Some(_), None) => volume_kind(&volname) == "import",
            };
            fits.then(|| listed(world, name, &volname, volume, owner))
        })
        .collect();
    Ok(json!(shown).into())
}

fn listed(world: &World, name: &str, volname: &str, volume: &Volume, owner: Option<u32>) -> Value {
    let kind = volume_kind(volname);
    let mut entry = json!({
        "volid": format!("{name}:{volname}"),
        "content": kind,
        "format": volume.format,
        "ctime": volume.ctime,
    });
    let Some(owner) = owner else {
        // Of files that are no disks the size on the storage is shown.
        let on_disk = if volume.format == "qcow2" {
            volume.used
        } else {
            volume.size
        };
        entry["size"] = json!(on_disk);
        return entry;
    };
    entry["size"] = json!(volume.size);
    entry["vmid"] = json!(owner);
    entry["used"] = json!(volume.used);
    entry["parent"] = match (&volume.base, world.storage(name).map(|s| &s.kind)) {
        (Some(base), Some(StorageKind::Dir { .. })) => json!(format!("../{base}")),
        (Some(base), _) => json!(base),
        (None, _) => Value::Null,
    };
    entry
}

/// How long an allocation waits for another one on the same storage.
const ALLOCATION_PATIENCE: Duration = Duration::from_secs(10);

fn allocate(context: &mut Context<'_>) -> Result<Answer> {
    let args = &context.args;
    let (name, filename) = (
        args.required("storage").to_owned(),
        args.required("filename"),
    );
    let vmid = args.vmid("vmid");
    let by_name = filename.rsplit_once('.').map(|(_, extension)| extension);
    let size = match args.required("size") {
        plain if plain.bytes().all(|b| b.is_ascii_digit()) => parse_size(&format!("{plain}K")),
        unit => parse_size(unit),
    };
    let now = context.world.now;
    context
        .world
        .wait_for_storage(&name, context.arrived, ALLOCATION_PATIENCE)?;
    let storage = context.world.require_enabled_mut(&name)?;
    let format = storage
        .format_for(args.text("format").or(by_name))
        .to_owned();
    let volname = match storage.kind {
        StorageKind::Dir { .. } => format!("{vmid}/{filename}"),
        StorageKind::LvmThin { .. } | StorageKind::ZfsPool { .. } => filename.to_owned(),
    };
    storage.allocate(&volname, Volume::new(&format, size.unwrap_or(0), now))?;
    Ok(json!(format!("{name}:{volname}")).into())
}

/// Storage and volume name of a path's last part, which may be a whole volume id.
fn named<'a>(context: &'a Context<'_>) -> Result<(&'a str, &'a str)> {
    let (storage, volume) = (
        context.args.required("storage"),
        context.args.required("volume"),
    );
    if volume.contains(':') {
        let (name, volname) = parse_volid(volume)?;
        if name != storage {
            let text = format!("storage ID missmatch ({storage} != {name})");
            return Err(bad_param("volume", text));
        }
        return Ok((name, volname));
    }
    Ok((storage, volume))
}

fn volume(context: &mut Context<'_>) -> Result<Answer> {
    let (name, volname) = named(context)?;
    let (world, volid) = (&*context.world, format!("{name}:{volname}"));
    let storage = world.require_storage(name)?;
    let owner = storage.owner(volname)?;
    world.check_volume(&context.who, owner.unwrap_or_default(), &volid)?;
    let Some(volume) = storage.volume(volname) else {
        return Err(die(format!(
            "volume_size_info on '{volid}' failed - no format"
        )));
    };
    let mut data = json!({
        "path": storage.path(volname),
        "size": volume.size,
        "used": volume.used,
        "format": volume.format,
    });
    if let Some(base) = &volume.base {
        data["parent"] = json!(format!("../{base}"));
    }
    Ok(data.into())
}

fn delete(context: &mut Context<'_>) -> Result<Answer> {
    let (name, volname) = named(context)?;
    let (name, volname) = (name.to_owned(), volname.to_owned());
    let world = &mut *context.world;
    let owner = world.require_storage(&name)?.owner(&volname)?;
    world.check(
        &context.who,
        &format!("/storage/{name}"),
        &["Datastore.Allocate"],
    )?;
    let owner = owner.map_or_else(String::new, |vmid| format!("{vmid}@"));
    let job = Free::new(&name, &volname);
    let upid = world.spawn("imgdel", format!("{owner}{name}"), &context.who, job);
    let delay = context.args.number("delay");
    Ok(context.world.answer_after(upid, delay, String::new()))
}

/// The digest of the file with all definitions.
fn file_digest(world: &World) -> String {
    let lines: Vec<String> = world
        .storages
        .iter()
        .map(|(name, storage)| {
            format!(
                "{name} {:?} {:?} {}\n",
                storage.kind, storage.content, storage.disabled
            )
        })
        .collect();
    sha1_smol::Sha1::from(lines.concat()).digest().to_string()
}

fn defined(world: &World, name: &str, storage: &Storage) -> Value {
    let mut data = json!({
        "storage": name,
        "type": storage.kind.name(),
        "content": storage.content.join(","),
        "digest": file_digest(world),
    });
    match &storage.kind {
        StorageKind::Dir { path } => data["path"] = json!(path),
        StorageKind::LvmThin { vg } => {
            data["vgname"] = json!(vg);
            data["thinpool"] = json!("data");
        }
        StorageKind::ZfsPool { pool } => data["pool"] = json!(pool),
    }
    if storage.disabled {
        data["disable"] = json!(1);
    }
    data
}

fn definitions(context: &mut Context<'_>) -> Result<Answer> {
    let world = &*context.world;
    let kind = context.args.text("type");
    let shown: Vec<Value> = world
        .storages
        .iter()
        .filter(|(name, storage)| {
            kind.is_none_or(|kind| storage.kind.name() == kind)
                && world.may_any(&context.who, &format!("/storage/{name}"), READS)
        })
        .map(|(name, storage)| defined(world, name, storage))
        .collect();
    Ok(json!(shown).into())
}

fn definition(context: &mut Context<'_>) -> Result<Answer> {
    let name = context.args.required("storage");
    let storage = context.world.require_storage(name)?;
    Ok(defined(context.world, name, storage).into())
}
