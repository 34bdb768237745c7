//! Lost answers, failed steps and stops: a plain rerun ends where an undisturbed run would have.

use std::collections::BTreeMap;
use std::time::Duration;

use pve_sim::{Entry, Fault, FaultAction};
use tf_plugin::Value;
use tokio::task::JoinSet;

use crate::bench::{Bench, worker, workers};
use crate::terraform::{Config, Outcome};

/// Applies undisturbed; then nothing is left to do, and exactly the wanted VMs are there.
async fn converges(bench: &mut Bench, config: &Config) {
    let outcome = bench.terraform.apply(config).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    bench.terraform.plan(config).await.assert_empty();
    bench.terraform.plan_only(config).await.assert_empty();
    let wanted = config
        .values()
        .filter_map(|vm| vm.get("vmid").as_number()?.as_u64());
    let wanted: Vec<u64> = wanted.chain([9000]).collect();
    let vms: Vec<u64> = bench
        .sim
        .world(|world| world.vms().map(|(vmid, _)| vmid.into()).collect());
    assert_eq!(vms, wanted);
}

/// A host on which `before` was applied, with every consent.
async fn begun(before: &Config) -> Bench {
    let mut bench = Bench::start().await;
    bench.terraform.set("allow_restart", true);
    converges(&mut bench, before).await;
    bench.writes();
    bench
}

fn split(write: &str) -> (String, String) {
    let (method, path) = write.split_once(' ').expect("method and path");
    (method.to_owned(), path.to_owned())
}

/// Goes from one configuration to another with one of its writes disturbed, each in turn and on a
/// host of its own.
async fn each_write_disturbed(before: &Config, after: &Config, action: &FaultAction) {
    let mut undisturbed = begun(before).await;
    converges(&mut undisturbed, after).await;
    let writes = undisturbed.writes();
    assert!(!writes.is_empty());
    let mut hosts = JoinSet::new();
    for (place, write) in writes.iter().enumerate() {
        let nth = writes[..=place]
            .iter()
            .filter(|earlier| *earlier == write)
            .count();
        let (method, path) = split(write);
        let fault =
            Fault::on(&method, &path, action.clone()).nth(u64::try_from(nth).expect("small"));
        hosts.spawn(one_write_disturbed(
            before.clone(),
            after.clone(),
            fault.once(),
        ));
    }
    hosts.join_all().await;
}

async fn one_write_disturbed(before: Config, after: Config, fault: Fault) {
    let mut bench = begun(&before).await;
    bench.sim.fault(fault);
    let outcome = bench.terraform.apply(&after).await;
    if !outcome.errors.is_empty() {
        assert_eq!(
            bench.terraform.state.len(),
            before.len(),
            "an error taints nothing"
        );
    }
    converges(&mut bench, &after).await;
}

fn changed() -> Config {
    let change = worker(1)
        .with("memory", 4096)
        .with("disk_gb", 30)
        .with("vlan", 20);
    BTreeMap::from([("worker-1".to_owned(), change)])
}

async fn whole_life_disturbed(action: FaultAction) {
    let (none, made, changed) = (Config::new(), workers(1), changed());
    each_write_disturbed(&none, &made, &action).await;
    each_write_disturbed(&made, &changed, &action).await;
    each_write_disturbed(&made, &none, &action).await;
}

#[tokio::test]
async fn the_answer_is_lost_before_the_work() {
    whole_life_disturbed(FaultAction::CloseBefore).await;
}

#[tokio::test]
async fn the_answer_is_lost_after_the_work() {
    whole_life_disturbed(FaultAction::CloseAfter).await;
}

#[tokio::test]
async fn the_proxy_times_out_after_the_work() {
    whole_life_disturbed(FaultAction::StatusAfter(596, "Connection timed out".into())).await;
}

#[tokio::test]
async fn the_host_refuses() {
    whole_life_disturbed(FaultAction::Status(500, "no".into())).await;
}

#[tokio::test]
async fn the_task_fails() {
    whole_life_disturbed(FaultAction::TaskFails("the disk is on fire".into())).await;
}

#[tokio::test]
async fn a_clone_that_was_killed_is_refused_with_the_lines_that_mend_it() {
    let mut bench = Bench::start().await;
    bench
        .sim
        .edit(|world| world.slow_copies(Some(Duration::from_secs(8))));
    let killed = FaultAction::WorkerKilled(Duration::from_secs(1));
    bench
        .sim
        .fault(Fault::on("POST", "/nodes/pve/qemu/9000/clone", killed).once());
    let outcome = bench.terraform.apply(&workers(1)).await;
    assert_eq!(outcome.errors.len(), 1, "{:?}", outcome.errors);
    bench.writes();
    let again = bench.terraform.apply(&workers(1)).await;
    assert_eq!(bench.writes(), Vec::<String>::new());
    insta::assert_snapshot!(again.errors.join("\n"), @r#"
    VMID 8010 is locked
    VMID 8010 is locked by a clone that no longer runs, and no API token can lift that lock. If nobody is cloning to it, run on node pve as root:
      qm unlock 8010
      qm destroy 8010 --purge 1 --destroy-unreferenced-disks 1
    and apply again.
    "#);
    // What the lines do, done on the host.
    bench.sim.edit(|world| world.remove_vm(8010));
    converges(&mut bench, &workers(1)).await;
}

/// Applies, and asks to stop as soon as the host has seen such a request.
async fn stopped_at(bench: &mut Bench, config: &Config, seen: impl Fn(&Entry) -> bool) -> Outcome {
    let Bench { sim, terraform } = bench;
    let working = terraform.working.clone();
    let asked = async {
        while !sim.journal().iter().any(&seen) {
            tokio::task::yield_now().await;
        }
        working.ask_to_stop().await;
    };
    tokio::join!(terraform.apply(config), asked).0
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_before_the_first_step_makes_nothing() {
    let mut bench = Bench::start().await;
    let path = "/nodes/pve/qemu/8010/config";
    let slow = FaultAction::SlowBody(Duration::from_millis(300));
    bench.sim.fault(Fault::on("GET", path, slow).once());
    let outcome = stopped_at(&mut bench, &workers(1), |entry| entry.path == path).await;
    insta::assert_snapshot!(outcome.errors.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 was not built
    A stop came first; nothing was changed.
    "#);
    assert!(bench.terraform.state.is_empty());
    assert_eq!(bench.writes(), Vec::<String>::new());
    converges(&mut bench, &workers(1)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_in_mid_create_parks_and_the_next_run_goes_on() {
    let config = workers(1);
    let mut bench = Bench::start().await;
    // The answer to the first write outlasts the asking, however busy the machine is.
    let slow = FaultAction::SlowBody(Duration::from_secs(1));
    bench
        .sim
        .fault(Fault::on("POST", "/nodes/pve/qemu/9000/clone", slow).once());
    let outcome = stopped_at(&mut bench, &config, |entry| entry.write).await;
    insta::assert_snapshot!(outcome.warnings.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 is not finished
    A stop came first. VM 8010 k3s-dev-worker-1 stays as far as it was built; the next plan and apply go on from there.
    "#);
    assert_eq!(outcome.errors, Vec::<String>::new());
    assert_eq!(
        bench.terraform.state["worker-1"].object.get("existing"),
        &Value::Bool(false)
    );
    let unrefreshed = bench.terraform.plan_only(&config).await;
    assert_eq!(
        unrefreshed.changes().len(),
        1,
        "a parked VM is unfinished without a refresh too"
    );
    converges(&mut bench, &config).await;
}

/// Proxmox stores the options of one call one by one, in no fixed order, until one is refused.
#[tokio::test]
async fn a_refused_change_leaves_nothing_that_waits_for_the_next_start() {
    let config = workers(1);
    let mut left = 0;
    for _ in 0..6 {
        let mut bench = Bench::start().await;
        bench
            .sim
            .edit(|world| world.set_datacenter("user-tag-access", "user-allow=none"));
        let outcome = bench.terraform.apply(&config).await;
        assert_eq!(outcome.errors.len(), 1, "{:?}", outcome.errors);
        let reverted = bench
            .writes()
            .iter()
            .filter(|write| write.as_str() == "PUT /nodes/pve/qemu/8010/config")
            .count();
        left += usize::from(reverted == 3);
        let card = bench.sim.world(|world| {
            let vm = world.vm(8010).expect("cloned");
            (vm.option("net0"), vm.current("net0").map(str::to_owned))
        });
        assert_eq!(card.0, card.1, "nothing waits for the next start");
        bench
            .sim
            .edit(|world| world.set_datacenter("user-tag-access", "user-allow=free"));
        converges(&mut bench, &config).await;
    }
    assert!(
        left > 0,
        "in some order, something was stored before the refusal"
    );
}
