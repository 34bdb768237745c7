//! What a drive holds.

use std::fmt;
use std::str::FromStr;

use crate::{Malformed, StorageId};

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
