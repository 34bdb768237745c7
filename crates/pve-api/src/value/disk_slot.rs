//! Where a disk is attached: `scsi0`, `ide2`, `efidisk0`, `unused0`…

use std::fmt;
use std::str::FromStr;

use crate::Malformed;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
        fn any_text_is_refused_or_survives_printing(text in "(scsi|ide|unused)?[ -~é]{0,5}") {
            if let Ok(read) = text.parse::<DiskSlot>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
