//! Making the volumes behind drives: allocation, import, cloud-init drives.

use super::options::drive_set;
use crate::convert::{parse_size, scaled};
use crate::fail::{Result, die};
use crate::schema::Properties;
use crate::world::{Drive, Options, PveVersion, Storage, Volume, World, human_size, parse_volid};

/// A drive with its volume, and what the making of it looked like.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) drive: Drive,
    pub(crate) log: Vec<String>,
    /// The volume that was allocated for it.
    pub(crate) volid: Option<String>,
    /// Bytes that have to be copied into it.
    pub(crate) copied: Option<u64>,
}

impl Made {
    fn as_is(drive: Drive) -> Self {
        Self {
            drive,
            log: Vec::new(),
            volid: None,
            copied: None,
        }
    }
}

/// EFI variables and TPM state have sizes of their own.
const EFI_4M: u64 = 540_672;
const EFI_2M: u64 = 131_072;
const SMALL: u64 = 4 << 20;

/// Makes drives for one machine.
pub(crate) struct DiskMaker<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) vmid: u32,
}

impl DiskMaker<'_> {
    /// Makes the drive `key` as wished for; `options` are those the machine has.
    pub(crate) fn make(&mut self, key: &str, wish: &Drive, options: &Options) -> Result<Made> {
        if wish.is_empty() {
            return Ok(Made::as_is(wish.clone()));
        }
        if wish.file.ends_with(":cloudinit") || wish.file == "cloudinit" {
            return self.cloudinit(key, wish, options);
        }
        if let Some(source) = wish.flag("import-from") {
            return self.import(wish, source);
        }
        match wish.new_volume() {
            Some((storage, size)) => self.allocate(key, wish, storage, size),
            None => self.attach(wish),
        }
    }

    /// Attaches a volume that is there; its size is looked up, whatever was said.
    fn attach(&self, wish: &Drive) -> Result<Made> {
        let mut drive = wish.clone();
        if drive.file.starts_with('/') {
            return Ok(Made::as_is(drive));
        }
        let (storage, _) = parse_volid(&drive.file)?;
        self.world.require_enabled(storage)?;
        let Some(volume) = self.world.volume(&drive.file) else {
            return Err(die(format!("volume '{}' does not exist", drive.file)));
        };
        if drive.is_cloudinit() {
            return Ok(Made::as_is(drive));
        }
        drive
            .flags
            .insert("size".to_owned(), human_size(volume.size));
        Ok(Made::as_is(drive))
    }

    fn allocate(&mut self, key: &str, wish: &Drive, name: &str, size: &str) -> Result<Made> {
        let bytes = match key {
            "efidisk0" if wish.flag("efitype") == Some("4m") => EFI_4M,
            "efidisk0" => EFI_2M,
            "tpmstate0" => SMALL,
            _ => scaled(size, 1 << 30).unwrap_or(0) / 1024 * 1024,
        };
        let storage = self.world.require_enabled(name)?;
        let wanted = if key == "tpmstate0" {
            Some("raw")
        } else {
            wish.flag("format")
        };
        let format = storage.format_for(wanted).to_owned();
        let volname = storage.next_disk(self.vmid, &format);
        let mut made = self.put(wish, name, &volname, &format, bytes)?;
        if key == "efidisk0" {
            made.copied = Some(0);
            let enrolled = made.drive.flag("pre-enrolled-keys") == Some("1");
            if enrolled && self.world.version.is_9() {
                let newest = ("ms-cert".to_owned(), "2023k".to_owned());
                made.drive.flags.entry(newest.0).or_insert(newest.1);
            }
        }
        Ok(made)
    }

    /// Puts a new volume on a storage and the drive onto it.
    fn put(
        &mut self,
        wish: &Drive,
        name: &str,
        volname: &str,
        format: &str,
        size: u64,
    ) -> Result<Made> {
        let (version, now) = (self.world.version, self.world.now);
        let storage = self.world.require_enabled_mut(name)?;
        let log = vec![formatting(version, storage, volname, format, size, None)];
        storage.allocate(volname, Volume::new(format, size, now))?;
        let mut drive = wish.clone();
        drive.file = format!("{name}:{volname}");
        drive.flags.remove("format");
        drive.flags.remove("import-from");
        drive.flags.insert("size".to_owned(), human_size(size));
        Ok(Made {
            volid: Some(drive.file.clone()),
            drive,
            log,
            copied: None,
        })
    }

    fn cloudinit(&mut self, key: &str, wish: &Drive, options: &Options) -> Result<Made> {
        let other = options
            .iter()
            .find(|(known, value)| *known != key && is_cloudinit_drive(known, value));
        if let Some((other, _)) = other {
            let text = format!("{key} - cloud-init drive is already attached at '{other}'");
            return Err(die(text));
        }
        let name = wish.file.split(':').next().unwrap_or_default().to_owned();
        let storage = self.world.require_enabled(&name)?;
        let format = if storage.kind.is_dir() {
            wish.flag("format").unwrap_or("qcow2")
        } else {
            "raw"
        };
        let format = format.to_owned();
        let volname = storage.name_of(self.vmid, &format!("vm-{}-cloudinit", self.vmid), &format);
        let mut made = self.put(wish, &name, &volname, &format, SMALL)?;
        made.drive.flags.remove("size");
        made.drive
            .flags
            .insert("media".to_owned(), "cdrom".to_owned());
        Ok(made)
    }

    fn import(&mut self, wish: &Drive, source: &str) -> Result<Made> {
        let (from_storage, from_name) = parse_volid(source)?;
        let from = self.world.require_enabled(from_storage)?;
        let Some(volume) = from.volume(from_name).cloned() else {
            return Err(die(format!("failed to stat '{}'", from.path(from_name))));
        };
        let (name, _) = wish.new_volume().unwrap_or_default();
        let name = name.to_owned();
        let origin = self.drive_of(source);
        let storage = self.world.require_enabled(&name)?;
        let wanted = wish.flag("format").unwrap_or(&volume.format);
        let format = storage.format_for(Some(wanted)).to_owned();
        let volname = storage.next_disk(self.vmid, &format);
        if storage.is_too_full_for(volume.used) {
            let command = format!(
                "/usr/bin/qemu-img convert -p -n -f {} -O {format} {} zeroinit:{}",
                volume.format,
                from.path(from_name),
                storage.path(&volname)
            );
            return Err(die(format!(
                "cannot import from '{source}' - copy failed: command '{command}' failed: exit code 1"
            )));
        }
        let mut made = self.put(wish, &name, &volname, &format, volume.size)?;
        made.log
            .insert(0, format!("create full clone of drive {origin}({source})"));
        made.log
            .extend(copy_log(self.world.version, &made.drive.file));
        made.copied = Some(volume.used.max(volume.size));
        Ok(made)
    }

    /// `scsi0 ` when a volume is that drive of its owner.
    fn drive_of(&self, volid: &str) -> String {
        self.world
            .vms
            .values()
            .flat_map(|vm| vm.config.iter())
            .find(|(key, value)| {
                crate::world::is_disk_key(key) && Drive::parse(value).file == volid
            })
            .map_or_else(String::new, |(key, _)| format!("{key} "))
    }
}

/// Newer versions also say which volume a copy goes to.
pub(crate) fn copy_log(version: PveVersion, volid: &str) -> Option<String> {
    version
        .is_9()
        .then(|| format!("allocated target volume '{volid}'"))
}

/// What the image tool says about a new file; `backing` is the parent's file and format.
pub(crate) fn formatting(
    version: PveVersion,
    storage: &Storage,
    volname: &str,
    format: &str,
    size: u64,
    backing: Option<(&str, &str)>,
) -> String {
    let path = storage.path(volname);
    match (format, backing) {
        ("qcow2", Some((file, kind))) => {
            let shape = match (version.is_9(), kind) {
                (true, "raw") => "cluster_size=131072 extended_l2=on preallocation=off",
                (true, _) => "cluster_size=131072 extended_l2=on preallocation=metadata",
                (false, _) => "cluster_size=65536 extended_l2=off",
            };
            format!(
                "Formatting '{path}', fmt=qcow2 {shape} compression_type=zlib size={size} \
                 backing_file={file} backing_fmt={kind} lazy_refcounts=off refcount_bits=16"
            )
        }
        ("qcow2", None) => format!(
            "Formatting '{path}', fmt=qcow2 cluster_size=65536 extended_l2=off \
             preallocation=metadata compression_type=zlib size={size} \
             lazy_refcounts=off refcount_bits=16"
        ),
        _ => format!("Formatting '{path}', fmt={format} size={size} preallocation=off"),
    }
}

fn is_cloudinit_drive(key: &str, value: &str) -> bool {
    crate::world::is_disk_key(key) && Drive::parse(value).is_cloudinit()
}

impl World {
    /// A drive option the schema has accepted, with its booleans in Proxmox's form.
    pub(crate) fn drive(&self, key: &str, value: &str) -> Drive {
        let mut flags: Properties = self.properties(drive_set(key), value);
        let file = flags.remove("file").unwrap_or_default();
        Drive { file, flags }
    }

    /// Frees the volume of a drive if it belongs to the machine and nothing was cloned from it.
    pub(crate) fn free_drive(&mut self, vmid: u32, drive: &Drive) -> bool {
        let Ok((name, volname)) = parse_volid(&drive.file) else {
            return false;
        };
        let Some(storage) = self.storages.get_mut(name) else {
            return false;
        };
        if storage.owner(volname) != Ok(Some(vmid)) || storage.has_children(volname) {
            return false;
        }
        storage.free(volname).is_some()
    }

    /// Whether a volume belongs to a machine.
    pub(crate) fn owns(&self, vmid: u32, volid: &str) -> bool {
        parse_volid(volid).is_ok_and(|(name, volname)| {
            self.storages
                .get(name)
                .is_some_and(|s| s.owner(volname) == Ok(Some(vmid)))
        })
    }

    /// The size of a drive in bytes as its option says it.
    pub(crate) fn drive_size(drive: &Drive) -> u64 {
        drive.flag("size").and_then(parse_size).unwrap_or(0)
    }
}
