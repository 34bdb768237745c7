//! Create, update, replace, import, delete; after each, both plans are empty.

use std::collections::BTreeMap;

use pve_sim::World;
use tf_plugin::{ImportKey, Value};

use crate::bench::{Bench, worker, workers};
use crate::terraform::{Action, Config};

async fn settled(bench: &mut Bench, config: &Config) {
    bench.writes();
    bench.terraform.plan(config).await.assert_empty();
    bench.terraform.plan_only(config).await.assert_empty();
    assert_eq!(bench.writes(), Vec::<String>::new());
}

async fn applied(bench: &mut Bench, config: &Config) -> Vec<String> {
    let outcome = bench.terraform.apply(config).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    outcome.warnings
}

async fn made(config: &Config) -> Bench {
    let mut bench = Bench::start().await;
    assert_eq!(applied(&mut bench, config).await, Vec::<String>::new());
    bench
}

fn one(change: impl FnOnce(&mut Value)) -> Config {
    let mut wanted = worker(1);
    change(&mut wanted);
    BTreeMap::from([("worker-1".to_owned(), wanted)])
}

#[tokio::test]
async fn a_created_vm_is_as_wanted_and_the_second_plan_is_empty() {
    let config = workers(1);
    let mut bench = Bench::start().await;
    let planned = bench.terraform.plan(&config).await;
    assert_eq!(
        planned.changes(),
        BTreeMap::from([("worker-1", Action::Create)])
    );
    assert_eq!(bench.writes(), Vec::<String>::new());
    applied(&mut bench, &config).await;
    settled(&mut bench, &config).await;
    let (options, running) = bench.sim.world(|world| {
        let vm = world.vm(8010).expect("made");
        (vm.merged(), vm.is_running())
    });
    assert!(running);
    let shown: Vec<String> = options
        .iter()
        .filter(|(key, _)| !["description", "digest", "meta", "vmgenid"].contains(&key.as_str()))
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    agent: 1
    boot: order=scsi0
    cores: 4
    cpu: x86-64-v2-AES
    ide2: local-lvm:vm-8010-cloudinit,media=cdrom
    ipconfig0: gw=192.168.50.1,ip=192.168.50.10/24
    machine: q35
    memory: 8192
    name: k3s-dev-worker-1
    nameserver: 192.168.50.1
    net0: virtio=BC:24:11:00:00:01,bridge=vmbr0
    onboot: 1
    ostype: l26
    scsi0: local-lvm:vm-8010-disk-0,discard=on,iothread=1,size=20G,ssd=1
    scsihw: virtio-scsi-single
    serial0: socket
    smbios1: uuid=6f1d7c1e-0000-5000-8000-000000000001
    tags: k3s-dev;talos
    "#);
}

#[tokio::test]
async fn a_linked_clone_with_a_dhcp_reservation_settles_too() {
    let config = one(|vm| {
        vm.set("clone", "linked");
        vm.set("storage", "local");
        vm.set("address_mode", "dhcp_reserved");
    });
    let mut bench = made(&config).await;
    settled(&mut bench, &config).await;
}

#[tokio::test]
async fn a_minimal_vm_settles_too() {
    let names = ["name", "env_name", "vmid", "node", "template", "uuid"];
    let full = worker(1);
    let minimal = Value::object(names.map(|name| (name, full.get(name).clone())));
    let config = BTreeMap::from([("worker-1".to_owned(), minimal)]);
    let mut bench = made(&config).await;
    settled(&mut bench, &config).await;
    assert!(
        !bench
            .sim
            .world(|world| world.vm(8010).expect("made").is_running())
    );
}

#[tokio::test]
async fn a_grown_disk_is_a_live_change() {
    let mut bench = made(&workers(1)).await;
    let grown = one(|vm| vm.set("disk_gb", 30));
    bench.writes();
    let warnings = applied(&mut bench, &grown).await;
    assert_eq!(bench.writes(), ["PUT /nodes/pve/qemu/8010/resize"]);
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 takes a change when it next starts
    disk_gb 20G -> 30G.
    "#);
    settled(&mut bench, &grown).await;
}

/// Where the machine takes no other network card while it runs, a change of it would only wait.
#[tokio::test]
async fn a_vlan_takes_a_restart_where_no_card_is_plugged() {
    let mut bench = made(&workers(1)).await;
    let plugs_disks = |world: &mut World| {
        let vm = world.vm_mut(8010).expect("made");
        vm.set_option("hotplug", "disk,usb");
    };
    bench.sim.edit(plugs_disks);
    let changed = one(|vm| vm.set("vlan", 20));
    bench.writes();
    let refused = bench.terraform.apply(&changed).await;
    insta::assert_snapshot!(refused.errors.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 would have to be restarted (at vlan)
    VM 8010 k3s-dev-worker-1 runs and would have to be restarted for: vlan none -> 20. Set allow_restart = true in the provider block for this run, or stop the VM first.
    "#);
    assert_eq!(bench.writes(), Vec::<String>::new());
    bench.terraform.set("allow_restart", true);
    let warnings = applied(&mut bench, &changed).await;
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 will be restarted (at vlan)
    vlan none -> 20.
    "#);
    insta::assert_snapshot!(bench.writes().join("\n"), @r#"
    POST /nodes/pve/qemu/8010/status/shutdown
    PUT /nodes/pve/qemu/8010/config
    PUT /nodes/pve/qemu/8010/config
    POST /nodes/pve/qemu/8010/status/start
    "#);
    settled(&mut bench, &changed).await;
}

/// `hotplug` itself may wait for the next start, and then says what is not so yet.
#[tokio::test]
async fn a_change_that_a_running_vm_did_not_take_is_said() {
    let mut bench = made(&workers(1)).await;
    bench
        .sim
        .edit(|world| world.vm_mut(8010).expect("made").set_option("hotplug", "0"));
    let (node, vmid) = (
        "pve".parse().expect("a name"),
        "8010".parse().expect("a VMID"),
    );
    let change = pve_api::ConfigChange::default().set("hotplug", "network,disk,usb,memory");
    let client = bench.client();
    client.set_config(&node, vmid, &change).await.expect("done");
    let warnings = applied(&mut bench, &one(|vm| vm.set("vlan", 20))).await;
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 takes a change only when it next starts
    Proxmox accepted net0 and keeps it for the next start: the VM that runs goes on as it was. Restart it when that suits.
    "#);
}

#[tokio::test]
async fn memory_changes_with_consent_alone() {
    let mut bench = made(&workers(1)).await;
    let changed = one(|vm| vm.set("memory", 4096));
    bench.writes();
    let refused = bench.terraform.apply(&changed).await;
    insta::assert_snapshot!(refused.errors.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 would have to be restarted (at memory)
    VM 8010 k3s-dev-worker-1 runs and would have to be restarted for: memory 8192 -> 4096. Set allow_restart = true in the provider block for this run, or stop the VM first.
    "#);
    assert_eq!(bench.writes(), Vec::<String>::new());
    bench.terraform.set("allow_restart", true);
    let warnings = applied(&mut bench, &changed).await;
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 will be restarted (at memory)
    memory 8192 -> 4096.
    "#);
    insta::assert_snapshot!(bench.writes().join("\n"), @r#"
    POST /nodes/pve/qemu/8010/status/shutdown
    PUT /nodes/pve/qemu/8010/config
    POST /nodes/pve/qemu/8010/status/start
    "#);
    settled(&mut bench, &changed).await;
}

#[tokio::test]
async fn what_is_no_longer_set_is_taken_back() {
    let with_vlan = one(|vm| vm.set("vlan", 20));
    let mut bench = made(&with_vlan).await;
    settled(&mut bench, &with_vlan).await;
    applied(&mut bench, &workers(1)).await;
    settled(&mut bench, &workers(1)).await;
    let card = bench.sim.world(|world| world.option(8010, "net0"));
    assert_eq!(
        card.as_deref(),
        Some("virtio=BC:24:11:00:00:01,bridge=vmbr0")
    );
}

#[tokio::test]
async fn another_spelling_is_no_change() {
    let mut bench = made(&workers(1)).await;
    let spelt = one(|vm| {
        vm.set("mac", "bc:24:11:00:00:01");
        vm.set("tags", Value::list(["Talos", "K3s-Dev"]));
        vm.set("uuid", "6F1D7C1E-0000-5000-8000-000000000001");
    });
    settled(&mut bench, &spelt).await;
}

#[tokio::test]
async fn a_new_template_is_recorded_only() {
    let mut bench = made(&workers(1)).await;
    let newer = one(|vm| {
        vm.set("template", "9000");
        vm.set("talos_version", "v1.14.0");
    });
    bench.writes();
    let warnings = applied(&mut bench, &newer).await;
    assert_eq!(bench.writes(), ["PUT /nodes/pve/qemu/8010/config"]);
    insta::assert_snapshot!(warnings.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 keeps what it was made from
    template talos-v1.13-nocloud -> 9000, talos_version v1.13.0 -> v1.14.0: this is recorded only; new VMs use it.
    "#);
    settled(&mut bench, &newer).await;
}

#[tokio::test]
async fn a_new_name_is_a_rebuild_and_needs_consent() {
    let mut bench = made(&workers(1)).await;
    let renamed = one(|vm| vm.set("name", "k3s-dev-worker-9"));
    bench.writes();
    let refused = bench.terraform.apply(&renamed).await;
    insta::assert_snapshot!(refused.errors.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 would have to be destroyed and built anew (at name)
    Changing `name` makes it another VM; everything on its disk would be lost. Set allow_rebuild = true in the provider block for this run if that is what you want.
    "#);
    assert_eq!(bench.writes(), Vec::<String>::new());
    bench.terraform.set("allow_rebuild", true);
    applied(&mut bench, &renamed).await;
    settled(&mut bench, &renamed).await;
    assert_eq!(
        bench
            .sim
            .world(|world| world.option(8010, "name"))
            .as_deref(),
        Some("k3s-dev-worker-9")
    );
}

#[tokio::test]
async fn a_removed_node_leaves_nothing_behind_and_the_others_alone() {
    let before = Bench::start().await.sim.world(World::volumes);
    let mut bench = made(&workers(3)).await;
    let mut fewer = workers(3);
    fewer.remove("worker-2");
    bench.writes();
    applied(&mut bench, &fewer).await;
    assert_eq!(
        bench.writes(),
        [
            "POST /nodes/pve/qemu/8011/status/stop",
            "DELETE /nodes/pve/qemu/8011"
        ]
    );
    settled(&mut bench, &fewer).await;
    applied(&mut bench, &Config::new()).await;
    assert_eq!(bench.sim.world(World::volumes), before);
    assert_eq!(
        bench
            .sim
            .world(|world| world.vms().map(|(vmid, _)| vmid).collect::<Vec<_>>()),
        [9000]
    );
}

#[tokio::test]
async fn a_control_plane_goes_only_without_protection() {
    let config = one(|vm| vm.set("role", "controlplane"));
    let mut bench = made(&config).await;
    bench.writes();
    let refused = bench.terraform.apply(&Config::new()).await;
    insta::assert_snapshot!(refused.errors.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 is protected from removal
    It is a control plane. Set protect_control_planes = false for this run to destroy it.
    "#);
    assert_eq!(bench.writes(), Vec::<String>::new());
    bench.terraform.set("protect_control_planes", false);
    applied(&mut bench, &Config::new()).await;
    assert!(bench.sim.world(|world| world.vm(8010).is_none()));
}

#[tokio::test]
async fn an_import_of_what_an_apply_made_changes_nothing() {
    let config = one(|vm| vm.set("startup_order", Value::Null));
    let mut bench = made(&config).await;
    let identity = Value::object([("node", Value::from("pve")), ("vmid", 8010.into())]);
    for key in [
        ImportKey::Id("pve/8010".into()),
        ImportKey::Identity(identity),
    ] {
        bench.terraform.state.clear();
        bench.writes();
        let imported = bench.terraform.import("worker-1", key).await;
        assert_eq!(imported.errors, Vec::<String>::new());
        settled(&mut bench, &config).await;
    }
}

#[tokio::test]
async fn the_calls_of_a_run_are_bounded() {
    let count = 5;
    let config = workers(count);
    let mut bench = Bench::start().await;
    let bound = |each: usize, all: usize| each * usize::try_from(count).expect("small") + all;
    applied(&mut bench, &config).await;
    let apply = bench.calls();
    bench.terraform.plan(&config).await.assert_empty();
    let refresh = bench.calls();
    assert!(
        apply <= bound(12, 20) + bound(1, 12),
        "{apply} calls for plan and apply"
    );
    assert!(refresh <= bound(1, 12), "{refresh} calls for a refresh");
}
