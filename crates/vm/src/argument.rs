//! The arguments that describe one VM: their names, once, for every table that lists them.
//!
//! The names are those of the Terraform resource; the marker, the differences, the effects and the
//! provider's schema all speak of [`Argument`], so that none of them can forget one.

use std::fmt;
use std::str::FromStr;

macro_rules! arguments {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// One argument of a VM.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Argument {
            $($(#[$doc])* $variant,)*
        }

        impl Argument {
            /// Every argument, in the order in which they are documented.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Returns the name of the Terraform attribute.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }

        impl FromStr for Argument {
            type Err = UnknownArgument;

            fn from_str(text: &str) -> Result<Self, UnknownArgument> {
                match text {
                    $($name => Ok(Self::$variant),)*
                    _ => Err(UnknownArgument),
                }
            }
        }
    };
}

arguments! {
    /// The name of the VM, which is its identity within the environment.
    Name = "name",
    /// The environment that the VM belongs to.
    EnvName = "env_name",
    /// The VMID.
    Vmid = "vmid",
    /// The node that runs the VM.
    Node = "node",
    /// The template that the VM is cloned from: a fact of creation.
    Template = "template",
    /// Full or linked clone: a fact of creation.
    Clone = "clone",
    /// The resource pool of the VM, which no option of it holds.
    Pool = "pool",
    /// The role in the Talos cluster.
    Role = "role",
    /// The Talos version of the template: a fact of creation.
    TalosVersion = "talos_version",
    /// The number of virtual CPUs.
    Cores = "cores",
    /// The memory in MiB.
    Memory = "memory",
    /// The CPU model that the guest sees.
    CpuType = "cpu_type",
    /// The chipset.
    Machine = "machine",
    /// The firmware.
    Bios = "bios",
    /// The size of the boot disk in GiB.
    DiskGb = "disk_gb",
    /// The storage of the boot disk.
    Storage = "storage",
    /// The bridge of the first network card.
    Bridge = "bridge",
    /// The VLAN tag of the first network card.
    Vlan = "vlan",
    /// The MAC address of the first network card.
    Mac = "mac",
    /// The SMBIOS UUID.
    Uuid = "uuid",
    /// The IP address of the first network card.
    Address = "address",
    /// The length of the network prefix of the address.
    PrefixLength = "prefix_length",
    /// The default gateway.
    Gateway = "gateway",
    /// The name servers.
    Nameservers = "nameservers",
    /// Who assigns the address: the cloud-init drive or a DHCP reservation.
    AddressMode = "address_mode",
    /// The GPUs and other PCI devices that are passed through.
    Gpus = "gpus",
    /// The tags.
    Tags = "tags",
    /// Whether the VM starts with the host.
    Onboot = "onboot",
    /// The place in the start order of the host.
    StartupOrder = "startup_order",
    /// Whether Proxmox refuses to remove the VM.
    Protection = "protection",
    /// Whether the VM runs.
    Started = "started",
}

impl Argument {
    /// Returns whether the argument identifies the VM: another value means another VM.
    pub const fn is_key(self) -> bool {
        matches!(self, Self::Name | Self::EnvName | Self::Vmid | Self::Node)
    }

    /// Returns whether Proxmox goes back to its default when the configuration stops setting it.
    ///
    /// The others stay as they are: there is no default that a VM could do without its disk or
    /// its memory for.
    pub const fn is_taken_back(self) -> bool {
        matches!(
            self,
            Self::Vlan
                | Self::Gateway
                | Self::Nameservers
                | Self::Gpus
                | Self::Tags
                | Self::Onboot
                | Self::StartupOrder
                | Self::Protection
        )
    }
}

/// A text that names no argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownArgument;

impl fmt::Display for Argument {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_as_its_argument() {
        for argument in Argument::ALL {
            assert_eq!(argument.name().parse(), Ok(*argument));
        }
        assert_eq!("vm_id".parse::<Argument>(), Err(UnknownArgument));
    }
}
