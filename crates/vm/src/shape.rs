//! The shape of a VM: what can change during its life, as wanted and as read from Proxmox.
//!
//! Both sides are in the same normal form, so that comparing is plain equality of
//! [`Shape::text`]. `None` means "not managed" on the wanted side and "Proxmox holds nothing" on
//! the other.

use core::net::IpAddr;
use std::collections::BTreeMap;
use std::fmt;

use pve_api::{
    BadOption, BridgeName, CpuType, DiskSize, HostPci, Ipv4Setting, Ipv6Setting, MacAddress,
    MappingId, MiB, PciAddress, StorageId, SystemUuid, Tags, VlanTag, VmConfig,
};

use crate::{Argument, Marker, Power, hardware};

/// What a VM is like.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shape {
    /// The number of virtual CPUs.
    pub cores: Option<u32>,
    /// The memory.
    pub memory: Option<MiB>,
    /// The CPU model.
    pub cpu_type: Option<CpuType>,
    /// The machine type.
    pub machine: Option<String>,
    /// The firmware.
    pub bios: Option<Firmware>,
    /// The size of the boot disk.
    pub disk: Option<DiskSize>,
    /// The storage of the boot disk.
    pub storage: Option<StorageId>,
    /// The bridge of the first network card.
    pub bridge: Option<BridgeName>,
    /// The VLAN of the first network card.
    pub vlan: Option<VlanTag>,
    /// The MAC address of the first network card.
    pub mac: Option<MacAddress>,
    /// The SMBIOS UUID.
    pub uuid: Option<SystemUuid>,
    /// How the VM gets its address.
    pub addressing: Addressing,
    /// The passed-through devices, in the order of `hostpci0`, `hostpci1`…
    pub gpus: Option<Vec<Gpu>>,
    /// The tags.
    pub tags: Option<Tags>,
    /// Whether the VM starts with the host.
    pub onboot: Option<bool>,
    /// The place in the start order.
    pub startup_order: Option<u32>,
    /// Whether Proxmox refuses to remove the VM.
    pub protection: Option<bool>,
    /// Whether the VM runs.
    pub started: Option<bool>,
}

/// How a VM gets its address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addressing {
    /// Who assigns it.
    pub mode: Option<AddressMode>,
    /// The address.
    pub address: Option<IpAddr>,
    /// The length of the network prefix.
    pub prefix_length: Option<u8>,
    /// The gateway.
    pub gateway: Option<IpAddr>,
    /// The name servers, in order.
    pub nameservers: Option<Vec<String>>,
}

/// Who assigns the address of a VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressMode {
    /// The cloud-init drive, which a nocloud image reads.
    Static,
    /// A reservation in a DHCP server; the VM itself holds no address, so the marker does.
    DhcpReserved,
}

impl AddressMode {
    /// Returns the word of the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Static => "static",
            Self::DhcpReserved => "dhcp_reserved",
        }
    }

    /// Reads the word of the configuration.
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::Static, Self::DhcpReserved]
            .into_iter()
            .find(|mode| mode.name() == text)
    }
}

/// What a VM boots with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firmware {
    /// A BIOS.
    SeaBios,
    /// UEFI, with a disk that keeps its variables.
    Ovmf,
    /// UEFI without that disk: it starts, and forgets its boot entries each time.
    OvmfWithoutDisk,
}

impl Firmware {
    /// Returns the word of the configuration; the last is a state that none asks for.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SeaBios => "seabios",
            Self::Ovmf => "ovmf",
            Self::OvmfWithoutDisk => "ovmf without efidisk0",
        }
    }

    /// Reads a word of the configuration or of a state.
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::SeaBios, Self::Ovmf, Self::OvmfWithoutDisk]
            .into_iter()
            .find(|firmware| firmware.name() == text)
    }

    fn read(config: &VmConfig) -> Self {
        match (config.bios(), config.get("efidisk0")) {
            ("ovmf", Some(_)) => Self::Ovmf,
            ("ovmf", None) => Self::OvmfWithoutDisk,
            _ => Self::SeaBios,
        }
    }
}

/// A PCI device that is passed through.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gpu {
    /// Through a resource mapping, which a token may use.
    Mapping {
        /// The name of the mapping.
        id: MappingId,
        /// The device that the mapping stands for, where somebody says so. What a VM was started
        /// with only its marker can tell: Proxmox shows the mapping, whatever it stood for then.
        stands_for: Option<PciAddress>,
    },
    /// By its address, which only root@pam with a password may set.
    Raw(PciAddress),
}

impl fmt::Display for Gpu {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mapping {
                id,
                stands_for: Some(address),
            } => write!(out, "mapping {id} ({address})"),
            Self::Mapping { id, .. } => write!(out, "mapping {id}"),
            Self::Raw(address) => address.fmt(out),
        }
    }
}

impl Gpu {
    /// A mapping, whatever it stands for.
    pub const fn mapping(id: MappingId) -> Self {
        Self::Mapping {
            id,
            stands_for: None,
        }
    }

    /// Returns whether a VM that has this one need not stop to have the other.
    fn is_same_device(&self, other: &Self) -> bool {
        match (self, other) {
            (
                Self::Mapping { id, stands_for },
                Self::Mapping {
                    id: other,
                    stands_for: also,
                },
            ) => id == other && (stands_for == also || stands_for.is_none() || also.is_none()),
            _ => self == other,
        }
    }
}

impl Shape {
    /// Reads the shape of a VM; what only the marker can know comes from there.
    ///
    /// Options at their default are absent in Proxmox and have their default here.
    pub fn read(
        config: &VmConfig,
        marker: Option<&Marker>,
        power: Power,
    ) -> Result<Self, BadOption> {
        let reserved = marker.and_then(|marker| marker.reserved.as_ref());
        let gpu = |device| gpu(device, marker);
        let card = config.net(0)?;
        let disk = hardware::boot_disk(config)?.map(|(_, disk)| disk);
        Ok(Self {
            cores: Some(config.cores()?.saturating_mul(config.sockets()?)),
            memory: Some(config.memory()?),
            cpu_type: Some(cpu_type(config)?),
            machine: Some(machine(config)?),
            bios: Some(Firmware::read(config)),
            disk: disk.as_ref().and_then(|disk| disk.size),
            storage: disk.and_then(|disk| disk.volume.storage().cloned()),
            bridge: card.as_ref().and_then(|card| card.bridge.clone()),
            vlan: card.as_ref().and_then(|card| card.vlan),
            mac: card.and_then(|card| card.mac),
            uuid: config.smbios()?.and_then(|smbios| smbios.uuid),
            addressing: Addressing::read(config, reserved)?,
            gpus: Some(config.host_pci()?.into_values().filter_map(gpu).collect()),
            tags: Some(config.tags()),
            onboot: Some(config.starts_on_boot()),
            startup_order: config.startup()?.and_then(|startup| startup.order),
            protection: Some(config.is_protected()),
            started: Some(power == Power::Running),
        })
    }

    /// Returns what mappings of this VM stand for, as far as somebody says so.
    pub(crate) fn mapped_devices(&self) -> BTreeMap<MappingId, PciAddress> {
        let gpus = self.gpus.iter().flatten();
        gpus.filter_map(|gpu| match gpu {
            Gpu::Mapping { id, stands_for } => Some((id.clone(), (*stands_for)?)),
            Gpu::Raw(_) => None,
        })
        .collect()
    }

    /// Returns whether both have the same devices, as far as it is known what mappings stand for.
    pub(crate) fn has_devices_of(&self, other: &Self) -> bool {
        let (own, others) = (
            self.gpus.as_deref().unwrap_or_default(),
            other.gpus.as_deref().unwrap_or_default(),
        );
        own.len() == others.len()
            && own
                .iter()
                .zip(others)
                .all(|(own, other)| own.is_same_device(other))
    }

    /// Returns one argument in the form in which it is compared and shown.
    pub fn text(&self, argument: Argument) -> Option<String> {
        use Argument as A;
        match argument {
            A::Cores => show(self.cores.as_ref()),
            A::Memory => self.memory.map(|memory| memory.0.to_string()),
            A::CpuType => show(self.cpu_type.as_ref()),
            A::Machine => self.machine.clone(),
            A::Bios => self.bios.map(|firmware| firmware.name().to_owned()),
            A::DiskGb => show(self.disk.as_ref()),
            A::Storage => show(self.storage.as_ref()),
            A::Bridge => show(self.bridge.as_ref()),
            A::Vlan => show(self.vlan.as_ref()),
            A::Mac => show(self.mac.as_ref()),
            A::Uuid => show(self.uuid.as_ref()),
            A::Address | A::PrefixLength | A::Gateway | A::Nameservers | A::AddressMode => {
                self.addressing.text(argument)
            }
            A::Gpus => self.gpus.as_deref().map(joined),
            A::Tags => show(self.tags.as_ref()),
            A::Onboot => show(self.onboot.as_ref()),
            A::StartupOrder => show(self.startup_order.as_ref()),
            A::Protection => show(self.protection.as_ref()),
            A::Started => show(self.started.as_ref()),
            A::Name
            | A::EnvName
            | A::Vmid
            | A::Node
            | A::Template
            | A::Clone
            | A::Pool
            | A::Role
            | A::TalosVersion => None,
        }
    }
}

fn show(value: Option<&impl ToString>) -> Option<String> {
    value.map(ToString::to_string)
}

fn joined(values: &[impl ToString]) -> String {
    values
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}

/// The default of the API, which is not the one that the interface preselects.
fn cpu_type(config: &VmConfig) -> Result<CpuType, BadOption> {
    let kind = config.cpu()?.and_then(|cpu| cpu.kind);
    Ok(kind.unwrap_or_else(|| "kvm64".parse().expect("`kvm64` is a CPU type")))
}

fn machine(config: &VmConfig) -> Result<String, BadOption> {
    let kind = config.machine()?.and_then(|machine| machine.kind);
    Ok(kind.unwrap_or_else(|| "pc".to_owned()))
}

fn gpu(device: HostPci, marker: Option<&Marker>) -> Option<Gpu> {
    let raw = device.host.first().copied().map(Gpu::Raw);
    let mapped = device.mapping.map(|id| Gpu::Mapping {
        stands_for: marker.and_then(|marker| marker.devices.get(&id).copied()),
        id,
    });
    mapped.or(raw)
}

impl Addressing {
    /// Returns whether the cloud-init drive carries the address.
    pub fn is_static(&self) -> bool {
        self.address.is_some() && self.mode != Some(AddressMode::DhcpReserved)
    }

    /// Returns what no option of Proxmox holds and the marker has to.
    pub fn reserved(&self) -> Option<Self> {
        (self.mode == Some(AddressMode::DhcpReserved)).then(|| self.clone())
    }

    /// An address counts only with a drive that brings it to the guest.
    fn read(config: &VmConfig, reserved: Option<&Self>) -> Result<Self, BadOption> {
        let ip = config.ip_config(0)?.unwrap_or_default();
        let has_drive = hardware::cloud_init_drive(config)?.is_some();
        let carried = match (ip.ip, ip.ip6) {
            (Some(Ipv4Setting::Static(address, length)), _) => {
                Some((IpAddr::V4(address), length, ip.gateway.map(IpAddr::V4)))
            }
            (_, Some(Ipv6Setting::Static(address, length))) => {
                Some((IpAddr::V6(address), length, ip.gateway6.map(IpAddr::V6)))
            }
            _ => None,
        };
        Ok(match carried {
            Some((address, length, gateway)) => Self {
                mode: has_drive.then_some(AddressMode::Static),
                address: Some(address),
                prefix_length: Some(length),
                gateway,
                nameservers: Some(hardware::nameservers(config)),
            },
            None => reserved.cloned().unwrap_or_default(),
        })
    }

    fn text(&self, argument: Argument) -> Option<String> {
        match argument {
            Argument::AddressMode => self.mode.map(|mode| mode.name().to_owned()),
            Argument::Address => show(self.address.as_ref()),
            Argument::PrefixLength => show(self.prefix_length.as_ref()),
            Argument::Gateway => show(self.gateway.as_ref()),
            _ => self.nameservers.as_deref().map(joined),
        }
    }
}
