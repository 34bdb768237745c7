//! What a change does to a VM that runs.

use std::fmt;

use pve_api::VmConfig;

use crate::Argument;

/// What has to happen to a running VM before a change is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing: the change is in force at once.
    Live,
    /// Nothing now; the guest notices when it next starts.
    NextStart,
    /// The guest has to boot again to take it.
    Reboot,
    /// The machine process has to end and start again.
    Stop,
    /// The VM has to be destroyed and made anew.
    Rebuild,
}

/// What can be plugged in and out of a VM while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hotplug {
    /// Network cards, as Proxmox does it unless it is told otherwise.
    Network,
    /// No network card: what is changed of one waits for the next start.
    Nothing,
}

impl Hotplug {
    /// Reads it from the options of a VM.
    pub fn of(config: &VmConfig) -> Self {
        if config.hotplugs_network() {
            Self::Network
        } else {
            Self::Nothing
        }
    }
}

impl Effect {
    /// Returns the effect of changing one argument of a running VM, whatever its values are.
    pub const fn of(argument: Argument, hotplug: Hotplug) -> Self {
        use Argument as A;
        match argument {
            A::Name | A::EnvName | A::Vmid | A::Node => Self::Rebuild,
            // Recorded in the marker, or read by Proxmox when it needs them.
            A::Template
            | A::Clone
            | A::Pool
            | A::Role
            | A::TalosVersion
            | A::Tags
            | A::Onboot
            | A::StartupOrder
            | A::Protection
            | A::Started => Self::Live,
            A::Bridge | A::Vlan => match hotplug {
                Hotplug::Network => Self::Live,
                Hotplug::Nothing => Self::Stop,
            },
            // The disk grows at once; Talos extends its file system when it boots.
            A::DiskGb => Self::NextStart,
            // On the cloud-init drive, which Talos reads when it boots.
            A::Address | A::PrefixLength | A::Gateway | A::Nameservers | A::AddressMode => {
                Self::Reboot
            }
            A::Cores
            | A::Memory
            | A::CpuType
            | A::Machine
            | A::Bios
            | A::Storage
            | A::Mac
            | A::Uuid
            | A::Gpus => Self::Stop,
        }
    }

    /// Returns whether a running VM has to be shut down and started for it.
    pub const fn interrupts(self) -> bool {
        matches!(self, Self::Reboot | Self::Stop)
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Live => "in force at once",
            Self::NextStart => "in force when it next starts",
            Self::Reboot => "needs a reboot",
            Self::Stop => "needs a stop and a start",
            Self::Rebuild => "needs a rebuild",
        })
    }
}

/// One argument that is not as wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The argument.
    pub argument: Argument,
    /// What it is; none when Proxmox holds nothing for it.
    pub is: Option<String>,
    /// What it shall be; none when the configuration no longer sets it and Proxmox is to forget it.
    pub shall_be: Option<String>,
    /// What the change does to a running VM.
    pub effect: Effect,
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "none".to_owned());
        write!(
            out,
            "{} {} -> {}",
            self.argument,
            shown(&self.is),
            shown(&self.shall_be)
        )
    }
}
