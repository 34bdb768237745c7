//! What stands on a VMID, as read from the host.

use pve_api::{NodeName, SystemUuid, VmConfig, VmId};

use crate::marker::{self, Found};

/// What was seen on the VMID of a wanted VM.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// Nothing: the object's own address said so. A list never proves this.
    Absent,
    /// Something that the caller may not see: a VM without VM.Audit, a container, another node.
    Hidden,
    /// A VM that is being made by a clone. Its configuration says nothing yet.
    Cloning(CloneTask),
    /// A VM.
    Present(Box<Present>),
}

/// The task behind a VM that is locked by a clone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CloneTask {
    /// It runs, or may run out of sight.
    Running,
    /// None runs any more, and the lock stayed: only the host itself can lift it.
    Gone,
}

/// Whether a VM runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// It runs.
    Running,
    /// It does not.
    Stopped,
}

/// A VM with its configuration, pending changes merged in.
#[derive(Debug, Clone, PartialEq)]
pub struct Present {
    /// The VMID.
    pub vmid: VmId,
    /// The node that it stands on.
    pub node: NodeName,
    /// The configuration, pending changes merged in.
    pub config: VmConfig,
    /// Whether it runs.
    pub power: Power,
}

impl Present {
    /// Returns what the description says about the origin of the VM.
    pub fn marker(&self) -> Found {
        marker::find(self.notes())
    }

    /// Returns the description.
    pub fn notes(&self) -> &str {
        self.config.description().unwrap_or_default()
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        self.config.name().unwrap_or("a VM without a name")
    }

    /// Returns the SMBIOS UUID; one that cannot be read is none.
    pub fn uuid(&self) -> Option<SystemUuid> {
        self.config
            .smbios()
            .ok()
            .flatten()
            .and_then(|smbios| smbios.uuid)
    }
}
