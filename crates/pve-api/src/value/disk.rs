//! Disks and CD-ROM drives.

use std::fmt;
use std::str::FromStr;

use super::Volume;
use super::property::{Fields, Format};
use crate::{DiskSize, Malformed};

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
    use crate::StorageId;

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
        }
    }
}
