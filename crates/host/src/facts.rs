//! Facts of the host that all VMs of a run share, each read at most once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use pve_api::access::Permissions;
use pve_api::cluster::VmResource;
use pve_api::network::Bridge;
use pve_api::node::{Node, NodeStatus};
use pve_api::pci::{PciDevice, PciMapping};
use pve_api::storage::Storage;
use pve_api::vm::VmSummary;
use pve_api::vm_config::View;
use pve_api::{NodeName, VmConfig, VmId};
use pve_client::{Client, Error};
use tokio::sync::OnceCell;
use vm::DeviceClaim;

/// A fact, or why it cannot be had; shared by all who asked.
pub type Fact<T> = Result<Arc<T>, Arc<Error>>;

type Cells<K, T> = Mutex<BTreeMap<K, Arc<OnceCell<Fact<T>>>>>;

/// The facts of one host.
pub struct Facts {
    client: Client,
    nodes: OnceCell<Fact<Vec<Node>>>,
    vms: Cells<NodeName, Vec<VmSummary>>,
    storages: Cells<NodeName, Vec<Storage>>,
    bridges: Cells<NodeName, Vec<Bridge>>,
    templates: Cells<(NodeName, VmId), VmConfig>,
    pci_devices: Cells<NodeName, Vec<PciDevice>>,
    mappings: OnceCell<Fact<Vec<PciMapping>>>,
    permissions: OnceCell<Fact<Permissions>>,
    statuses: Cells<NodeName, NodeStatus>,
    device_claims: Cells<NodeName, Vec<DeviceClaim>>,
    resources: OnceCell<Fact<Vec<VmResource>>>,
}

impl Facts {
    /// Facts that this client will read.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            nodes: OnceCell::new(),
            vms: Mutex::default(),
            storages: Mutex::default(),
            bridges: Mutex::default(),
            templates: Mutex::default(),
            pci_devices: Mutex::default(),
            mappings: OnceCell::new(),
            permissions: OnceCell::new(),
            statuses: Mutex::default(),
            device_claims: Mutex::default(),
            resources: OnceCell::new(),
        }
    }

    /// The nodes.
    pub async fn nodes(&self) -> Fact<Vec<Node>> {
        self.nodes
            .get_or_init(async || shared(self.client.nodes().await))
            .await
            .clone()
    }

    /// The VMs of a node, templates included, as far as these credentials see them.
    pub async fn vms(&self, node: &NodeName) -> Fact<Vec<VmSummary>> {
        once(&self.vms, node.clone(), self.client.vm_list(node)).await
    }

    /// The VMs of the cluster with their pools; names and power in it lag behind.
    pub async fn resources(&self) -> Fact<Vec<VmResource>> {
        self.resources
            .get_or_init(async || shared(self.client.vm_resources().await))
            .await
            .clone()
    }

    /// The storages of a node.
    pub async fn storages(&self, node: &NodeName) -> Fact<Vec<Storage>> {
        once(&self.storages, node.clone(), self.client.storage_list(node)).await
    }

    /// The bridges of a node.
    pub async fn bridges(&self, node: &NodeName) -> Fact<Vec<Bridge>> {
        once(&self.bridges, node.clone(), self.client.bridges(node)).await
    }

    /// The options of a template.
    pub async fn template(&self, node: &NodeName, vmid: VmId) -> Fact<VmConfig> {
        let read = self.client.vm_config(node, vmid, View::Pending);
        once(&self.templates, (node.clone(), vmid), read).await
    }

    /// The PCI devices of a node.
    pub async fn pci_devices(&self, node: &NodeName) -> Fact<Vec<PciDevice>> {
        let read = self.client.all_pci_devices(node);
        once(&self.pci_devices, node.clone(), read).await
    }

    /// The PCI resource mappings.
    pub async fn mappings(&self) -> Fact<Vec<PciMapping>> {
        self.mappings
            .get_or_init(async || shared(self.client.pci_mappings().await))
            .await
            .clone()
    }

    /// The privileges of these credentials.
    pub async fn permissions(&self) -> Fact<Permissions> {
        self.permissions
            .get_or_init(async || shared(self.client.permissions().await))
            .await
            .clone()
    }

    /// Load and size of a node.
    pub async fn status(&self, node: &NodeName) -> Fact<NodeStatus> {
        once(&self.statuses, node.clone(), self.client.node_status(node)).await
    }

    /// The PCI devices of every VM of a node: one call for each, since no list shows them. A template
    /// never runs, so what it names it does not use.
    pub async fn device_claims(&self, node: &NodeName) -> Fact<Vec<DeviceClaim>> {
        let vms = self.vms(node).await?;
        once(
            &self.device_claims,
            node.clone(),
            self.read_claims(node, &vms),
        )
        .await
    }

    async fn read_claims(
        &self,
        node: &NodeName,
        vms: &[VmSummary],
    ) -> Result<Vec<DeviceClaim>, Error> {
        let mut claims = Vec::new();
        for vm in vms.iter().filter(|vm| !vm.template) {
            let config = match self.client.vm_config(node, vm.vmid, View::Pending).await {
                Ok(config) => config,
                // Removed since the list was read.
                Err(error) if error.is_not_found() => continue,
                Err(error) => return Err(error),
            };
            // What cannot be understood of a VM that is not ours is not ours to judge.
            let devices = config.host_pci().unwrap_or_default();
            claims.push(DeviceClaim::of(vm.vmid, &vm.name, devices.into_values()));
        }
        Ok(claims)
    }
}

async fn once<K: Ord, T>(
    cells: &Cells<K, T>,
    key: K,
    read: impl Future<Output = Result<T, Error>>,
) -> Fact<T> {
    let cell = Arc::clone(
        cells
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(key)
            .or_default(),
    );
    cell.get_or_init(async || shared(read.await)).await.clone()
}

fn shared<T>(read: Result<T, Error>) -> Fact<T> {
    read.map(Arc::new).map_err(Arc::new)
}

/// A fact that could not be read.
#[derive(Debug)]
pub struct Unread {
    /// What was tried, as in `list the VMs`.
    pub what: &'static str,
    /// Why it failed.
    pub error: Arc<Error>,
}

impl fmt::Display for Unread {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "failed to {}", self.what)
    }
}

impl std::error::Error for Unread {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.error.as_ref())
    }
}

/// Names what was tried where a fact could not be read.
pub(crate) fn need<T>(what: &'static str, fact: Fact<T>) -> Result<Arc<T>, Unread> {
    fact.map_err(|error| Unread { what, error })
}
