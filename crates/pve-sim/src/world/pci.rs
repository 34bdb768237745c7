//! PCI devices of the host and the mappings that name them.

use super::World;

/// A PCI function of the host, as sysfs shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PciDevice {
    /// Its address with domain, such as `0000:01:00.0`.
    pub id: String,
    /// Class with prefix, such as `0x030000`.
    pub class: String,
    /// Vendor id with prefix, such as `0x10de`.
    pub vendor: String,
    /// Device id with prefix.
    pub device: String,
    /// Subsystem vendor id with prefix.
    pub subsystem_vendor: Option<String>,
    /// Subsystem device id with prefix.
    pub subsystem_device: Option<String>,
    /// IOMMU group, -1 for none.
    pub iommugroup: i64,
}

/// A resource mapping of PCI devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PciMapping {
    /// Its alternatives, each a property string (`node=…,path=…,id=…`).
    pub map: Vec<String>,
    /// Free text.
    pub description: Option<String>,
    /// Whether mediated devices are made of it.
    pub mdev: Option<String>,
    /// Whether machines with it may be migrated live.
    pub live_migration_capable: Option<String>,
}

/// Names for the ids that occur in scenarios, from the public PCI id list.
const VENDORS: &[(&str, &str)] = &[
    ("0x10de", "NVIDIA Corporation"),
    ("0x8086", "Intel Corporation"),
    ("0x1849", "ASRock Incorporation"),
    ("0x1002", "Advanced Micro Devices, Inc. [AMD/ATI]"),
];
const DEVICES: &[(&str, &str, &str)] = &[
    ("0x10de", "0x2204", "GA102 [GeForce RTX 3090]"),
    ("0x10de", "0x1aef", "GA102 High Definition Audio Controller"),
    ("0x10de", "0x2684", "AD102 [GeForce RTX 4090]"),
    ("0x10de", "0x22ba", "AD102 High Definition Audio Controller"),
    ("0x8086", "0x1533", "I210 Gigabit Network Connection"),
];
const SUBSYSTEMS: &[(&str, &str, &str)] =
    &[("0x8086", "0x0001", "Ethernet Server Adapter I210-T1")];

/// The name of a vendor.
pub(crate) fn vendor_name(vendor: &str) -> Option<&'static str> {
    VENDORS
        .iter()
        .find(|(id, _)| *id == vendor)
        .map(|(_, name)| *name)
}

impl PciDevice {
    pub(crate) fn device_name(&self) -> Option<&'static str> {
        DEVICES
            .iter()
            .find(|(vendor, device, _)| *vendor == self.vendor && *device == self.device)
            .map(|(_, _, name)| *name)
    }

    pub(crate) fn subsystem_device_name(&self) -> Option<&'static str> {
        let vendor = self.subsystem_vendor.as_deref()?;
        let device = self.subsystem_device.as_deref()?;
        SUBSYSTEMS
            .iter()
            .find(|(v, d, _)| *v == vendor && *d == device)
            .map(|(_, _, name)| *name)
    }

    /// `10de:2204`, the form used in mappings.
    pub(crate) fn short_id(&self) -> String {
        let plain = |id: &str| id.trim_start_matches("0x").to_owned();
        format!("{}:{}", plain(&self.vendor), plain(&self.device))
    }

    pub(crate) fn short_subsystem(&self) -> Option<String> {
        let plain = |id: &str| id.trim_start_matches("0x").to_owned();
        let vendor = plain(self.subsystem_vendor.as_deref()?);
        Some(format!(
            "{vendor}:{}",
            plain(self.subsystem_device.as_deref()?)
        ))
    }
}

impl World {
    /// The PCI mappings, by name.
    pub fn pci_mappings(&self) -> impl Iterator<Item = (&str, &PciMapping)> {
        self.pci_mappings
            .iter()
            .map(|(id, mapping)| (id.as_str(), mapping))
    }
}
