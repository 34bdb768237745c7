//! Whose VM it is: strangers are named and stay untouched, our own are taken over.

use crate::bench::{Bench, worker, workers};
use crate::terraform::{Action, Config};
use std::collections::BTreeMap;

async fn untouched(bench: &mut Bench, config: &Config) -> String {
    bench.writes();
    let before = bench.sim.world(|world| world.config(8010));
    let outcome = bench.terraform.apply(config).await;
    assert_eq!(bench.writes(), Vec::<String>::new());
    assert_eq!(bench.sim.world(|world| world.config(8010)), before);
    outcome.errors.join("\n")
}

#[tokio::test]
async fn a_stranger_on_the_vmid_stays_untouched() {
    let mut bench = Bench::start().await;
    bench
        .sim
        .edit(|world| world.put_vm(8010, [("name", "nas"), ("cores", "2")]));
    let errors = untouched(&mut bench, &workers(1)).await;
    insta::assert_snapshot!(errors, @r#"
    VMID 8010 is taken (at vmid)
    VMID 8010 on node pve is taken by nas, which is not VM 8010 k3s-dev-worker-1 of this environment: it carries no em-infra marker and another UUID. It is left untouched. Give this node another VMID, or remove that VM yourself.
    "#);
}

#[tokio::test]
async fn a_container_on_the_vmid_is_seen_at_plan() {
    let mut bench = Bench::start().await;
    bench.sim.edit(|world| world.put_container(8010));
    let errors = untouched(&mut bench, &workers(1)).await;
    insta::assert_snapshot!(errors, @r#"
    VMID 8010 is taken (at vmid)
    VMID 8010 is taken by something that these credentials may not see: a VM without VM.Audit, a container, or a guest of another node. Grant VM.Audit on /vms/8010 or give this node another VMID.
    "#);
}

#[tokio::test]
async fn a_recycled_vmid_is_not_ours_any_more() {
    let mut bench = Bench::start().await;
    assert_eq!(
        bench.terraform.apply(&workers(1)).await.errors,
        Vec::<String>::new()
    );
    bench.sim.edit(|world| {
        world.remove_vm(8010);
        world.put_vm(8010, [("name", "k3s-dev-worker-1"), ("cores", "2")]);
    });
    let errors = untouched(&mut bench, &workers(1)).await;
    insta::assert_snapshot!(errors, @r#"
    VMID 8010 is taken
    VMID 8010 on node pve is taken by k3s-dev-worker-1, which is not VM 8010 k3s-dev-worker-1 of this environment: it carries no em-infra marker and another UUID. It is left untouched. Give this node another VMID, or remove that VM yourself.

    If the VM of this environment is gone for good, make Terraform forget it: terraform state rm ADDRESS.
    "#);
    untouched(&mut bench, &Config::new()).await;
}

#[tokio::test]
async fn a_lost_state_is_mended_by_plan_and_apply() {
    let config = workers(2);
    let mut bench = Bench::start().await;
    assert_eq!(
        bench.terraform.apply(&config).await.errors,
        Vec::<String>::new()
    );
    bench.terraform.state.clear();
    bench.writes();
    let outcome = bench.terraform.apply(&config).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    insta::assert_snapshot!(outcome.warnings.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 exists and is this environment's: it will be taken over, not built
    No state of this run holds it. What differs from the configuration is changed, nothing is rebuilt.
    VM 8011 k3s-dev-worker-2 exists and is this environment's: it will be taken over, not built
    No state of this run holds it. What differs from the configuration is changed, nothing is rebuilt.
    "#);
    assert_eq!(bench.writes(), Vec::<String>::new());
    bench.terraform.plan(&config).await.assert_empty();
}

#[tokio::test]
async fn a_strict_run_takes_nothing_over() {
    let mut bench = Bench::start().await;
    assert_eq!(
        bench.terraform.apply(&workers(1)).await.errors,
        Vec::<String>::new()
    );
    bench.terraform.state.clear();
    bench.terraform.set("take_over", false);
    let errors = untouched(&mut bench, &workers(1)).await;
    insta::assert_snapshot!(errors, @r#"
    VM 8010 k3s-dev-worker-1 exists already (at vmid)
    It is this environment's, and no state holds it. With take_over = false it is not taken over: import it, or set take_over = true.
    "#);
}

#[tokio::test]
async fn edited_notes_are_mended_and_kept() {
    let config = workers(1);
    let mut bench = Bench::start().await;
    assert_eq!(
        bench.terraform.apply(&config).await.errors,
        Vec::<String>::new()
    );
    bench.sim.edit(|world| {
        world
            .vm_mut(8010)
            .expect("made")
            .set_option("description", "mine");
    });
    let outcome = bench.terraform.apply(&config).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    assert_eq!(
        outcome.changes(),
        BTreeMap::from([("worker-1", Action::Update)])
    );
    insta::assert_snapshot!(outcome.warnings.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 lost its em-infra marker
    Its notes were edited in Proxmox. UUID and state say that it is this environment's; the next apply writes the marker again.
    "#);
    bench.terraform.plan(&config).await.assert_empty();
    let notes = bench
        .sim
        .world(|world| world.option(8010, "description"))
        .expect("written");
    assert!(notes.ends_with("mine"), "{notes}");
}

#[tokio::test]
async fn every_change_from_outside_is_noticed() {
    let config = workers(1);
    let mut bench = Bench::start().await;
    bench.terraform.set("allow_restart", true);
    assert_eq!(
        bench.terraform.apply(&config).await.errors,
        Vec::<String>::new()
    );
    let edits = [
        ("cores", "1"),
        ("sockets", "2"),
        ("memory", "2048"),
        ("cpu", "host"),
        ("machine", "pc"),
        ("onboot", "0"),
        ("protection", "1"),
        ("tags", "other"),
        ("nameserver", "192.168.50.9"),
        ("ipconfig0", "ip=192.168.50.99/24,gw=192.168.50.1"),
        ("net0", "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=7"),
        ("hostpci0", "mapping=gpu0,pcie=1"),
    ];
    for (key, value) in edits {
        bench
            .sim
            .edit(|world| world.vm_mut(8010).expect("made").set_option(key, value));
        let planned = bench.terraform.plan(&config).await;
        let expected = if value.ends_with("tag=7") {
            // The VLAN is not managed.
            BTreeMap::new()
        } else {
            BTreeMap::from([("worker-1", Action::Update)])
        };
        assert_eq!(planned.changes(), expected, "{key}: {:?}", planned.errors);
        assert_eq!(
            bench.terraform.apply(&config).await.errors,
            Vec::<String>::new(),
            "{key}"
        );
        bench.terraform.plan(&config).await.assert_empty();
    }
}

#[tokio::test]
async fn a_vm_that_is_gone_is_planned_again() {
    let config = workers(1);
    let mut bench = Bench::start().await;
    assert_eq!(
        bench.terraform.apply(&config).await.errors,
        Vec::<String>::new()
    );
    bench.sim.edit(|world| world.remove_vm(8010));
    let planned = bench.terraform.plan(&config).await;
    assert_eq!(planned.errors, Vec::<String>::new());
    assert_eq!(
        planned.changes(),
        BTreeMap::from([("worker-1", Action::Create)])
    );
}

#[tokio::test]
async fn two_vms_on_one_vmid_are_refused() {
    let mut bench = Bench::start().await;
    let mut config = workers(1);
    config.insert("twin".into(), worker(1).with("name", "k3s-dev-worker-1b"));
    let errors = untouched(&mut bench, &config).await;
    insta::assert_snapshot!(errors, @r#"
    VMID 8010 is planned twice (at vmid)
    Both k3s-dev-worker-1b and k3s-dev-worker-1 ask for it. Give one of them another.
    "#);
}
