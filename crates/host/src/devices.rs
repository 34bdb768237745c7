//! Whether the devices of a VM can be passed through: against the hardware, the other VMs and what
//! is planned beside it.

use std::collections::BTreeMap;

use pve_api::pci::{MappedDevice, PciMapping};
use pve_api::{MappingId, NodeName, PciAddress, VmId};
use vm::{
    DeviceClaim, Gpu, Mappings, PciFacts, Power, Problem, Wanted, double_use, passthrough,
    still_held,
};

use crate::facts::{Facts, Unread, need};
use crate::sight::power_of;

/// What is known beside the host.
pub struct Devices<'a> {
    /// Facts of the host.
    pub facts: &'a Facts,
    /// The mappings that will be made.
    pub planned_mappings: &'a BTreeMap<MappingId, MappedDevice>,
    /// What other VMs will be given.
    pub planned_claims: &'a [DeviceClaim],
    /// Whether a VM is one whose plan counts, not what it has now.
    pub is_planned: &'a (dyn Fn(&NodeName, VmId) -> bool + Sync),
}

/// Finds a device that only root@pam with a password may set, change or take away.
pub fn address_needs_root(gpus: &[Gpu], is_root: bool) -> Option<&Gpu> {
    gpus.iter()
        .find(|gpu| !is_root && matches!(gpu, Gpu::Raw(_)))
}

impl Devices<'_> {
    /// Judges the devices that a VM is to be given.
    pub async fn problems(&self, wanted: &Wanted) -> Result<Vec<Problem>, Unread> {
        let node = &wanted.key.node;
        let hardware = need("list the PCI devices", self.facts.pci_devices(node).await)?;
        let mappings = self.mappings(node).await?;
        let claims = self.claims(wanted).await?;
        let facts = PciFacts {
            devices: &hardware,
            mappings: &mappings,
            claims: &claims,
        };
        Ok(passthrough(wanted, &facts))
    }

    /// Judges devices that a VM has and keeps: whether another is to be given one of them.
    pub async fn kept(&self, wanted: &Wanted) -> Result<Vec<Problem>, Unread> {
        let mappings = self.mappings(&wanted.key.node).await?;
        Ok(double_use(wanted, &mappings, self.planned_claims))
    }

    /// Returns the devices of a VM that others of this plan run with now, and give up when they stop.
    pub async fn still_held(
        &self,
        wanted: &Wanted,
    ) -> Result<Vec<(PciAddress, DeviceClaim)>, Unread> {
        let node = &wanted.key.node;
        let (held, mappings) = (self.held(node).await?, self.mappings(node).await?);
        let claims = need("read the VMs", self.facts.device_claims(node).await)?;
        let vms = need("list the VMs", self.facts.vms(node).await)?;
        let runs = |vmid| {
            vms.iter()
                .any(|vm| vm.vmid == vmid && power_of(vm) == Power::Running)
        };
        let running: Vec<DeviceClaim> = claims
            .iter()
            .filter(|claim| (self.is_planned)(node, claim.vmid) && runs(claim.vmid))
            .cloned()
            .collect();
        let still = still_held(wanted, &mappings, &held, &running).into_iter();
        Ok(still
            .map(|(address, claim)| (address, claim.clone()))
            .collect())
    }

    /// The mappings of the host.
    async fn held(&self, node: &NodeName) -> Result<Mappings, Unread> {
        let held = need("list the PCI mappings", self.facts.mappings().await)?;
        let named = held
            .iter()
            .filter_map(|mapping| Some((mapping.id.clone()?, on(node, mapping))));
        Ok(named.collect())
    }

    /// The mappings of the host, and over them those that will be made.
    async fn mappings(&self, node: &NodeName) -> Result<Mappings, Unread> {
        let mut all = self.held(node).await?;
        let planned = self.planned_mappings.iter();
        all.extend(
            planned
                .filter(|(_, device)| device.node == *node)
                .map(|(id, device)| (id.clone(), vec![device.clone()])),
        );
        Ok(all)
    }

    async fn claims(&self, wanted: &Wanted) -> Result<Vec<DeviceClaim>, Unread> {
        let node = &wanted.key.node;
        let held = need("read the VMs", self.facts.device_claims(node).await)?;
        let foreign = held
            .iter()
            .filter(|claim| claim.vmid != wanted.key.vmid && !(self.is_planned)(node, claim.vmid));
        Ok(foreign.chain(self.planned_claims).cloned().collect())
    }
}

fn on(node: &NodeName, mapping: &PciMapping) -> Vec<MappedDevice> {
    let here = mapping.map.iter().filter(|device| device.node == *node);
    here.cloned().collect()
}
