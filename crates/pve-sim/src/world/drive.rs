//! A drive option of a machine: the volume and its flags.

use std::collections::BTreeMap;

/// A drive property string taken apart; printed again with the volume first and the flags sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Drive {
    /// A volume id, `none`, `cdrom`, or a wish such as `local:4` or `local:cloudinit`.
    pub(crate) file: String,
    pub(crate) flags: BTreeMap<String, String>,
}

impl Drive {
    /// Reads a value that the schema has already accepted.
    pub(crate) fn parse(text: &str) -> Self {
        let mut drive = Self {
            file: String::new(),
            flags: BTreeMap::new(),
        };
        for part in text.split(',').filter(|part| !part.is_empty()) {
            match part.split_once('=') {
                None => part.clone_into(&mut drive.file),
                Some(("file" | "volume", value)) => value.clone_into(&mut drive.file),
                Some((key, value)) => {
                    drive
                        .flags
                        .insert(long_key(key).to_owned(), value.to_owned());
                }
            }
        }
        drive
    }

    pub(crate) fn print(&self) -> String {
        self.flags
            .iter()
            .fold(self.file.clone(), |all, (key, value)| {
                format!("{all},{key}={value}")
            })
    }

    pub(crate) fn flag(&self, key: &str) -> Option<&str> {
        self.flags.get(key).map(String::as_str)
    }

    pub(crate) fn is_cdrom(&self) -> bool {
        self.flag("media") == Some("cdrom")
    }

    /// Whether it is the cloud-init drive, made or wished for.
    pub(crate) fn is_cloudinit(&self) -> bool {
        let name = self.file.rsplit(['/', ':']).next().unwrap_or_default();
        let stem = name
            .strip_suffix(".qcow2")
            .or_else(|| name.strip_suffix(".raw"));
        name == "cloudinit" || stem.unwrap_or(name).ends_with("-cloudinit")
    }

    /// Whether there is no volume behind it.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(self.file.as_str(), "none" | "cdrom")
    }

    /// `STORE:SIZE`: the storage and the size in GiB of a volume to be allocated.
    pub(crate) fn new_volume(&self) -> Option<(&str, &str)> {
        let (store, size) = self.file.split_once(':')?;
        let is_size = size.split('.').count() <= 2
            && size
                .split('.')
                .all(|part| !part.is_empty() && is_digits(part));
        is_size.then_some((store, size))
    }

    /// The storage on which a volume has to be made for this wish.
    pub(crate) fn allocates_on(&self) -> Option<&str> {
        self.file
            .strip_suffix(":cloudinit")
            .or_else(|| self.new_volume().map(|(store, _)| store))
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit())
}

fn long_key(key: &str) -> &str {
    match key {
        "bps_rd_length" => "bps_rd_max_length",
        "bps_wr_length" => "bps_wr_max_length",
        "iops_rd_length" => "iops_rd_max_length",
        "iops_wr_length" => "iops_wr_max_length",
        known => known,
    }
}

/// The bus and the number of slots on it.
pub(crate) const BUSES: [(&str, u32); 4] = [("ide", 4), ("scsi", 31), ("virtio", 16), ("sata", 6)];

/// Whether an option is a drive, EFI disk and TPM state included.
pub(crate) fn is_disk_key(key: &str) -> bool {
    matches!(key, "efidisk0" | "tpmstate0")
        || BUSES.iter().any(|(bus, count)| {
            key.strip_prefix(bus).is_some_and(|number| {
                is_digits(number) && number.parse::<u32>().is_ok_and(|n| n < *count)
            })
        })
}
