//! One method for each call of `pve-api`, for those who do not want to spell out requests.

use pve_api::access::{self, Permissions};
use pve_api::agent::{self, GuestInterfaces};
use pve_api::cluster::{self, Version, VmResource};
use pve_api::network::{self, Bridge};
use pve_api::node::{self, Node, NodeStatus};
use pve_api::pci::{self, MappedDevice, PciDevice, PciMapping};
use pve_api::pool::{self, Pool};
use pve_api::power::{self, Unresponsive, VmStatus};
use pve_api::storage::{self, Storage, StoredVolume};
use pve_api::task::{self, LogPart, TaskSource, TaskStatus, TaskSummary};
use pve_api::vm::{self, CloneVm, VmSummary};
use pve_api::vm_config::{self, View};
use pve_api::{
    ConfigChange, DiskSize, DiskSlot, MappingId, NodeName, Nothing, PendingOption, PoolId,
    StorageId, Upid, VmConfig, VmId,
};

use crate::client::Client;
use crate::error::Error;

/// The host, the caller and what both may do.
impl Client {
    /// Returns the version of the API.
    pub async fn version(&self) -> Result<Version, Error> {
        self.send(&cluster::version()).await
    }

    /// Returns the caller's privileges on all paths that Proxmox lists.
    pub async fn permissions(&self) -> Result<Permissions, Error> {
        self.send(&access::permissions()).await
    }

    /// Returns the caller's effective privileges on one path.
    pub async fn permissions_on(&self, path: &str) -> Result<Permissions, Error> {
        self.send(&access::permissions_on(path)).await
    }

    /// Returns the nodes.
    pub async fn nodes(&self) -> Result<Vec<Node>, Error> {
        self.send(&node::nodes()).await
    }

    /// Returns what a node has.
    pub async fn node_status(&self, node: &NodeName) -> Result<NodeStatus, Error> {
        self.send(&node::status(node)).await
    }

    /// Returns the storages of a node, of those that the caller may use.
    pub async fn storage_list(&self, node: &NodeName) -> Result<Vec<Storage>, Error> {
        self.send(&storage::storages(node)).await
    }

    /// Returns one storage.
    pub async fn storage_status(
        &self,
        node: &NodeName,
        storage: &StorageId,
    ) -> Result<Storage, Error> {
        self.send(&storage::status(node, storage)).await
    }

    /// Returns what a storage holds, of one VM only when `vmid` is given.
    pub async fn storage_content(
        &self,
        node: &NodeName,
        storage: &StorageId,
        vmid: Option<VmId>,
    ) -> Result<Vec<StoredVolume>, Error> {
        self.send(&storage::content(node, storage, vmid)).await
    }

    /// Returns the bridges of a node, of those that the caller may use.
    pub async fn bridges(&self, node: &NodeName) -> Result<Vec<Bridge>, Error> {
        self.send(&network::bridges(node)).await
    }

    /// Returns the PCI devices of a node but bridges and the like.
    pub async fn pci_devices(&self, node: &NodeName) -> Result<Vec<PciDevice>, Error> {
        self.send(&pci::devices(node)).await
    }

    /// Returns all PCI devices of a node.
    pub async fn all_pci_devices(&self, node: &NodeName) -> Result<Vec<PciDevice>, Error> {
        self.send(&pci::all_devices(node)).await
    }

    /// Returns the PCI mappings that the caller may use.
    pub async fn pci_mappings(&self) -> Result<Vec<PciMapping>, Error> {
        self.send(&pci::mappings()).await
    }

    /// Returns one PCI mapping.
    pub async fn pci_mapping(&self, id: &MappingId) -> Result<PciMapping, Error> {
        self.send(&pci::mapping(id)).await
    }

    /// Makes a PCI mapping.
    pub async fn create_pci_mapping(
        &self,
        id: &MappingId,
        map: &[MappedDevice],
        description: Option<&str>,
    ) -> Result<(), Error> {
        self.done(pci::create_mapping(id, map, description)).await
    }

    /// Replaces devices and description of a PCI mapping.
    pub async fn update_pci_mapping(
        &self,
        id: &MappingId,
        map: &[MappedDevice],
        description: Option<&str>,
    ) -> Result<(), Error> {
        self.done(pci::update_mapping(id, map, description)).await
    }

    /// Removes a PCI mapping.
    pub async fn delete_pci_mapping(&self, id: &MappingId) -> Result<(), Error> {
        self.done(pci::delete_mapping(id)).await
    }

    /// Returns the pools that the caller may audit.
    pub async fn pools(&self) -> Result<Vec<Pool>, Error> {
        self.send(&pool::pools()).await
    }

    /// Returns one pool with its members.
    pub async fn pool(&self, id: &PoolId) -> Result<Option<Pool>, Error> {
        Ok(self.send(&pool::pool(id)).await?.into_iter().next())
    }

    /// Puts VMs into a pool.
    pub async fn add_to_pool(&self, id: &PoolId, vmids: &[VmId]) -> Result<(), Error> {
        self.done(pool::add_vms(id, vmids)).await
    }

    /// Puts VMs into a pool that may be in another one.
    pub async fn move_to_pool(&self, id: &PoolId, vmids: &[VmId]) -> Result<(), Error> {
        self.done(pool::move_vms(id, vmids)).await
    }

    /// Takes VMs out of a pool.
    pub async fn remove_from_pool(&self, id: &PoolId, vmids: &[VmId]) -> Result<(), Error> {
        self.done(pool::remove_vms(id, vmids)).await
    }

    async fn done(&self, request: pve_api::Request<Nothing>) -> Result<(), Error> {
        self.send(&request).await.map(|Nothing| ())
    }
}

/// VMs.
impl Client {
    /// Returns the VMs of a node that the caller may audit, templates included.
    pub async fn vm_list(&self, node: &NodeName) -> Result<Vec<VmSummary>, Error> {
        self.send(&vm::list(node)).await
    }

    /// Returns the VMs and containers of the cluster, from statistics that lag behind.
    pub async fn vm_resources(&self) -> Result<Vec<VmResource>, Error> {
        self.send(&cluster::vm_resources()).await
    }

    /// Returns some free VMID. Nothing is reserved.
    pub async fn next_id(&self) -> Result<VmId, Error> {
        Ok(self.send(&cluster::next_id()).await?.0)
    }

    /// Returns whether a VMID is free; also VMs and containers count that the caller cannot see.
    pub async fn is_vmid_free(&self, vmid: VmId) -> Result<bool, Error> {
        match self.send(&cluster::is_free(vmid)).await {
            Ok(_) => Ok(true),
            Err(Error::Refused(refusal))
                if refusal.error_is("vmid", &format!("VM {vmid} already exists")) =>
            {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Returns the configuration of a VM.
    pub async fn vm_config(
        &self,
        node: &NodeName,
        vmid: VmId,
        view: View,
    ) -> Result<VmConfig, Error> {
        self.send(&vm_config::config(node, vmid, view)).await
    }

    /// Returns all options of a VM with what is pending for each.
    pub async fn vm_pending(
        &self,
        node: &NodeName,
        vmid: VmId,
    ) -> Result<Vec<PendingOption>, Error> {
        self.send(&vm_config::pending(node, vmid)).await
    }

    /// Returns the state of a VM.
    pub async fn vm_status(&self, node: &NodeName, vmid: VmId) -> Result<VmStatus, Error> {
        self.send(&power::current(node, vmid)).await
    }

    /// Clones a VM or template.
    pub async fn clone_vm(
        &self,
        node: &NodeName,
        source: VmId,
        clone: &CloneVm,
    ) -> Result<Upid, Error> {
        self.send(&vm::clone(node, source, clone)).await
    }

    /// Changes the configuration of a VM; see [`ConfigChange`] on what a failure leaves behind.
    pub async fn set_config(
        &self,
        node: &NodeName,
        vmid: VmId,
        change: &ConfigChange,
    ) -> Result<(), Error> {
        self.done(vm_config::change(node, vmid, change)).await
    }

    /// Writes the cloud-init drive of a VM anew.
    pub async fn regenerate_cloud_init(&self, node: &NodeName, vmid: VmId) -> Result<(), Error> {
        self.done(vm_config::regenerate_cloud_init(node, vmid))
            .await
    }

    /// Grows a disk.
    pub async fn resize(
        &self,
        node: &NodeName,
        vmid: VmId,
        disk: DiskSlot,
        size: DiskSize,
    ) -> Result<Upid, Error> {
        self.send(&vm::resize(node, vmid, disk, size)).await
    }

    /// Starts a VM.
    pub async fn start(&self, node: &NodeName, vmid: VmId) -> Result<Upid, Error> {
        self.send(&power::start(node, vmid)).await
    }

    /// Pulls the plug of a VM.
    pub async fn stop(&self, node: &NodeName, vmid: VmId) -> Result<Upid, Error> {
        self.send(&power::stop(node, vmid)).await
    }

    /// Presses the power button of a VM.
    pub async fn shutdown(
        &self,
        node: &NodeName,
        vmid: VmId,
        seconds: Option<u32>,
        unresponsive: Unresponsive,
    ) -> Result<Upid, Error> {
        self.send(&power::shutdown(node, vmid, seconds, unresponsive))
            .await
    }

    /// Shuts a VM down and starts it again.
    pub async fn reboot(
        &self,
        node: &NodeName,
        vmid: VmId,
        seconds: Option<u32>,
    ) -> Result<Upid, Error> {
        self.send(&power::reboot(node, vmid, seconds)).await
    }

    /// Deletes a VM with all its volumes.
    pub async fn delete_vm(&self, node: &NodeName, vmid: VmId) -> Result<Upid, Error> {
        self.send(&vm::delete(node, vmid)).await
    }

    /// Returns the network interfaces that the agent in the guest sees.
    pub async fn guest_interfaces(
        &self,
        node: &NodeName,
        vmid: VmId,
    ) -> Result<GuestInterfaces, Error> {
        Ok(self.send(&agent::network_interfaces(node, vmid)).await?.0)
    }

    /// Asks the agent in the guest whether it answers.
    pub async fn ping_agent(&self, node: &NodeName, vmid: VmId) -> Result<(), Error> {
        self.done(agent::ping(node, vmid)).await
    }
}

/// Tasks; to wait for one see [`Client::wait_task`].
impl Client {
    /// Returns how a task is doing.
    pub async fn task_status(&self, upid: &Upid) -> Result<TaskStatus, Error> {
        self.send(&task::status(upid)).await
    }

    /// Returns lines of a task's log.
    pub async fn task_log(&self, upid: &Upid, part: LogPart) -> Result<Vec<String>, Error> {
        Ok(self.send(&task::log(upid, part)).await?.0)
    }

    /// Returns tasks of a node, newest first.
    pub async fn task_list(
        &self,
        node: &NodeName,
        source: TaskSource,
        vmid: Option<VmId>,
    ) -> Result<Vec<TaskSummary>, Error> {
        self.send(&task::tasks(node, source, vmid)).await
    }

    /// Asks a task to end.
    pub async fn stop_task(&self, upid: &Upid) -> Result<(), Error> {
        self.done(task::stop(upid)).await
    }
}
