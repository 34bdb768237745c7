//! Passing GPUs through with a token: mappings, and what would keep a VM from starting.

use std::collections::BTreeMap;
use std::time::Duration;

use pve_sim::{Fault, FaultAction, PciMapping};
use tf_plugin::{ImportKey, Value};

use crate::bench::{Bench, worker, workers};
use crate::terraform::{Action, Config};

/// The address of a card of the scenario that no mapping names.
pub(crate) fn card(number: u32) -> String {
    format!("0000:{}:00", 40 + number)
}

pub(crate) fn mapping(number: u32) -> Value {
    Value::object([
        (
            "name",
            Value::from(format!("k3s-dev-gpu-{}00", 40 + number)),
        ),
        ("env_name", "k3s-dev".into()),
        ("node", "pve".into()),
        ("bdf", card(number).into()),
    ])
}

pub(crate) fn with_gpu(vm: Value, mapping: Value, bdf: Value) -> Value {
    let gpu = Value::object([("mapping", mapping), ("bdf", bdf)]);
    vm.with("gpus", Value::list([gpu]))
}

/// What the module makes of `gpu_worker_pci_bdfs` with that many cards.
fn gpu_workers(count: u32) -> Config {
    (1..=count)
        .flat_map(|number| {
            let name = mapping(number).get("name").clone();
            let vm = with_gpu(worker(number), name, card(number).into());
            [
                (format!("mapping/{number}"), mapping(number)),
                (format!("worker-{number}"), vm),
            ]
        })
        .collect()
}

async fn applied(bench: &mut Bench, config: &Config) {
    let outcome = bench.terraform.apply(config).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    bench.terraform.plan(config).await.assert_empty();
    bench.terraform.plan_only(config).await.assert_empty();
}

fn mapping_names(bench: &Bench) -> Vec<String> {
    bench
        .sim
        .world(|world| world.pci_mappings().map(|(id, _)| id.to_owned()).collect())
}

#[tokio::test]
async fn two_gpus_run_with_a_token_and_go_without_a_trace() {
    let mut bench = Bench::start().await;
    let before = mapping_names(&bench);
    applied(&mut bench, &gpu_workers(2)).await;
    let running = bench.sim.world(|world| {
        [8010, 8011].map(|vmid| world.vm(vmid).is_some_and(pve_sim::Vm::is_running))
    });
    assert_eq!(running, [true, true]);
    applied(&mut bench, &Config::new()).await;
    assert_eq!(mapping_names(&bench), before);
}

#[tokio::test]
async fn the_calls_of_an_apply_with_gpus_are_bounded() {
    let (vms, gpus, others) = (5, 2, 2);
    let mut config = workers(5);
    config.extend(gpu_workers(2));
    let mut bench = Bench::start().await;
    bench.sim.edit(|world| {
        world.put_vm(200, [("name", "nas")]);
        world.put_vm(201, [("name", "games"), ("hostpci0", "mapping=gpu0")]);
    });
    let plan = bench.terraform.saved_plan(&config).await;
    bench.calls();
    let outcome = bench.terraform.apply_plan(plan).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    let apply = bench.calls();
    bench.terraform.plan(&config).await.assert_empty();
    let refresh = bench.calls();
    assert!(
        apply <= 12 * vms + 3 * gpus + 20,
        "{apply} calls for an apply"
    );
    assert!(
        refresh <= vms + 12 + others,
        "{refresh} calls for a refresh"
    );
}

#[tokio::test]
async fn a_template_does_not_use_the_device_that_it_names() {
    let mut bench = Bench::start().await;
    bench.sim.edit(|world| {
        let template = [
            ("name", "drivers"),
            ("template", "1"),
            ("hostpci0", "0000:41:00"),
        ];
        world.put_vm(9100, template);
    });
    applied(&mut bench, &gpu_workers(1)).await;
}

#[tokio::test]
async fn a_mapping_that_somebody_makes_first_is_found_at_the_second_look() {
    let config = BTreeMap::from([("mapping/1".to_owned(), mapping(1))]);
    let mut bench = Bench::start().await;
    let mut other = bench.another();
    let late = FaultAction::Delay(Duration::from_mins(10));
    bench
        .sim
        .fault(Fault::on("POST", "/cluster/mapping/pci", late).once());
    let (one, two) = tokio::join!(bench.terraform.apply(&config), other.apply(&config));
    assert_eq!([one.errors, two.errors].concat(), Vec::<String>::new());
    bench.terraform.plan(&config).await.assert_empty();
}

#[tokio::test]
async fn each_lost_answer_of_a_mapping_is_mended_by_the_same_run() {
    let config = BTreeMap::from([("mapping/1".to_owned(), mapping(1))]);
    for (method, path) in [
        ("POST", "/cluster/mapping/pci"),
        ("DELETE", "/cluster/mapping/pci/*"),
    ] {
        for action in [FaultAction::CloseBefore, FaultAction::CloseAfter] {
            let mut bench = Bench::start().await;
            bench.sim.fault(Fault::on(method, path, action).once());
            applied(&mut bench, &config).await;
            applied(&mut bench, &Config::new()).await;
        }
    }
}

#[tokio::test]
async fn a_mapping_that_was_changed_outside_is_mended() {
    let config = gpu_workers(1);
    let mut bench = Bench::start().await;
    applied(&mut bench, &config).await;
    bench.sim.edit(|world| {
        let made = world
            .pci_mappings()
            .find(|(id, _)| *id == "k3s-dev-gpu-4100");
        let mut mapping = made.expect("made").1.clone();
        mapping.map = vec!["id=10de:1,iommugroup=15,node=pve,path=0000:02:00.0".into()];
        world.put_pci_mapping("k3s-dev-gpu-4100", mapping);
    });
    let planned = bench.terraform.plan(&config).await;
    assert_eq!(
        planned.changes(),
        BTreeMap::from([("mapping/1", Action::Update)])
    );
    insta::assert_snapshot!(planned.warnings.join("\n"), @r#"
    PCI mapping k3s-dev-gpu-4100 will stand for another device
    0000:02:00.0 -> 0000:41:00: a VM that runs keeps its device until it is restarted.
    "#);
    applied(&mut bench, &config).await;
}

/// The module's answer to a card that moved to another slot, under the same name of the worker.
fn moved(config: &Config, to: u32) -> Config {
    let mapping = mapping(1).with("bdf", card(to));
    let name = mapping.get("name").clone();
    let vm = with_gpu(worker(1), name, card(to).into());
    let mut config = config.clone();
    config.extend([
        ("mapping/1".to_owned(), mapping),
        ("worker-1".to_owned(), vm),
    ]);
    config
}

#[tokio::test]
async fn another_address_under_the_same_name_is_a_stop_and_a_start_with_consent() {
    let before = gpu_workers(1);
    let after = moved(&before, 2);
    let mut bench = Bench::start().await;
    applied(&mut bench, &before).await;
    bench.writes();
    let refused = bench.terraform.apply(&after).await;
    insta::assert_snapshot!(refused.errors.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 would have to be restarted (at gpus)
    VM 8010 k3s-dev-worker-1 runs and would have to be restarted for: gpus mapping k3s-dev-gpu-4100 (0000:41:00) -> mapping k3s-dev-gpu-4100 (0000:42:00). Set allow_restart = true in the provider block for this run, or stop the VM first.
    "#);
    assert_eq!(bench.writes(), Vec::<String>::new());
    bench.terraform.set("allow_restart", true);
    let outcome = bench.terraform.apply(&after).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    insta::assert_snapshot!(outcome.warnings.join("\n"), @r#"
    PCI mapping k3s-dev-gpu-4100 will stand for another device
    0000:41:00 -> 0000:42:00: a VM that runs keeps its device until it is restarted.
    VM 8010 k3s-dev-worker-1 will be restarted (at gpus)
    gpus mapping k3s-dev-gpu-4100 (0000:41:00) -> mapping k3s-dev-gpu-4100 (0000:42:00).
    "#);
    insta::assert_snapshot!(bench.writes().join("\n"), @r#"
    PUT /cluster/mapping/pci/k3s-dev-gpu-4100
    POST /nodes/pve/qemu/8010/status/shutdown
    PUT /nodes/pve/qemu/8010/config
    POST /nodes/pve/qemu/8010/status/start
    "#);
    bench.terraform.plan(&after).await.assert_empty();
    bench.terraform.plan_only(&after).await.assert_empty();
    bench.terraform.state.remove("worker-1");
    let key = ImportKey::Id("pve/8010".into());
    let imported = bench.terraform.import("worker-1", key).await;
    assert_eq!(imported.errors, Vec::<String>::new());
    bench.terraform.plan(&after).await.assert_empty();
}

#[tokio::test]
async fn a_vm_is_not_stopped_for_a_mapping_that_stands_for_something_else() {
    let before = gpu_workers(1);
    let mut bench = Bench::start().await;
    bench.terraform.set("allow_restart", true);
    applied(&mut bench, &before).await;
    let after = moved(&before, 2);
    let failed = FaultAction::Status(500, "out of order".into());
    bench
        .sim
        .fault(Fault::on("PUT", "/cluster/mapping/pci/*", failed).once());
    bench.writes();
    let outcome = bench.terraform.apply(&after).await;
    insta::assert_snapshot!(outcome.errors.join("\n"), @r#"
    Unable to write PCI mapping k3s-dev-gpu-4100
    PUT /cluster/mapping/pci/k3s-dev-gpu-4100: 500 out of order.
    "#);
    assert_eq!(
        bench.writes(),
        ["PUT /cluster/mapping/pci/k3s-dev-gpu-4100"]
    );
    applied(&mut bench, &after).await;
}

/// Two VMs, each with a mapping that somebody else keeps.
fn with_mappings_of_others(second: (&str, &str), tags: &str) -> Config {
    let first = with_gpu(worker(1), "gpu0".into(), "0000:01:00.0".into());
    let second = with_gpu(worker(2), second.0.into(), second.1.into());
    BTreeMap::from([
        (
            "worker-1".to_owned(),
            first.with("tags", Value::list([tags])),
        ),
        ("worker-2".to_owned(), second),
    ])
}

#[tokio::test]
async fn a_vm_is_not_stopped_for_a_mapping_that_changed_after_its_plan() {
    let before = with_mappings_of_others(("gpu1", "0000:02:00.0"), "a");
    let after = with_mappings_of_others(("spare", "0000:41:00"), "b");
    let stands_for = |card: &str| PciMapping {
        map: vec![format!("id=10de:2684,iommugroup=15,node=pve,path={card}")],
        ..PciMapping::default()
    };
    let mut bench = Bench::start().await;
    bench.terraform.set("allow_restart", true);
    bench
        .sim
        .edit(|world| world.put_pci_mapping("spare", stands_for("0000:41:00")));
    applied(&mut bench, &before).await;
    bench.writes();
    let mut journal = bench.sim.follow_journal();
    let (sim, terraform) = (&bench.sim, &mut bench.terraform);
    // Both VMs are planned against one list of the mappings; the second is changed when the list is old.
    let meanwhile = async {
        while let Some(entry) = journal.recv().await {
            if entry.write {
                sim.edit(|world| world.put_pci_mapping("spare", stands_for("0000:42:00")));
                break;
            }
        }
    };
    let (outcome, ()) = tokio::join!(terraform.apply(&after), meanwhile);
    insta::assert_snapshot!(outcome.errors.join("\n"), @r#"
    VM 8011 k3s-dev-worker-2 cannot have its devices (at gpus)
    PCI mapping `spare` stands for 0000:42:00 and not for 0000:41:00. Give `bdf` as the mapping has it, leave it out, or change the mapping first.
    "#);
    assert_eq!(bench.writes(), ["PUT /nodes/pve/qemu/8010/config"]);
    let runs = bench
        .sim
        .world(|world| world.vm(8011).is_some_and(pve_sim::Vm::is_running));
    assert!(runs);
}

#[tokio::test]
async fn two_vms_that_swap_their_cards_are_told_that_it_may_take_two_applies() {
    let before = gpu_workers(2);
    let swapped: Config = [(1, 2), (2, 1)]
        .into_iter()
        .flat_map(|(number, to)| {
            let mapping = mapping(number).with("bdf", card(to));
            let vm = with_gpu(worker(number), mapping.get("name").clone(), card(to).into());
            [
                (format!("mapping/{number}"), mapping),
                (format!("worker-{number}"), vm),
            ]
        })
        .collect();
    let mut bench = Bench::start().await;
    bench.terraform.set("allow_restart", true);
    applied(&mut bench, &before).await;
    let planned = bench.terraform.plan(&swapped).await;
    let waits = |text: &&String| text.contains("runs with");
    let told: Vec<&str> = planned
        .warnings
        .iter()
        .filter(waits)
        .map(String::as_str)
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 is given a device that VM 8011 k3s-dev-worker-2 runs with (at gpus)
    The PCI device 0000:42:00 is free only when VM 8011 has stopped. Where VM 8010 k3s-dev-worker-1 comes first, Proxmox refuses to start it and this apply ends with an error: VM 8011 is changed all the same, and the same apply once more starts VM 8010 k3s-dev-worker-1.
    VM 8011 k3s-dev-worker-2 is given a device that VM 8010 k3s-dev-worker-1 runs with (at gpus)
    The PCI device 0000:41:00 is free only when VM 8010 has stopped. Where VM 8011 k3s-dev-worker-2 comes first, Proxmox refuses to start it and this apply ends with an error: VM 8010 is changed all the same, and the same apply once more starts VM 8011 k3s-dev-worker-2.
    "#);
    let first = bench.terraform.apply(&swapped).await;
    let refused =
        "Task qmstart of 8010 failed: PCI device '0000:42:00.0' already in use by VMID '8011'";
    assert!(
        matches!(&first.errors[..], [only] if only.contains(refused)),
        "{:?}",
        first.errors
    );
    applied(&mut bench, &swapped).await;
    let running = bench.sim.world(|world| {
        [8010, 8011].map(|vmid| world.vm(vmid).is_some_and(pve_sim::Vm::is_running))
    });
    assert_eq!(running, [true, true]);
}

#[tokio::test]
async fn a_lost_state_takes_mappings_over_and_an_import_changes_nothing() {
    let config = gpu_workers(1);
    let mut bench = Bench::start().await;
    applied(&mut bench, &config).await;
    bench.terraform.state.clear();
    bench.writes();
    applied(&mut bench, &config).await;
    assert_eq!(bench.writes(), Vec::<String>::new());
    bench.terraform.state.remove("mapping/1");
    let key = ImportKey::Id("k3s-dev-gpu-4100".into());
    let outcome = bench.terraform.import("mapping/1", key).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    bench.terraform.plan(&config).await.assert_empty();
}

#[tokio::test]
async fn a_mapping_of_somebody_else_is_named_and_left_alone() {
    let mut bench = Bench::start().await;
    let config = BTreeMap::from([("mapping/1".to_owned(), mapping(1).with("name", "gpu0"))]);
    let planned = bench.terraform.apply(&config).await;
    insta::assert_snapshot!(planned.errors.join("\n"), @r#"
    PCI mapping gpu0 is not of this environment (at name)
    A PCI mapping of this name exists and its description does not say that it was made for environment k3s-dev. It is left untouched. Give this one another name, use that one (gpus = [{ mapping = "gpu0" }]), or remove it yourself.
    "#);
    assert_eq!(bench.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_mapping_that_another_vm_uses_is_not_removed() {
    let config = BTreeMap::from([("mapping/1".to_owned(), mapping(1))]);
    let mut bench = Bench::start().await;
    applied(&mut bench, &config).await;
    bench.sim.edit(|world| {
        world.put_vm(
            105,
            [("name", "games"), ("hostpci0", "mapping=k3s-dev-gpu-4100")],
        );
    });
    let outcome = bench.terraform.apply(&Config::new()).await;
    insta::assert_snapshot!(outcome.errors.join("\n"), @r#"
    PCI mapping k3s-dev-gpu-4100 is in use
    VM 105 games, which is not of this state, has it and would not start without it. Take it from that VM first.
    "#);
}

async fn refused(config: &Config, prepare: impl FnOnce(&Bench)) -> String {
    let mut bench = Bench::start().await;
    prepare(&bench);
    bench.writes();
    let outcome = bench.terraform.apply(config).await;
    assert_eq!(
        bench.writes(),
        Vec::<String>::new(),
        "refused before a write"
    );
    outcome.errors.join("\n")
}

fn one_with(mapping: Value, bdf: Value) -> Config {
    BTreeMap::from([("worker-1".to_owned(), with_gpu(worker(1), mapping, bdf))])
}

#[tokio::test]
async fn a_plan_with_devices_that_no_vm_could_start_with_is_refused() {
    let ghost = BTreeMap::from([(
        "mapping/1".to_owned(),
        mapping(1).with("bdf", "0000:7f:00.0"),
    )]);
    let mut twice = gpu_workers(2);
    twice.insert("mapping/2".into(), mapping(2).with("bdf", card(1)));
    let second = with_gpu(worker(2), mapping(2).get("name").clone(), card(1).into());
    twice.insert("worker-2".into(), second);
    let mut elsewhere = gpu_workers(1);
    elsewhere.insert("mapping/1".into(), mapping(1).with("bdf", card(2)));
    let pc = gpu_workers(1)
        .into_iter()
        .map(|(key, value)| {
            if key.starts_with("worker") {
                (key, value.with("machine", "pc"))
            } else {
                (key, value)
            }
        })
        .collect();
    let taken = |bench: &Bench| {
        bench.sim.edit(|world| {
            world.put_vm(105, [("name", "games"), ("hostpci0", "0000:41:00")]);
        });
    };
    let no_iommu = |bench: &Bench| bench.sim.edit(|world| world.set_host(16, false));
    let told = [
        refused(&ghost, |_| ()).await,
        refused(&gpu_workers(1), no_iommu).await,
        refused(&gpu_workers(1), taken).await,
        refused(&twice, |_| ()).await,
        refused(&elsewhere, |_| ()).await,
        refused(&pc, |_| ()).await,
        refused(&one_with("nothing".into(), Value::Null), |_| ()).await,
        refused(&one_with(Value::Null, "0000:41:00".into()), |_| ()).await,
    ];
    insta::assert_snapshot!(told.join("\n\n"), @r#"
    PCI mapping k3s-dev-gpu-4100 cannot be made (at bdf)
    Node pve has no PCI device 0000:7f:00.0. Display controllers and accelerators that it has: 0000:01:00.0 GA102 [GeForce RTX 3090], 0000:02:00.0 GA102 [GeForce RTX 3090], 0000:41:00.0 AD102 [GeForce RTX 4090], 0000:42:00.0 AD102 [GeForce RTX 4090].

    PCI mapping k3s-dev-gpu-4100 cannot be made (at bdf)
    The PCI device 0000:41:00 of node pve is in no IOMMU group. Switch on VT-d or AMD-Vi in the firmware of the host, and the IOMMU in its kernel, then boot it.
    VM 8010 k3s-dev-worker-1 cannot have its devices (at gpus)
    There is no PCI mapping `k3s-dev-gpu-4100` with a device of node pve, or these credentials may not see it. Make it under Datacenter > Resource Mappings; using it needs Mapping.Use on /mapping/pci/k3s-dev-gpu-4100.

    VM 8010 k3s-dev-worker-1 cannot have its devices (at gpus)
    The PCI device 0000:41:00 is given to VM 105 games already. A device works for one VM at a time: take it from that one, or give this node another.

    VM 8011 k3s-dev-worker-2 cannot have its devices (at gpus)
    The PCI device 0000:41:00 is given to VM 8010 k3s-dev-worker-1 already. A device works for one VM at a time: take it from that one, or give this node another.

    VM 8010 k3s-dev-worker-1 cannot have its devices (at gpus)
    PCI mapping `k3s-dev-gpu-4100` stands for 0000:42:00 and not for 0000:41:00. Give `bdf` as the mapping has it, leave it out, or change the mapping first.

    VM 8010 k3s-dev-worker-1 cannot have its devices (at machine)
    Machine type pc has no PCI Express for a GPU. Set machine = "q35".

    VM 8010 k3s-dev-worker-1 cannot have its devices (at gpus)
    There is no PCI mapping `nothing` with a device of node pve, or these credentials may not see it. Make it under Datacenter > Resource Mappings; using it needs Mapping.Use on /mapping/pci/nothing.

    VM 8010 k3s-dev-worker-1 cannot be given the PCI device 0000:41:00 by its address (at gpus)
    Proxmox allows that only to root@pam with a password, not to an API token. Make an eminfra_pci_mapping for the device and name it: gpus = [{ mapping = "NAME" }].
    "#);
}

#[tokio::test]
async fn root_with_a_password_passes_an_address_through() {
    let mut bench = Bench::start().await;
    bench.log_in("root@pam");
    applied(&mut bench, &one_with(Value::Null, "0000:41:00".into())).await;
}
