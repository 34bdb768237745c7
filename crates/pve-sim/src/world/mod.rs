//! The simulated host: plain data and the transitions that need more than one part of it.
//!
//! Nothing here knows HTTP or reads a clock. Time is [`World::now`]; it moves only forward, driven by
//! the simulator, which also runs the tasks that are due ([`World::run_until`]).

mod access;
mod drive;
mod guest;
mod ids;
mod lock;
mod options;
mod pci;
mod storage;
mod task;
mod unfinished;
mod vm;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

pub(crate) use access::{Access, Acl, AclKind};
pub use access::{Token, User};
pub(crate) use drive::{Drive, is_disk_key};
pub use guest::{Agent, Guest};
pub(crate) use ids::Ids;
pub(crate) use lock::{LockMode, Locks};
pub(crate) use options::Options;
pub(crate) use pci::vendor_name;
pub use pci::{PciDevice, PciMapping};
pub use storage::{Storage, StorageKind, Volume};
pub(crate) use storage::{human_size, parse_volid, volume_kind};
pub use task::TaskView;
pub(crate) use task::{LOST, Task, parse_upid};
pub(crate) use unfinished::Unfinished;
pub(crate) use vm::Process;
pub use vm::Vm;

use crate::clock::SimTime;
use crate::fail::{Fail, Result, die};

/// The Proxmox VE release whose behaviour is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PveVersion {
    /// Proxmox VE 8.4.
    V8_4,
    /// Proxmox VE 9.2.
    V9_2,
}

impl PveVersion {
    /// The release, such as `9.2`.
    pub const fn release(self) -> &'static str {
        match self {
            Self::V8_4 => "8.4",
            Self::V9_2 => "9.2",
        }
    }

    /// The version of pve-manager, such as `9.2.11`.
    pub const fn manager(self) -> &'static str {
        match self {
            Self::V8_4 => "8.4.21",
            Self::V9_2 => "9.2.11",
        }
    }

    /// The version of the hypervisor.
    pub(crate) const fn qemu(self) -> &'static str {
        match self {
            Self::V8_4 => "9.2.0",
            Self::V9_2 => "10.1.2",
        }
    }

    pub(crate) const fn is_9(self) -> bool {
        matches!(self, Self::V9_2)
    }
}

/// A bridge of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bridge {
    /// Its name, such as `vmbr0`.
    pub iface: String,
    /// Its address with prefix length, when it has one.
    pub cidr: Option<String>,
    /// Whether it filters VLANs.
    pub vlan_aware: bool,
}

/// What the host itself is.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) cpus: u32,
    pub(crate) memory: u64,
    pub(crate) iommu: bool,
    /// The DNS server of the host, which guests without one of their own get.
    pub(crate) resolver: String,
    /// What the hypervisor prints before it exits with 1, while it refuses to start machines.
    pub(crate) hypervisor_refuses: Option<String>,
}

impl Default for Host {
    fn default() -> Self {
        Self {
            cpus: 16,
            memory: 64 << 30,
            iommu: true,
            resolver: "192.0.2.53".to_owned(),
            hypervisor_refuses: None,
        }
    }
}

/// The status daemon speaks this often of every machine.
const BROADCAST: Duration = Duration::from_secs(10);

/// How long work takes, in simulated time.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    /// Bytes copied per second by a full clone or an import.
    pub(crate) copy_rate: u64,
    /// No full copy takes less.
    pub(crate) copy_at_least: Duration,
    pub(crate) start: Duration,
    pub(crate) stop: Duration,
    /// From the power button to a guest's end.
    pub(crate) shutdown: Duration,
    pub(crate) small: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            copy_rate: 1 << 30,
            copy_at_least: Duration::from_millis(300),
            start: Duration::from_millis(800),
            stop: Duration::from_millis(300),
            shutdown: Duration::from_secs(1),
            small: Duration::from_millis(100),
        }
    }
}

/// A resource pool.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool {
    pub(crate) comment: Option<String>,
    pub(crate) vms: BTreeSet<u32>,
    pub(crate) storages: BTreeSet<String>,
}

/// One Proxmox VE host with everything the API shows of it.
#[derive(Debug)]
pub struct World {
    pub(crate) version: PveVersion,
    pub(crate) now: SimTime,
    pub(crate) booted: SimTime,
    pub(crate) node: String,
    pub(crate) host: Host,
    pub(crate) pace: Pace,
    pub(crate) storages: BTreeMap<String, Storage>,
    pub(crate) bridges: Vec<Bridge>,
    pub(crate) vms: BTreeMap<u32, Vm>,
    pub(crate) containers: BTreeSet<u32>,
    pub(crate) access: Access,
    pub(crate) pools: BTreeMap<String, Pool>,
    pub(crate) pci_devices: Vec<PciDevice>,
    pub(crate) pci_mappings: BTreeMap<String, PciMapping>,
    pub(crate) datacenter: BTreeMap<String, String>,
    pub(crate) tasks: Vec<Task>,
    /// The tasks that still have something to do, by index.
    pub(crate) active: Vec<usize>,
    pub(crate) locks: Locks,
    pub(crate) ids: Ids,
    pub(crate) fingerprint: String,
    /// Ids that clones under way will take, with their tasks.
    pub(crate) clone_targets: Vec<(u32, String)>,
}

impl World {
    /// An empty host that has just started.
    pub(crate) fn new(version: PveVersion, node: &str, now: SimTime, seed: u64) -> Self {
        Self {
            version,
            now,
            booted: SimTime(now.0.saturating_sub(86_400_000)),
            node: node.to_owned(),
            host: Host::default(),
            pace: Pace::default(),
            storages: BTreeMap::new(),
            bridges: Vec::new(),
            vms: BTreeMap::new(),
            containers: BTreeSet::new(),
            access: Access::default(),
            pools: BTreeMap::new(),
            pci_devices: Vec::new(),
            pci_mappings: BTreeMap::new(),
            datacenter: BTreeMap::new(),
            tasks: Vec::new(),
            active: Vec::new(),
            locks: Locks::default(),
            ids: Ids::new(seed),
            fingerprint: String::new(),
            clone_targets: Vec::new(),
        }
    }

    /// The version shown.
    pub fn version(&self) -> PveVersion {
        self.version
    }

    /// The current simulated time.
    pub fn now(&self) -> SimTime {
        self.now
    }

    /// The name of the node.
    pub fn node(&self) -> &str {
        &self.node
    }

    /// The VM with this id.
    pub fn vm(&self, vmid: u32) -> Option<&Vm> {
        self.vms.get(&vmid)
    }

    /// The VM with this id, to be changed as a person at the console would.
    pub fn vm_mut(&mut self, vmid: u32) -> Option<&mut Vm> {
        self.vms.get_mut(&vmid)
    }

    /// All VMs by id.
    pub fn vms(&self) -> impl Iterator<Item = (u32, &Vm)> {
        self.vms.iter().map(|(vmid, vm)| (*vmid, vm))
    }

    /// The option of a VM as GET config shows it by default: pending values merged in.
    pub fn option(&self, vmid: u32, key: &str) -> Option<String> {
        self.vms.get(&vmid).and_then(|vm| vm.option(key))
    }

    /// All options of a VM as GET config shows them by default.
    pub fn config(&self, vmid: u32) -> Option<BTreeMap<String, String>> {
        self.vms.get(&vmid).map(Vm::merged)
    }

    /// Puts a stopped VM with these options on the host, replacing one with the same id.
    pub fn put_vm<K: AsRef<str>, V: AsRef<str>>(
        &mut self,
        vmid: u32,
        options: impl IntoIterator<Item = (K, V)>,
    ) {
        self.vms.insert(vmid, Vm::with_options(options));
    }

    /// The same for a machine that is being made now.
    pub(crate) fn put_new_vm<'a>(
        &mut self,
        vmid: u32,
        options: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) {
        let vm = Vm {
            born: Some(self.now),
            ..Vm::with_options(options)
        };
        self.vms.insert(vmid, vm);
    }

    /// Whether the status daemon has spoken of a machine since it was made.
    pub(crate) fn is_broadcast(&self, vm: &Vm) -> bool {
        vm.born.is_none_or(|born| self.now.since(born) >= BROADCAST)
    }

    /// Takes a VM off the host; its volumes stay.
    pub fn remove_vm(&mut self, vmid: u32) -> bool {
        self.vms.remove(&vmid).is_some()
    }

    /// Takes an id for a container.
    pub fn put_container(&mut self, vmid: u32) {
        self.containers.insert(vmid);
    }

    /// The storage of this name.
    pub fn storage(&self, name: &str) -> Option<&Storage> {
        self.storages.get(name)
    }

    /// The storage of this name, to be changed.
    pub fn storage_mut(&mut self, name: &str) -> Option<&mut Storage> {
        self.storages.get_mut(name)
    }

    /// The volume names on every storage, without the storage.
    pub fn volumes(&self) -> Vec<String> {
        self.storages.values().flat_map(Storage::volids).collect()
    }

    /// Adds or replaces a bridge.
    pub fn put_bridge(&mut self, bridge: Bridge) {
        self.bridges.retain(|known| known.iface != bridge.iface);
        self.bridges.push(bridge);
        self.bridges.sort_by(|a, b| a.iface.cmp(&b.iface));
    }

    /// Adds a PCI device to the host.
    pub fn put_pci_device(&mut self, device: PciDevice) {
        self.pci_devices.retain(|known| known.id != device.id);
        self.pci_devices.push(device);
        self.pci_devices.sort_by(|a, b| a.id.cmp(&b.id));
    }

    /// Adds or replaces a PCI mapping.
    pub fn put_pci_mapping(&mut self, id: &str, mapping: PciMapping) {
        self.pci_mappings.insert(id.to_owned(), mapping);
    }

    /// All tasks in the order of their start.
    pub fn tasks(&self) -> Vec<TaskView> {
        self.tasks
            .iter()
            .filter(|task| task.is_listed())
            .map(Task::view)
            .collect()
    }

    /// Whether another process holds the lock file of a VM, or a released one.
    pub fn hold_lock_file(&mut self, vmid: u32, held: bool) {
        self.locks.hold_outside(vmid, held);
    }

    /// Whether another process holds the allocation lock of a storage, or a released one.
    pub fn hold_storage_lock(&mut self, name: &str, held: bool) {
        if held {
            self.locks.hold_storage(name, None);
        } else {
            self.locks.release_storage(name);
        }
    }

    /// SHA-256 of the certificate that new connections meet, `AA:BB:…`.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Sets or removes (`None`) the `lock` option of a VM.
    pub fn set_config_lock(&mut self, vmid: u32, lock: Option<&str>) {
        if let Some(vm) = self.vms.get_mut(&vmid) {
            vm.config.put_or_remove("lock", lock);
        }
    }

    /// Replaces what runs inside a VM.
    pub fn set_guest(&mut self, vmid: u32, guest: Guest) {
        if let Some(vm) = self.vms.get_mut(&vmid) {
            vm.guest = guest;
        }
    }

    /// Ends the machine process of a VM from inside.
    pub fn guest_exits(&mut self, vmid: u32) {
        if let Some(vm) = self.vms.get_mut(&vmid) {
            vm.process = None;
        }
    }

    /// From now on no full copy of a disk takes less than this.
    pub fn slow_copies(&mut self, at_least: Option<Duration>) {
        self.pace.copy_at_least = at_least.unwrap_or(Pace::default().copy_at_least);
    }

    /// Makes starts of machines fail with this text of the hypervisor; `None` mends it.
    pub fn hypervisor_refuses(&mut self, text: Option<&str>) {
        self.host.hypervisor_refuses = text.map(str::to_owned);
    }

    /// Sets what the host itself is: logical CPUs, and whether it has an IOMMU.
    pub fn set_host(&mut self, cpus: u32, iommu: bool) {
        self.host.cpus = cpus;
        self.host.iommu = iommu;
    }

    /// Sets the DNS server of the host.
    pub fn set_resolver(&mut self, address: &str) {
        address.clone_into(&mut self.host.resolver);
    }

    /// Sets an option of the datacenter.
    pub fn set_datacenter(&mut self, key: &str, value: &str) {
        self.datacenter.insert(key.to_owned(), value.to_owned());
    }

    /// Adds or replaces a storage.
    pub fn put_storage(&mut self, name: &str, storage: Storage) {
        self.storages.insert(name.to_owned(), storage);
    }

    /// Adds or replaces a user.
    pub fn put_user(&mut self, userid: &str, user: User) {
        self.access.users.insert(userid.to_owned(), user);
    }

    /// Adds or replaces a role.
    pub fn put_role<P: AsRef<str>>(&mut self, roleid: &str, privileges: &[P]) {
        let privileges = privileges.iter().map(|p| p.as_ref().to_owned()).collect();
        self.access.roles.insert(roleid.to_owned(), privileges);
    }

    /// Adds or replaces a group.
    pub fn put_group<U: AsRef<str>>(&mut self, groupid: &str, users: &[U]) {
        let users = users.iter().map(|u| u.as_ref().to_owned()).collect();
        self.access.groups.insert(groupid.to_owned(), users);
    }

    /// Grants a role on a path to a user, a token (`user@realm!name`) or a group (`@name`).
    pub fn grant(&mut self, path: &str, to: &str, roleid: &str, propagate: bool) {
        self.access.grant(Acl::parse(path, to, roleid, propagate));
    }

    /// Creates a pool, or adds members to one.
    pub fn put_pool(&mut self, poolid: &str, vms: &[u32], storages: &[&str]) {
        let pool = self.pools.entry(poolid.to_owned()).or_default();
        pool.vms.extend(vms);
        pool.storages.extend(storages.iter().map(|&s| s.to_owned()));
    }

    pub(crate) fn require_vm(&self, vmid: u32) -> Result<&Vm> {
        self.vms.get(&vmid).ok_or_else(|| self.no_config_file(vmid))
    }

    pub(crate) fn require_vm_mut(&mut self, vmid: u32) -> Result<&mut Vm> {
        let missing = self.no_config_file(vmid);
        self.vms.get_mut(&vmid).ok_or(missing)
    }

    fn no_config_file(&self, vmid: u32) -> Fail {
        die(format!(
            "Configuration file 'nodes/{}/qemu-server/{vmid}.conf' does not exist",
            self.node
        ))
    }

    /// The other text for the same thing, from code that looks the machine up before loading it.
    pub(crate) fn unfindable(&self, vmid: u32) -> Fail {
        die(format!(
            "unable to find configuration file for VM {vmid} on node '{}'",
            self.node
        ))
    }

    /// What an id is taken by: `VM` or `CT`.
    pub(crate) fn taken_by(&self, vmid: u32) -> Option<&'static str> {
        if self.vms.contains_key(&vmid) {
            Some("VM")
        } else if self.containers.contains(&vmid) {
            Some("CT")
        } else {
            None
        }
    }

    /// Waits until no other process has the lock file of a VM; `since` is when the caller began to.
    pub(crate) fn wait_for_lock(
        &self,
        vmid: u32,
        mode: LockMode,
        since: SimTime,
        patience: Duration,
    ) -> Result<()> {
        let deadline = since.plus(patience);
        if self.locks.is_free(vmid, mode, self.now) {
            Ok(())
        } else if self.now >= deadline {
            Err(die(format!(
                "can't lock file '/var/lock/qemu-server/lock-{vmid}.conf' - got timeout"
            )))
        } else {
            let end = self.locks.outside_end(vmid).unwrap_or(deadline);
            Err(Fail::Wait(deadline.min(end)))
        }
    }

    /// Waits until no other process allocates on a storage; `since` is when the caller began to.
    pub(crate) fn wait_for_storage(
        &self,
        name: &str,
        since: SimTime,
        patience: Duration,
    ) -> Result<()> {
        let deadline = since.plus(patience);
        match self.locks.storage_is_free(name, self.now) {
            Ok(()) => Ok(()),
            Err(_) if self.now >= deadline => Err(die(format!(
                "can't lock file '/var/lock/pve-manager/pve-storage-{name}' - got timeout"
            ))),
            Err(end) => Err(Fail::Wait(end.unwrap_or(deadline).min(deadline))),
        }
    }

    /// Whether a clone that has not begun yet will take an id.
    pub(crate) fn is_clone_target(&self, vmid: u32) -> bool {
        self.clone_targets
            .iter()
            .any(|(target, upid)| *target == vmid && self.task(upid).is_some_and(Task::is_running))
    }

    /// Removes a VM from everything that names it; its volumes are the caller's matter.
    pub(crate) fn forget_vm(&mut self, vmid: u32) {
        self.vms.remove(&vmid);
        self.pools.values_mut().for_each(|pool| {
            pool.vms.remove(&vmid);
        });
        self.access
            .acls
            .retain(|acl| acl.path != format!("/vms/{vmid}"));
    }
}
