//! One VM as the configuration describes it.

use std::collections::BTreeSet;
use std::fmt;

use pve_api::{NodeName, VmId};

use crate::marker::{AttemptId, Marker, MarkerKey};
use crate::{Argument, Difference, Effect, Hotplug, Shape};

/// What identifies a VM: changing any of it means another VM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VmKey {
    /// The environment.
    pub env_name: String,
    /// The name, unique in the environment.
    pub name: String,
    /// The VMID.
    pub vmid: VmId,
    /// The node.
    pub node: NodeName,
}

impl fmt::Display for VmKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "VM {}", self.vmid)?;
        // An import does not know the name yet.
        if self.name.is_empty() {
            Ok(())
        } else {
            write!(out, " {}", self.name)
        }
    }
}

/// What a VM is made from. After creation this is recorded in the marker and never acted upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The template, by name or VMID as the configuration says it; empty when nobody knows.
    pub template: String,
    /// Full or linked clone; none leaves it to Proxmox.
    pub clone: Option<CloneMode>,
    /// The resource pool.
    pub pool: Option<String>,
    /// The role in the Talos cluster.
    pub role: Option<Role>,
    /// The Talos version.
    pub talos_version: Option<String>,
}

impl Origin {
    pub(crate) fn text(&self, argument: Argument) -> Option<String> {
        match argument {
            Argument::Template => {
                Some(self.template.clone()).filter(|template| !template.is_empty())
            }
            Argument::Clone => self.clone.map(|mode| mode.name().to_owned()),
            Argument::Pool => self.pool.clone(),
            Argument::Role => self.role.map(|role| role.name().to_owned()),
            Argument::TalosVersion => self.talos_version.clone(),
            _ => None,
        }
    }
}

/// How the disks of the template are taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloneMode {
    /// Copied.
    Full,
    /// As a base that the clone keeps referring to.
    Linked,
}

impl CloneMode {
    /// Returns the word of the configuration.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Linked => "linked",
        }
    }

    /// Reads the word of the configuration.
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::Full, Self::Linked]
            .into_iter()
            .find(|mode| mode.name() == text)
    }
}

/// The two roles that Talos knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Runs the control plane.
    ControlPlane,
    /// Runs workloads.
    Worker,
}

impl Role {
    /// Returns the word of the configuration, which is Talos's own.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ControlPlane => "controlplane",
            Self::Worker => "worker",
        }
    }

    /// Reads the word of the configuration.
    pub fn from_name(text: &str) -> Option<Self> {
        [Self::ControlPlane, Self::Worker]
            .into_iter()
            .find(|role| role.name() == text)
    }
}

/// One VM as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Which VM it is.
    pub key: VmKey,
    /// What it is made from.
    pub origin: Origin,
    /// What it shall be like; `None` is not managed.
    pub shape: Shape,
}

impl Wanted {
    /// Returns the arguments that the configuration sets.
    pub fn managed(&self) -> BTreeSet<Argument> {
        Argument::ALL
            .iter()
            .copied()
            .filter(|argument| self.text(*argument).is_some())
            .collect()
    }

    /// Returns the marker of this VM.
    pub fn marker(&self, attempt: AttemptId) -> Marker {
        let VmKey {
            env_name,
            name,
            vmid,
            ..
        } = &self.key;
        Marker {
            key: MarkerKey {
                env_name: env_name.clone(),
                name: name.clone(),
                vmid: *vmid,
            },
            attempt,
            origin: self.origin.clone(),
            reserved: self.shape.addressing.reserved(),
            devices: self.shape.mapped_devices(),
            managed: self.managed(),
        }
    }

    /// Returns how an argument of a VM that is like `shape` differs from this one.
    pub fn difference(
        &self,
        argument: Argument,
        is: Option<String>,
        shape: &Shape,
        hotplug: Hotplug,
    ) -> Difference {
        // What a mapping stands for may only have to be noted.
        let noted = argument == Argument::Gpus && shape.has_devices_of(&self.shape);
        Difference {
            argument,
            is,
            shall_be: self.text(argument),
            effect: if noted {
                Effect::Live
            } else {
                Effect::of(argument, hotplug)
            },
        }
    }

    /// Returns one argument in the form in which it is compared and shown; `None` when it is not
    /// managed.
    pub fn text(&self, argument: Argument) -> Option<String> {
        match argument {
            Argument::Name => Some(self.key.name.clone()),
            Argument::EnvName => Some(self.key.env_name.clone()),
            Argument::Vmid => Some(self.key.vmid.to_string()),
            Argument::Node => Some(self.key.node.to_string()),
            _ => self
                .origin
                .text(argument)
                .or_else(|| self.shape.text(argument)),
        }
    }
}
