//! Every attribute that is managed is noticed when somebody changes it in Proxmox: the next refresh
//! shows exactly it, and an apply or a refusal follows.

use std::collections::{BTreeMap, BTreeSet};

use pve_sim::World;
use tf_plugin::{ImportKey, Value};

use crate::bench::{Bench, worker};
use crate::devices::{card, mapping, with_gpu};
use crate::terraform::{Action, Config};

/// Which attributes a change shows in, and what comes of it.
struct Change {
    attributes: &'static [&'static str],
    make: fn(&mut World),
    mended: bool,
}

const fn change(attributes: &'static [&'static str], make: fn(&mut World)) -> Change {
    Change {
        attributes,
        make,
        mended: true,
    }
}

/// What Proxmox or em-infra cannot take back: the plan says so.
const fn refused(attributes: &'static [&'static str], make: fn(&mut World)) -> Change {
    Change {
        mended: false,
        ..change(attributes, make)
    }
}

fn set(world: &mut World, key: &str, value: &str) {
    world.vm_mut(8010).expect("made").set_option(key, value);
}

fn edit(world: &mut World, key: &str, from: &str, to: &str) {
    let value = world.option(8010, key).expect("set");
    assert!(value.contains(from), "{key}: {value}");
    set(world, key, &value.replace(from, to));
}

/// Attributes that name the VM; another one is another VM, as the tests of identity show.
const KEYS: [&str; 4] = ["name", "env_name", "vmid", "node"];

const COMPUTED: [&str; 2] = ["id", "existing"];

/// Not an option of the VM: it has a test of its own.
const APART: [&str; 1] = ["pool"];

#[rustfmt::skip]
const CHANGES: &[Change] = &[
    change(&["cores"], |world| set(world, "cores", "1")),
    change(&["memory"], |world| set(world, "memory", "2048")),
    change(&["cpu_type"], |world| set(world, "cpu", "host")),
    change(&["machine"], |world| set(world, "machine", "pc-q35-9.0")),
    change(&["bios"], |world| world.vm_mut(8010).expect("made").remove_option("efidisk0")),
    change(&["bios"], |world| set(world, "bios", "seabios")),
    refused(&["disk_gb"], |world| edit(world, "scsi0", "size=20G", "size=21G")),
    refused(&["storage"], |world| edit(world, "scsi0", "local-lvm:", "local:")),
    change(&["bridge"], |world| edit(world, "net0", "bridge=vmbr0", "bridge=vmbr1")),
    change(&["vlan"], |world| edit(world, "net0", "tag=20", "tag=7")),
    change(&["mac"], |world| edit(world, "net0", "BC:24:11:00:00:01", "BC:24:11:00:00:99")),
    change(&["uuid"], |world| edit(world, "smbios1", "8000-000000000001", "8000-000000000099")),
    change(&["gpus"], |world| set(world, "hostpci0", "mapping=gpu0,pcie=1")),
    change(&["address"], |world| edit(world, "ipconfig0", "192.168.50.10/", "192.168.50.99/")),
    change(&["prefix_length"], |world| edit(world, "ipconfig0", "/24", "/25")),
    change(&["gateway"], |world| edit(world, "ipconfig0", "gw=192.168.50.1", "gw=192.168.50.2")),
    change(&["nameservers"], |world| set(world, "nameserver", "192.168.50.9")),
    // Without a static address on the drive, nothing of the address is known any more.
    change(&["address", "address_mode", "gateway", "nameservers", "prefix_length"], |world| set(world, "ipconfig0", "ip=dhcp")),
    change(&["tags"], |world| set(world, "tags", "other")),
    change(&["onboot"], |world| set(world, "onboot", "0")),
    change(&["startup_order"], |world| set(world, "startup", "order=9")),
    change(&["protection"], |world| set(world, "protection", "1")),
    change(&["started"], |world| world.guest_exits(8010)),
    // What only the marker knows; of a device, what its mapping stood for.
    change(&["clone", "gpus", "role", "talos_version", "template"], |world| set(world, "description", "mine")),
    // The name is what the VM is known by: the plan gives it back and no attribute shows it.
    change(&[], |world| set(world, "name", "renamed")),
];

fn config() -> Config {
    let mapping = mapping(1);
    let vm = worker(1)
        .with("bios", "ovmf")
        .with("vlan", 20)
        .with("startup_order", 3)
        .with("pool", "lab");
    let vm = with_gpu(vm, mapping.get("name").clone(), card(1).into());
    BTreeMap::from([
        ("mapping/1".to_owned(), mapping),
        ("worker-1".to_owned(), vm),
    ])
}

async fn made(config: &Config) -> Bench {
    let mut bench = Bench::with_token("root").await;
    bench.sim.edit(|world| world.put_pool("lab", &[], &[]));
    bench.terraform.set("allow_restart", true);
    let outcome = bench.terraform.apply(config).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    bench
}

async fn settled(bench: &mut Bench, config: &Config) {
    bench.terraform.plan(config).await.assert_empty();
    bench.terraform.plan_only(config).await.assert_empty();
}

fn names(attributes: &[&str]) -> BTreeSet<String> {
    attributes.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_attribute_is_read_back() {
    let config = config();
    let mut bench = made(&config).await;
    settled(&mut bench, &config).await;
    for Change {
        attributes,
        make,
        mended,
    } in CHANGES
    {
        let before = bench.sim.world(|world| world.config(8010)).expect("made");
        bench.sim.edit(make);
        let drift = bench.terraform.drift(&config).await;
        assert_eq!(drift["worker-1"], names(attributes));
        assert_eq!(drift["mapping/1"], names(&[]), "{attributes:?}");
        let outcome = bench.terraform.apply(&config).await;
        if *mended {
            let update = BTreeMap::from([("worker-1", Action::Update)]);
            assert_eq!(outcome.errors, Vec::<String>::new(), "{attributes:?}");
            assert_eq!(outcome.changes(), update, "{attributes:?}");
        } else {
            assert_eq!(outcome.errors.len(), 1, "{attributes:?}");
            let place = format!("(at {})", attributes[0]);
            assert!(outcome.errors[0].contains(&place), "{:?}", outcome.errors);
            bench
                .sim
                .edit(|world| set(world, "scsi0", &before["scsi0"]));
        }
        settled(&mut bench, &config).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vm_that_left_its_pool_is_brought_back() {
    let config = config();
    let mut bench = made(&config).await;
    bench.sim.edit(|world| world.put_pool("other", &[], &[]));
    let client = bench.client();
    let vmids = [pve_api::VmId::new(8010).expect("a VMID")];
    let pool = |name: &str| name.parse::<pve_api::PoolId>().expect("a name");
    for elsewhere in [None, Some("other")] {
        match elsewhere {
            None => client.remove_from_pool(&pool("lab"), &vmids).await,
            Some(other) => client.move_to_pool(&pool(other), &vmids).await,
        }
        .expect("moved");
        assert_eq!(
            bench.terraform.drift(&config).await["worker-1"],
            names(&["pool"])
        );
        bench.writes();
        let outcome = bench.terraform.apply(&config).await;
        assert_eq!(outcome.errors, Vec::<String>::new());
        assert_eq!(bench.writes(), ["PUT /pools"]);
        settled(&mut bench, &config).await;
    }
}

#[test]
fn every_attribute_has_its_change() {
    let changed: BTreeSet<&str> = CHANGES
        .iter()
        .flat_map(|change| change.attributes)
        .copied()
        .collect();
    let known = changed
        .iter()
        .chain(&KEYS)
        .chain(&COMPUTED)
        .chain(&APART)
        .copied();
    let session = std::sync::Arc::new(provider::Session::new(host::Environment::default()));
    let schema = tf_plugin::Resource::schema(&provider::TalosVm::new(session));
    let attributes = schema.attributes().iter().map(tf_plugin::Attribute::name);
    assert_eq!(
        known.collect::<BTreeSet<_>>(),
        attributes.collect::<BTreeSet<_>>()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_of_a_vm_with_every_attribute_changes_nothing() {
    for config in [
        config(),
        config().into_iter().map(reserved_address).collect(),
    ] {
        let mut bench = made(&config).await;
        for (key, id) in [("mapping/1", "k3s-dev-gpu-4100"), ("worker-1", "pve/8010")] {
            bench.terraform.state.remove(key);
            let imported = bench.terraform.import(key, ImportKey::Id(id.into())).await;
            assert_eq!(imported.errors, Vec::<String>::new());
        }
        bench.writes();
        settled(&mut bench, &config).await;
        assert_eq!(bench.writes(), Vec::<String>::new());
    }
}

fn reserved_address((key, object): (String, Value)) -> (String, Value) {
    if object.get("address_mode").is_null() {
        return (key, object);
    }
    (key, object.with("address_mode", "dhcp_reserved"))
}
