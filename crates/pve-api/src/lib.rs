//! The words of the Proxmox VE API: ids, units, option values, requests and answers.
//!
//! Owns how a thing is spelt on the wire and which spellings mean the same. Pure: no I/O, no
//! clock, no environment; [`Request`] values are built here and sent by `pve-client`. No text makes
//! anything in here panic. Facts rest on Proxmox VE 8.4 and 9.2 sources and recordings.

pub mod bool01;
mod config;
mod config_change;
mod endpoint;
mod id;
pub mod lenient;
mod malformed;
mod pending;
mod request;
mod unit;
mod upid;
mod value;

pub use config::{BadOption, VmConfig};
pub use config_change::ConfigChange;
pub use endpoint::{
    access, agent, cluster, network, node, pci, pool, power, storage, task, vm, vm_config,
};
pub use id::{BridgeName, MappingId, NodeName, PoolId, StorageId, TokenId, UserId, VmId, VmName};
pub use malformed::Malformed;
pub use pending::{PendingChange, PendingOption};
pub use request::{Method, Nothing, Request};
pub use unit::{DiskSize, GiB, MiB};
pub use upid::Upid;
pub use value::{
    Agent, BootOrder, Bus, Cpu, CpuType, Disk, DiskSlot, Fields, Format, HostPci, IpConfig,
    Ipv4Setting, Ipv6Setting, MacAddress, Machine, Memory, NetDevice, NetModel, PciAddress,
    PropertyString, Smbios, Startup, SystemUuid, Tags, VlanTag, Volume, normal_form, same_value,
};
