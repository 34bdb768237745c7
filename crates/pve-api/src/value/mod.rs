//! The values of VM options: what Proxmox stores as one text, read into its parts.
//!
//! Two values are equal here when Proxmox treats them alike: the order of keys, the words for a
//! boolean, the case of a MAC and spelt-out defaults make no difference
//! (recording `07-config-normalisation.json`). Printing gives the form that Proxmox stores.

mod agent;
mod boot;
mod cpu;
mod disk;
mod disk_slot;
mod hostpci;
mod ipconfig;
mod mac;
mod machine;
mod memory;
mod net;
mod normal;
mod pci_address;
mod property;
mod smbios;
mod startup;
mod tags;
mod volume;

pub use agent::Agent;
pub use boot::BootOrder;
pub use cpu::{Cpu, CpuType};
pub use disk::Disk;
pub use disk_slot::{Bus, DiskSlot};
pub use hostpci::HostPci;
pub use ipconfig::{IpConfig, Ipv4Setting, Ipv6Setting};
pub use mac::MacAddress;
pub use machine::Machine;
pub use memory::Memory;
pub use net::{NetDevice, NetModel, VlanTag};
pub use normal::{normal_form, same_value};
pub use pci_address::PciAddress;
pub use property::{Fields, Format, PropertyString};
pub use smbios::{Smbios, SystemUuid};
pub use startup::Startup;
pub use tags::Tags;
pub use volume::Volume;
