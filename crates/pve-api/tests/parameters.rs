//! Every call against Proxmox's own schema: the path exists, each parameter is known to the oldest
//! and the newest version, and none that must be given is left out.

use std::collections::BTreeSet;

use pve_api::power::Unresponsive;
use pve_api::task::{LogPart, TaskSource};
use pve_api::vm::{CloneMode, CloneVm};
use pve_api::vm_config::View;
use pve_api::{
    ConfigChange, DiskSize, DiskSlot, Request, StorageId, Upid, VmId, access, agent, cluster,
    network, node, pci, pool, power, storage, task, vm, vm_config,
};

const SCHEMA: &str = include_str!("parameters.txt");

/// A call of the schema: method and path, then its parameters.
struct Known<'a> {
    call: &'a str,
    parameters: Vec<&'a str>,
}

fn schema() -> Vec<Known<'static>> {
    let lines = SCHEMA.lines().filter(|line| !line.starts_with('#'));
    let split = lines.map(|line| line.split_once(':').expect("a call, then its parameters"));
    split
        .map(|(call, names)| Known {
            call,
            parameters: names.split_whitespace().collect(),
        })
        .collect()
}

impl Known<'_> {
    fn is_of(&self, call: &str) -> bool {
        let (pattern, call): (Vec<_>, Vec<_>) =
            (self.call.split('/').collect(), call.split('/').collect());
        let fits =
            |(pattern, segment): (&&str, &&str)| pattern == segment || pattern.starts_with('{');
        pattern.len() == call.len() && pattern.iter().zip(&call).all(fits)
    }

    fn problems(&self, names: &BTreeSet<String>) -> Vec<String> {
        let known: BTreeSet<&str> = self
            .parameters
            .iter()
            .map(|name| name.trim_end_matches('!'))
            .collect();
        let required = self
            .parameters
            .iter()
            .filter_map(|name| name.strip_suffix('!'));
        let unknown = names.iter().filter(|name| !known.contains(name.as_str()));
        let missing = required.filter(|name| !names.contains(*name));
        let unknown = unknown.map(|name| format!("{}: `{name}` is unknown", self.call));
        unknown
            .chain(missing.map(|name| format!("{}: `{name}` is missing", self.call)))
            .collect()
    }
}

/// A request reduced to what the schema speaks of; `net0` is `net[n]` there.
fn seen<R>(request: &Request<R>) -> (String, BTreeSet<String>) {
    let generic = |name: &str| {
        let stem = name.trim_end_matches(|char: char| char.is_ascii_digit());
        let numbered = ["net", "scsi", "ide", "ipconfig", "hostpci", "serial"].contains(&stem);
        if numbered {
            format!("{stem}[n]")
        } else {
            name.to_owned()
        }
    };
    let names = request
        .params()
        .iter()
        .map(|(name, _)| generic(name))
        .collect();
    (format!("{} {}", request.method(), request.path()), names)
}

fn clone_vm(mode: CloneMode) -> CloneVm {
    CloneVm {
        newid: VmId::MIN,
        name: "w1".parse().expect("a name"),
        description: "text".to_owned(),
        mode,
        pool: Some("pool".parse().expect("a name")),
    }
}

fn every_option() -> ConfigChange {
    let options = "agent bios boot cores cpu description ide2 ipconfig0 machine memory name nameserver net0 onboot \
                   protection scsi0 serial0 smbios1 startup tags hostpci0 sockets balloon scsihw efidisk0";
    let change = options
        .split_whitespace()
        .fold(ConfigChange::default(), |change, key| change.set(key, "x"));
    change
        .delete("net1")
        .revert("numa")
        .only_if("digest")
        .destroy_removed_disks()
}

fn vm_calls() -> Vec<(String, BTreeSet<String>)> {
    let node = "pve".parse().expect("a name");
    let storage: StorageId = "local".parse().expect("a name");
    let vmid = VmId::MIN;
    vec![
        seen(&vm::list(&node)),
        seen(&vm::clone(&node, vmid, &clone_vm(CloneMode::Linked))),
        seen(&vm::clone(
            &node,
            vmid,
            &clone_vm(CloneMode::Full {
                storage: Some(storage),
            }),
        )),
        seen(&vm::resize(
            &node,
            vmid,
            DiskSlot::SCSI0,
            DiskSize::from_bytes(1),
        )),
        seen(&vm::delete(&node, vmid)),
        seen(&vm_config::config(&node, vmid, View::Current)),
        seen(&vm_config::pending(&node, vmid)),
        seen(&vm_config::change(&node, vmid, &every_option())),
        seen(&vm_config::regenerate_cloud_init(&node, vmid)),
        seen(&power::current(&node, vmid)),
        seen(&power::start(&node, vmid)),
        seen(&power::stop(&node, vmid)),
        seen(&power::shutdown(
            &node,
            vmid,
            Some(1),
            Unresponsive::ForceStop,
        )),
        seen(&power::reboot(&node, vmid, Some(1))),
        seen(&agent::network_interfaces(&node, vmid)),
        seen(&agent::ping(&node, vmid)),
    ]
}

fn host_calls() -> Vec<(String, BTreeSet<String>)> {
    let node = "pve".parse().expect("a name");
    let storage = "local".parse().expect("a name");
    let mapping = "gpu0".parse().expect("a name");
    let pool = "pool".parse().expect("a name");
    let upid: Upid = "UPID:pve:00000001:00000001:00000001:qmstart:100:root@pam:"
        .parse()
        .expect("a task id");
    let device = ["node=pve,path=0000:01:00.0,id=10de:2204"
        .parse()
        .expect("a device")];
    vec![
        seen(&cluster::version()),
        seen(&cluster::next_id()),
        seen(&cluster::is_free(VmId::MIN)),
        seen(&cluster::vm_resources()),
        seen(&access::ticket("root@pam", "x")),
        seen(&access::permissions()),
        seen(&access::permissions_on("/vms")),
        seen(&node::nodes()),
        seen(&node::status(&node)),
        seen(&network::bridges(&node)),
        seen(&storage::storages(&node)),
        seen(&storage::status(&node, &storage)),
        seen(&storage::content(&node, &storage, Some(VmId::MIN))),
        seen(&pci::devices(&node)),
        seen(&pci::all_devices(&node)),
        seen(&pci::mappings()),
        seen(&pci::mapping(&mapping)),
        seen(&pci::create_mapping(&mapping, &device, Some("text"))),
        seen(&pci::update_mapping(&mapping, &device, Some("text"))),
        seen(&pci::update_mapping(&mapping, &device, None)),
        seen(&pci::delete_mapping(&mapping)),
        seen(&pool::pools()),
        seen(&pool::pool(&pool)),
        seen(&pool::add_vms(&pool, &[VmId::MIN])),
        seen(&pool::remove_vms(&pool, &[VmId::MIN])),
        seen(&task::tasks(&node, TaskSource::All, Some(VmId::MIN))),
        seen(&task::status(&upid)),
        seen(&task::log(&upid, LogPart::Page { start: 1, limit: 2 })),
        seen(&task::stop(&upid)),
    ]
}

#[test]
fn every_call_fits_the_schema_of_proxmox_and_every_call_of_the_list_is_made() {
    let schema = schema();
    let mut unused: BTreeSet<&str> = schema.iter().map(|known| known.call).collect();
    for (call, names) in vm_calls().into_iter().chain(host_calls()) {
        let known = schema
            .iter()
            .find(|known| known.is_of(&call))
            .unwrap_or_else(|| panic!("{call}"));
        assert_eq!(known.problems(&names), [""; 0]);
        unused.remove(known.call);
    }
    assert_eq!(unused, BTreeSet::new());
}
