//! Storages and the volumes on them: names, parents, sizes, space.
//!
//! `dir` is proven by recordings. `lvmthin` and `zfspool` follow Proxmox's source only.

use std::collections::BTreeMap;

use crate::clock::SimTime;
use crate::fail::{Result, die};

/// What a storage is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageKind {
    /// Files below a path.
    Dir {
        /// The directory, such as `/var/lib/vz`.
        path: String,
    },
    /// A thin pool of LVM.
    LvmThin {
        /// The volume group.
        vg: String,
    },
    /// A ZFS pool.
    ZfsPool {
        /// The pool or dataset.
        pool: String,
    },
}

impl StorageKind {
    /// The name of the plugin.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Dir { .. } => "dir",
            Self::LvmThin { .. } => "lvmthin",
            Self::ZfsPool { .. } => "zfspool",
        }
    }

    pub(crate) const fn is_dir(&self) -> bool {
        matches!(self, Self::Dir { .. })
    }
}

/// A volume on a storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// `raw`, `qcow2`, `vmdk`, `iso`, ...
    pub format: String,
    /// Its size as a machine sees it, in bytes.
    pub size: u64,
    /// The space it takes, in bytes.
    pub used: u64,
    /// When it was made, epoch seconds.
    pub ctime: u64,
    /// The volume name it was cloned from and still needs.
    pub base: Option<String>,
}

/// A storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// What it is made of.
    pub kind: StorageKind,
    /// The content types it is for, sorted.
    pub content: Vec<String>,
    /// A disabled storage answers reads only.
    pub disabled: bool,
    /// Its size in bytes.
    pub total: u64,
    pub(crate) volumes: BTreeMap<String, Volume>,
}

impl Storage {
    /// An empty storage with room for 1 TiB.
    pub fn new(kind: StorageKind, content: &str) -> Self {
        let mut content: Vec<_> = content.split(',').map(|c| c.trim().to_owned()).collect();
        content.sort();
        Self {
            kind,
            content,
            disabled: false,
            total: 1 << 40,
            volumes: BTreeMap::new(),
        }
    }

    /// The space its volumes take.
    pub fn used(&self) -> u64 {
        self.volumes
            .values()
            .fold(0, |sum, volume| sum.saturating_add(volume.used))
    }

    /// The space that is left.
    pub fn available(&self) -> u64 {
        self.total.saturating_sub(self.used())
    }

    /// The volume of this name (without the storage), its parent in front or not.
    pub fn volume(&self, volname: &str) -> Option<&Volume> {
        self.volumes.get(own_name(volname))
    }

    pub(crate) fn volume_mut(&mut self, volname: &str) -> Option<&mut Volume> {
        self.volumes.get_mut(own_name(volname))
    }

    /// Puts a volume here as if it had always been; its parent stands in the name.
    pub fn put_volume(&mut self, volname: &str, format: &str, size: u64) {
        let own = own_name(volname);
        let base = volname
            .strip_suffix(own)
            .map(|b| b.trim_end_matches('/').to_owned());
        let base = base.filter(|name| !name.is_empty());
        let used = if format == "qcow2" {
            empty_qcow2(size)
        } else {
            0
        };
        let volume = Volume {
            format: format.to_owned(),
            size,
            used,
            ctime: 1_760_000_000,
            base,
        };
        self.volumes.insert(own.to_owned(), volume);
    }

    /// Volume names with their parents in front, as volume ids hold them.
    pub(crate) fn volnames(&self) -> impl Iterator<Item = (String, &Volume)> {
        self.volumes
            .iter()
            .map(|(name, volume)| (self.full_name(name, volume), volume))
    }

    pub(crate) fn volids(&self) -> Vec<String> {
        self.volnames().map(|(name, _)| name).collect()
    }

    /// The name of a volume that is here, its parent in front.
    pub(crate) fn full_volname(&self, volname: &str) -> String {
        let own = own_name(volname);
        self.volumes
            .get(own)
            .map_or_else(|| own.to_owned(), |volume| self.full_name(own, volume))
    }

    /// A volume name without its parent.
    #[expect(
        clippy::unused_self,
        reason = "how names are built is the storage's matter"
    )]
    pub(crate) fn own_name<'a>(&self, volname: &'a str) -> &'a str {
        own_name(volname)
    }

    fn full_name(&self, own: &str, volume: &Volume) -> String {
        match (&volume.base, &self.kind) {
            // A thin snapshot does not show its origin in the volume id.
            (Some(base), StorageKind::Dir { .. } | StorageKind::ZfsPool { .. }) => {
                format!("{base}/{own}")
            }
            _ => own.to_owned(),
        }
    }

    /// Whether another volume was cloned from this one and needs it.
    pub(crate) fn has_children(&self, volname: &str) -> bool {
        let own = own_name(volname);
        self.volumes
            .values()
            .any(|volume| volume.base.as_deref() == Some(own))
    }

    /// The path of a volume on the host.
    pub(crate) fn path(&self, volname: &str) -> String {
        let own = own_name(volname);
        match &self.kind {
            StorageKind::Dir { path } => match volume_kind(own) {
                "iso" => format!("{path}/template/{own}"),
                "images" => format!("{path}/images/{own}"),
                _ => format!("{path}/{own}"),
            },
            StorageKind::LvmThin { vg } => format!("/dev/{vg}/{own}"),
            StorageKind::ZfsPool { pool } => format!("/dev/zvol/{pool}/{own}"),
        }
    }

    /// The name the next disk of a machine gets.
    pub(crate) fn next_disk(&self, vmid: u32, format: &str) -> String {
        let taken = |number: u32| {
            self.volumes.keys().any(|name| {
                let file = name.rsplit('/').next().unwrap_or(name);
                let stem = file.split('.').next().unwrap_or(file);
                ["vm", "base", "subvol"]
                    .iter()
                    .any(|kind| stem == format!("{kind}-{vmid}-disk-{number}"))
            })
        };
        let number = (0..u32::MAX)
            .find(|number| !taken(*number))
            .unwrap_or(u32::MAX);
        self.name_of(vmid, &format!("vm-{vmid}-disk-{number}"), format)
    }

    /// The volume name of `stem` in the way of this kind of storage.
    pub(crate) fn name_of(&self, vmid: u32, stem: &str, format: &str) -> String {
        match self.kind {
            StorageKind::Dir { .. } => format!("{vmid}/{stem}.{format}"),
            StorageKind::LvmThin { .. } | StorageKind::ZfsPool { .. } => stem.to_owned(),
        }
    }

    /// The format a new volume gets when none is asked for, or when only one is possible.
    pub(crate) fn format_for<'a>(&self, wished: Option<&'a str>) -> &'a str {
        if self.kind.is_dir() {
            wished.unwrap_or("raw")
        } else {
            "raw"
        }
    }

    pub(crate) fn supports(&self, content: &str) -> bool {
        self.content.iter().any(|known| known == content)
    }

    /// Allocates a volume. Images are sparse and thin pools overcommit, so only a copy into one can run out of room;
    /// a ZFS pool keeps room for the whole volume.
    pub(crate) fn allocate(&mut self, name: &str, volume: Volume) -> Result<()> {
        if self.volumes.contains_key(name) {
            return Err(die(format!(
                "disk image '{}' already exists",
                self.path(name)
            )));
        }
        if let StorageKind::ZfsPool { pool } = &self.kind
            && self.available() < volume.size
        {
            return Err(die(format!(
                "zfs error: cannot create '{pool}/{name}': out of space"
            )));
        }
        self.volumes.insert(name.to_owned(), volume);
        Ok(())
    }

    /// Whether a copy of so many bytes breaks off.
    pub(crate) fn is_too_full_for(&self, bytes: u64) -> bool {
        self.available() == 0 || self.available() < bytes
    }

    pub(crate) fn free(&mut self, volname: &str) -> Option<Volume> {
        self.volumes.remove(own_name(volname))
    }

    /// Makes a disk the base of a template: `vm-N-disk-M` becomes `base-N-disk-M`.
    pub(crate) fn make_base(&mut self, volname: &str) -> Option<String> {
        let own = own_name(volname);
        let volume = self.volumes.remove(own)?;
        let base = own.replacen("vm-", "base-", 1);
        let full = self.full_name(&base, &volume);
        self.volumes.insert(base, volume);
        Some(full)
    }
}

impl super::World {
    /// The storage, or `storage 'x' does not exist`.
    pub(crate) fn require_storage(&self, name: &str) -> Result<&Storage> {
        self.storages
            .get(name)
            .ok_or_else(|| die(format!("storage '{name}' does not exist")))
    }

    /// The same, when it is switched on.
    pub(crate) fn require_enabled(&self, name: &str) -> Result<&Storage> {
        let storage = self.require_storage(name)?;
        if storage.disabled {
            return Err(die(format!("storage '{name}' is disabled")));
        }
        Ok(storage)
    }

    pub(crate) fn require_enabled_mut(&mut self, name: &str) -> Result<&mut Storage> {
        self.require_enabled(name)?;
        let missing = die(format!("storage '{name}' does not exist"));
        self.storages.get_mut(name).ok_or(missing)
    }

    /// Storage and name of every volume that belongs to a machine.
    pub(crate) fn volumes_of(&self, vmid: u32) -> Vec<(String, String)> {
        self.storages
            .iter()
            .filter(|(_, storage)| !storage.disabled)
            .flat_map(|(name, storage)| {
                storage
                    .volumes
                    .keys()
                    .filter(|volname| storage.owner(volname) == Ok(Some(vmid)))
                    .map(|volname| (name.clone(), volname.clone()))
            })
            .collect()
    }

    /// The volume of an id with its storage's name.
    pub(crate) fn volume(&self, volid: &str) -> Option<&Volume> {
        let (name, volname) = parse_volid(volid).ok()?;
        self.storages.get(name)?.volume(volname)
    }
}

impl Storage {
    /// Checks a volume name and gives the machine it belongs to, if it belongs to one.
    pub(crate) fn owner(&self, volname: &str) -> Result<Option<u32>> {
        let own = own_name(volname);
        if volume_kind(own) != "images" {
            return Ok(None);
        }
        let (owner, kind) = match &self.kind {
            StorageKind::Dir { .. } => (own.split_once('/').map(|(vmid, _)| vmid), "directory"),
            StorageKind::LvmThin { .. } => (own.split('-').nth(1), "lvm"),
            StorageKind::ZfsPool { .. } => (own.split('-').nth(1), "zfs"),
        };
        match owner.and_then(|vmid| vmid.parse().ok()) {
            Some(vmid) => Ok(Some(vmid)),
            None => Err(die(format!(
                "unable to parse {kind} volume name '{volname}'"
            ))),
        }
    }
}

impl Volume {
    pub(crate) fn new(format: &str, size: u64, now: SimTime) -> Self {
        let used = if format == "qcow2" {
            empty_qcow2(size)
        } else {
            0
        };
        Self {
            format: format.to_owned(),
            size,
            used,
            ctime: now.secs(),
            base: None,
        }
    }
}

/// The file of an empty qcow2 image: header, refcount table and block, and the L1 table.
fn empty_qcow2(size: u64) -> u64 {
    3 * 65536 + 8 * size.div_ceil(512 << 20).max(1)
}

/// A volume name without the parent in front of it.
fn own_name(volname: &str) -> &str {
    let parts: Vec<&str> = volname.split('/').collect();
    let own = match parts.as_slice() {
        [_, _, _, _] => parts[..2].iter().map(|part| part.len() + 1).sum(),
        [base, _] if base.starts_with("base-") => base.len() + 1,
        _ => 0,
    };
    volname.get(own..).unwrap_or(volname)
}

/// The content type a volume name belongs to.
pub(crate) fn volume_kind(volname: &str) -> &'static str {
    match volname.split_once('/').map(|(first, _)| first) {
        Some("iso") => "iso",
        Some("import") => "import",
        Some("vztmpl") => "vztmpl",
        Some("backup") => "backup",
        Some("snippets") => "snippets",
        _ => "images",
    }
}

/// Splits a volume id into storage and volume name.
pub(crate) fn parse_volid(volid: &str) -> Result<(&str, &str)> {
    volid
        .split_once(':')
        .filter(|(store, name)| crate::schema::is_storage_id(store) && !name.is_empty())
        .ok_or_else(|| die(format!("unable to parse volume ID '{volid}'")))
}

/// A size with the largest unit that is exact: `1G`, `528K`, `536871424`.
pub(crate) fn human_size(bytes: u64) -> String {
    let mut value = bytes;
    let mut unit = "";
    for next in ["K", "M", "G", "T"] {
        if value == 0 || !value.is_multiple_of(1024) {
            break;
        }
        value /= 1024;
        unit = next;
    }
    format!("{value}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_use_the_largest_exact_unit() {
        let printed: Vec<String> = [
            0,
            1,
            1024,
            540_672,
            4 << 20,
            1 << 30,
            1_141_899_264,
            536_871_424,
        ]
        .map(human_size)
        .to_vec();
        assert_eq!(
            printed,
            ["0", "1", "1K", "528K", "4M", "1G", "1089M", "536871424"].map(str::to_owned)
        );
    }

    #[test]
    fn a_parent_in_a_volume_name_is_not_part_of_the_own_name() {
        let own: Vec<&str> = [
            "9000/base-9000-disk-0.raw/200/vm-200-disk-0.qcow2",
            "200/vm-200-disk-0.raw",
            "base-9000-disk-0/vm-200-disk-0",
            "vm-200-disk-0",
            "iso/talos.iso",
        ]
        .map(own_name)
        .to_vec();
        assert_eq!(
            own,
            [
                "200/vm-200-disk-0.qcow2",
                "200/vm-200-disk-0.raw",
                "vm-200-disk-0",
                "vm-200-disk-0",
                "iso/talos.iso"
            ]
        );
    }
}
