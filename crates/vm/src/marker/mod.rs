//! The marker: what this project writes into the description of a VM it made.
//!
//! The description is the only free text that survives a clone from its first call on, so it says
//! whose VM this is, by which attempt it was made, and every argument that Proxmox cannot give
//! back. Users may edit the text around the marker; a marker that was itself edited is recognised
//! by its check sum and never believed. The marker alone proves nothing: see [`identify`](crate::identify).

mod notes;
mod text;

pub use notes::{MAX_NOTES, NotesTooLong, embed, find};

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pve_api::{MappingId, PciAddress, VmId};
use uuid::Uuid;

use crate::{Addressing, Argument, Origin, VmKey};

/// The format that this version writes and reads.
pub const FORMAT: u32 = 1;

/// The attempt at creating a VM that a marker comes from; it tells a lost answer of our own from
/// somebody else's VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AttemptId(pub Uuid);

impl fmt::Display for AttemptId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(out)
    }
}

/// What the description of one of our VMs records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marker {
    /// The VM that the marker was written for.
    pub key: MarkerKey,
    /// The attempt that made the VM.
    pub attempt: AttemptId,
    /// What the VM was asked to be made from.
    pub origin: Origin,
    /// The addressing of a VM that gets its address by a DHCP reservation: no option of the VM
    /// holds it.
    pub reserved: Option<Addressing>,
    /// The devices that mappings stood for when the VM was built or last stopped for them.
    pub devices: BTreeMap<MappingId, PciAddress>,
    /// The arguments that the configuration sets; all others are not managed.
    pub managed: BTreeSet<Argument>,
}

/// The VM that a marker was written for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkerKey {
    /// The environment.
    pub env_name: String,
    /// The name of the VM.
    pub name: String,
    /// The VMID that the VM had then.
    pub vmid: VmId,
}

impl MarkerKey {
    /// Returns whether environment and name are those of `key`, whatever the VMID.
    pub fn names(&self, key: &VmKey) -> bool {
        self.env_name == key.env_name && self.name == key.name
    }
}

/// What a description holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// No marker.
    Nothing,
    /// One marker, or several that say the same.
    Marker(Box<Marker>),
    /// A marker in a format that only a newer version reads.
    Newer(u32),
    /// Something that was a marker, with the reason why it is not believed.
    Damaged(&'static str),
}
