//! Five VMs before and after a change, and the strangers beside them.

use pve_sim::World;
use tf_plugin::Value;

use crate::bench::{worker, workers};
use crate::devices::{card, mapping, with_gpu};
use crate::terraform::Config;

/// What the disturbed apply does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    Create,
    Update,
    Delete,
}

impl Phase {
    pub(crate) fn before(self) -> Config {
        match self {
            Self::Create => Config::new(),
            Self::Update | Self::Delete => five(),
        }
    }

    pub(crate) fn after(self) -> Config {
        match self {
            Self::Create => five(),
            Self::Update => changed(),
            Self::Delete => Config::new(),
        }
    }
}

/// Five VMs, one of them with a GPU through a mapping of its own.
fn five() -> Config {
    let mut five = workers(5);
    five.extend(gpu(worker(5), 1));
    five
}

/// A VM with the card of that number, and the mapping that stands for the card.
fn gpu(vm: Value, number: u32) -> [(String, Value); 2] {
    let mapping = mapping(1).with("bdf", card(number));
    let vm = with_gpu(vm, mapping.get("name").clone(), card(number).into());
    [
        ("mapping/5".to_owned(), mapping),
        ("worker-5".to_owned(), vm),
    ]
}

/// One change of each kind: live, at the next start, with a reboot, with a stop, and several at once
/// with a GPU that moved to another slot.
fn changed() -> Config {
    let changes = [
        worker(1).with("tags", Value::list(["other"])),
        worker(2).with("disk_gb", 30),
        worker(3).with("nameservers", Value::list(["192.168.50.9"])),
        worker(4).with("memory", 4096),
        worker(5)
            .with("cores", 2)
            .with("vlan", 20)
            .with("onboot", false),
    ];
    let [one, two, three, four, five] = changes;
    let plain = (1..).zip([one, two, three, four]);
    plain
        .map(|(number, vm)| (format!("worker-{number}"), vm))
        .chain(gpu(five, 2))
        .collect()
}

/// How many strangers [`plant`] plants.
pub(crate) const STRANGERS: usize = 4;

/// VMs of others that look like ours: same name, same MAC, a marker copied by a clone, and a plain
/// neighbour on the next VMID.
pub(crate) fn plant(world: &mut World, marker: Option<&str>) {
    let notes = marker.unwrap_or("kept by hand");
    world.put_vm(200, [("name", "k3s-dev-worker-1"), ("cores", "2")]);
    world.put_vm(
        201,
        [
            ("name", "nas"),
            ("net0", "virtio=BC:24:11:00:00:01,bridge=vmbr0"),
        ],
    );
    world.put_vm(202, [("name", "copy"), ("description", notes)]);
    world.put_vm(8015, [("name", "neighbour"), ("onboot", "1")]);
}

/// The VMIDs of the strangers.
pub(crate) const STRANGE: [u32; STRANGERS] = [200, 201, 202, 8015];
