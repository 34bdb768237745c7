//! Facts of the host that all VMs of a run share, each read at most once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use pve_api::network::Bridge;
use pve_api::node::Node;
use pve_api::storage::Storage;
use pve_api::vm::VmSummary;
use pve_api::vm_config::View;
use pve_api::{NodeName, VmConfig, VmId};
use pve_client::{Client, Error};
use tokio::sync::OnceCell;

/// A fact, or why it cannot be had; shared by all who asked.
pub(crate) type Fact<T> = Result<Arc<T>, Arc<Error>>;

type Cells<K, T> = Mutex<BTreeMap<K, Arc<OnceCell<Fact<T>>>>>;

/// The facts of one host.
pub(crate) struct Facts {
    client: Client,
    nodes: OnceCell<Fact<Vec<Node>>>,
    vms: Cells<NodeName, Vec<VmSummary>>,
    storages: Cells<NodeName, Vec<Storage>>,
    bridges: Cells<NodeName, Vec<Bridge>>,
    templates: Cells<(NodeName, VmId), VmConfig>,
}

impl Facts {
    pub(crate) fn new(client: Client) -> Self {
        Self {
            client,
            nodes: OnceCell::new(),
            vms: Mutex::default(),
            storages: Mutex::default(),
            bridges: Mutex::default(),
            templates: Mutex::default(),
        }
    }

    pub(crate) async fn nodes(&self) -> Fact<Vec<Node>> {
        self.nodes
            .get_or_init(async || shared(self.client.nodes().await))
            .await
            .clone()
    }

    pub(crate) async fn vms(&self, node: &NodeName) -> Fact<Vec<VmSummary>> {
        once(&self.vms, node.clone(), self.client.vm_list(node)).await
    }

    pub(crate) async fn storages(&self, node: &NodeName) -> Fact<Vec<Storage>> {
        once(&self.storages, node.clone(), self.client.storage_list(node)).await
    }

    pub(crate) async fn bridges(&self, node: &NodeName) -> Fact<Vec<Bridge>> {
        once(&self.bridges, node.clone(), self.client.bridges(node)).await
    }

    pub(crate) async fn template(&self, node: &NodeName, vmid: VmId) -> Fact<VmConfig> {
        let read = self.client.vm_config(node, vmid, View::Pending);
        once(&self.templates, (node.clone(), vmid), read).await
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
