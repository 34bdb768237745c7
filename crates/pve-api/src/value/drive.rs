//! Disks and CD-ROM drives: the options `scsi0`, `virtio1`, `ide2`, `efidisk0`, `unused0`…

use std::fmt;
use std::str::FromStr;

use super::property::{Fields, Format};
use crate::{DiskSize, Malformed, StorageId};

const FORMAT: Format = Format {
    what: "a disk",
    default_key: "file",
    aliases: &[
        ("volume", "file"),
        ("bps_rd_length", "bps_rd_max_length"),
        ("bps_wr_length", "bps_wr_max_length"),
        ("iops_rd_length", "iops_rd_max_length"),
        ("iops_wr_length", "iops_wr_max_length"),
    ],
    flags: &[
        ("backup", true),
        ("detect_zeroes", true),
        ("iothread", false),
        ("pre-enrolled-keys", false),
        ("replicate", true),
        ("ro", false),
        ("scsiblock", false),
        ("shared", false),
        ("snapshot", false),
        ("ssd", false),
    ],
    defaults: &[
        ("discard", "ignore"),
        ("efitype", "2m"),
        ("media", "disk"),
        ("version", "v1.2"),
    ],
};

/// A kind of disk slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bus {
    /// `ide0` to `ide3`.
    Ide,
    /// `sata0` to `sata5`.
    Sata,
    /// `scsi0` to `scsi30`.
    Scsi,
    /// `virtio0` to `virtio15`.
    Virtio,
    /// `efidisk0`, the variables of the firmware.
    EfiDisk,
    /// `tpmstate0`.
    TpmState,
    /// `unused0` to `unused255`: a volume that belongs to the VM and is not attached.
    Unused,
}

impl Bus {
    const ALL: [Self; 7] = [
        Self::Ide,
        Self::Sata,
        Self::Scsi,
        Self::Virtio,
        Self::EfiDisk,
        Self::TpmState,
        Self::Unused,
    ];

    /// Returns the name that Proxmox uses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ide => "ide",
            Self::Sata => "sata",
            Self::Scsi => "scsi",
            Self::Virtio => "virtio",
            Self::EfiDisk => "efidisk",
            Self::TpmState => "tpmstate",
            Self::Unused => "unused",
        }
    }

    const fn last(self) -> u16 {
        match self {
            Self::Ide => 3,
            Self::Sata => 5,
            Self::Scsi => 30,
            Self::Virtio => 15,
            Self::EfiDisk | Self::TpmState => 0,
            Self::Unused => 255,
        }
    }
}

/// The name of a disk option, as in `scsi0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiskSlot {
    bus: Bus,
    index: u16,
}

impl DiskSlot {
    /// The boot disk of a Talos template.
    pub const SCSI0: Self = Self {
        bus: Bus::Scsi,
        index: 0,
    };

    /// Checks that the bus has this slot.
    pub fn new(bus: Bus, index: u16) -> Result<Self, Malformed> {
        let slot = Self { bus, index };
        if index <= bus.last() {
            Ok(slot)
        } else {
            Err(not_a_slot(&slot.to_string()))
        }
    }

    /// Returns the bus.
    pub const fn bus(self) -> Bus {
        self.bus
    }
}

fn not_a_slot(text: &str) -> Malformed {
    Malformed::new(
        "a disk slot",
        text,
        "expected a name such as `scsi0`, `virtio1`, `ide2` or `efidisk0`",
    )
}

impl fmt::Display for DiskSlot {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}{}", self.bus.as_str(), self.index)
    }
}

impl FromStr for DiskSlot {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let digits = text
            .find(|char: char| char.is_ascii_digit())
            .unwrap_or(text.len());
        let (name, index) = text.split_at(digits);
        let bus = Bus::ALL.into_iter().find(|bus| bus.as_str() == name);
        let plain = index == "0" || !index.starts_with('0');
        match (bus, index.parse()) {
            (Some(bus), Ok(index)) if plain => Self::new(bus, index),
            _ => Err(not_a_slot(text)),
        }
    }
}

/// What a drive holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Volume {
    /// An empty CD-ROM drive.
    None,
    /// The CD-ROM drive of the host.
    HostCdrom,
    /// A volume `storage:name`. In a write, a name that is a number makes a new volume of so many
    /// GiB, and `cloudinit` makes a cloud-init drive.
    Stored {
        /// The storage.
        storage: StorageId,
        /// The volume on the storage, as in `9000/base-9000-disk-0.raw`.
        name: String,
    },
    /// A path on the host.
    Path(String),
}

impl Volume {
    /// Returns the storage that holds the volume.
    pub const fn storage(&self) -> Option<&StorageId> {
        match self {
            Self::Stored { storage, .. } => Some(storage),
            Self::None | Self::HostCdrom | Self::Path(_) => None,
        }
    }

    /// Returns whether this is (or, in a write, will be) a cloud-init drive
    /// (PVE/QemuServer/Drive.pm: `drive_is_cloudinit`).
    pub fn is_cloud_init(&self) -> bool {
        let Self::Stored { name, .. } = self else {
            return false;
        };
        let file = name.rsplit('/').next().unwrap_or(name);
        let stem = file.split('.').next().unwrap_or(file);
        stem == "cloudinit"
            || stem
                .strip_prefix("vm-")
                .and_then(|rest| rest.strip_suffix("-cloudinit"))
                .is_some()
    }
}

impl fmt::Display for Volume {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => out.write_str("none"),
            Self::HostCdrom => out.write_str("cdrom"),
            Self::Stored { storage, name } => write!(out, "{storage}:{name}"),
            Self::Path(path) => out.write_str(path),
        }
    }
}

impl FromStr for Volume {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let malformed = || Malformed::new("a volume", text, "expected `storage:name`");
        if text.contains(',') {
            return Err(malformed());
        }
        match (text, text.split_once(':')) {
            ("none", _) => Ok(Self::None),
            ("cdrom", _) => Ok(Self::HostCdrom),
            (path, _) if path.starts_with('/') => Ok(Self::Path(path.to_owned())),
            (_, Some((storage, name))) if !name.is_empty() => {
                let storage = StorageId::new(storage).map_err(|_| malformed())?;
                Ok(Self::Stored {
                    storage,
                    name: name.to_owned(),
                })
            }
            _ => Err(malformed()),
        }
    }
}

/// A disk or a CD-ROM drive.
///
/// A write replaces all settings: those left out are lost, whatever they were
/// (recording `07-config-normalisation.json`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disk {
    /// What the drive holds.
    pub volume: Volume,
    /// The size. Proxmox reads it from the volume and ignores it in a write.
    pub size: Option<DiskSize>,
    /// All other settings, such as `iothread`, `ssd`, `discard`, `media`.
    pub settings: Fields,
}

impl Disk {
    /// Makes a drive without settings.
    pub fn new(volume: Volume) -> Self {
        Self {
            volume,
            size: None,
            settings: Fields::default(),
        }
    }

    /// Returns whether this is a CD-ROM drive, cloud-init drives included.
    pub fn is_cdrom(&self) -> bool {
        self.settings.get("media") == Some("cdrom")
    }

    /// Returns whether this is a cloud-init drive.
    pub fn is_cloud_init(&self) -> bool {
        self.volume.is_cloud_init()
    }
}

impl FromStr for Disk {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut settings = FORMAT.read(text)?;
        let file = settings.take("file").ok_or_else(|| {
            Malformed::new(
                FORMAT.what,
                text,
                "expected a volume, as in `local:vm-100-disk-0,ssd=1`",
            )
        })?;
        Ok(Self {
            volume: file.parse()?,
            size: settings.take_as("size")?,
            settings,
        })
    }
}

impl fmt::Display for Disk {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = self.settings.clone();
        fields.put("size", self.size);
        let volume = self.volume.to_string();
        if volume.contains('=') {
            fields.put("file", Some(volume));
            return out.write_str(&fields.print(None));
        }
        out.write_str(&fields.print(Some(&volume)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> Disk {
        text.parse().expect(text)
    }

    #[test]
    fn what_is_written_equals_what_proxmox_stores() {
        let written = "file=local:100/vm-100-disk-0.raw,ssd=on,discard=on,iothread=yes,cache=writeback,size=64M";
        let stored =
            "local:100/vm-100-disk-0.raw,cache=writeback,discard=on,iothread=1,size=64M,ssd=1";
        assert_eq!(read(written), read(stored));
        assert_eq!(read(written).to_string(), stored);
    }

    #[test]
    fn a_spelt_out_default_is_no_setting() {
        assert_eq!(
            read("local:100/vm-100-disk-0.raw,discard=ignore,backup=1,size=64M"),
            read("local:100/vm-100-disk-0.raw,size=67108864"),
        );
    }

    #[test]
    fn drives_without_a_disk_are_told_apart() {
        assert_eq!(read("none,media=cdrom").volume, Volume::None);
        assert!(read("none,media=cdrom").is_cdrom() && !read("local:8").is_cdrom());
        for text in [
            "local:100/vm-100-cloudinit.qcow2,media=cdrom",
            "lvm:vm-100-cloudinit",
            "lvm:cloudinit",
        ] {
            assert!(read(text).is_cloud_init(), "{text}");
        }
        assert!(!read("local:100/vm-100-disk-0.raw").is_cloud_init());
    }

    #[test]
    fn slots_exist_as_far_as_the_bus_goes() {
        for text in [
            "scsi0",
            "scsi30",
            "ide3",
            "sata5",
            "virtio15",
            "efidisk0",
            "tpmstate0",
            "unused12",
        ] {
            assert_eq!(
                text.parse::<DiskSlot>().map(|slot| slot.to_string()),
                Ok(text.to_owned())
            );
        }
        for text in [
            "scsi31", "ide4", "scsi", "scsihw", "scsi00", "net0", "efidisk1", "scsi-1", "",
        ] {
            assert!(text.parse::<DiskSlot>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(
            name in "[a-z0-9/.=-]{1,20}", bytes in any::<Option<u64>>(), ssd in any::<bool>(),
        ) {
            let storage = StorageId::new("local-lvm")?;
            let mut disk = Disk::new(Volume::Stored { storage, name });
            disk.size = bytes.map(DiskSize::from_bytes);
            if ssd {
                disk.settings.set("ssd", "1")?;
            }
            prop_assert_eq!(disk.to_string().parse(), Ok(disk));
        }

        #[test]
        fn any_text_is_refused_or_survives_printing(text in "(local:|file=)?[ -~é]{0,40}") {
            if let Ok(read) = text.parse::<Disk>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
            if let Ok(read) = text.parse::<DiskSlot>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
