//! Worlds drawn at random: after an apply the next plan is empty, whatever the host held before.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config as Draws, TestRunner};
use tf_plugin::Value;
use tokio::task::JoinSet;

use super::case::Figures;
use crate::bench::{Bench, worker};
use crate::figures::{full, report};
use crate::terraform::Config;

/// An environment and what somebody did to the host between two applies.
#[derive(Debug, Clone)]
struct Drawn {
    first: Config,
    second: Config,
    /// VMID, option and value, written behind Terraform's back.
    edits: Vec<(u32, &'static str, &'static str)>,
    stopped: bool,
    forgotten: bool,
}

fn vm(number: u32) -> impl Strategy<Value = Value> {
    let hardware = (1..8_u32, 1..5_u32, 5..30_u32, any::<bool>());
    let network = (
        prop::option::of(1..4094_u32),
        prop::sample::select(vec!["static", "dhcp_reserved"]),
        any::<bool>(),
    );
    let habits = (
        any::<bool>(),
        any::<bool>(),
        prop::sample::subsequence(vec!["a", "B", "talos", "x.y"], 0..4),
    );
    (hardware, network, habits).prop_map(move |(hardware, network, habits)| {
        let (cores, memory, disk, managed) = hardware;
        let (vlan, mode, gateway) = network;
        let (onboot, started, tags) = habits;
        let vm = worker(number)
            .with("cores", cores)
            .with("memory", memory * 1024)
            .with("disk_gb", disk)
            .with("vlan", vlan)
            .with("address_mode", mode)
            .with("onboot", onboot)
            .with("started", started)
            .with("tags", Value::list(tags));
        let vm = if gateway {
            vm
        } else {
            vm.with("gateway", Value::Null)
        };
        if managed {
            vm
        } else {
            vm.with("cpu_type", Value::Null).with("tags", Value::Null)
        }
    })
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let both = (vm(1), vm(2), vm(1), vm(2));
    let edit = (
        8010..8012_u32,
        prop::sample::select(vec![
            ("cores", "9"),
            ("memory", "777"),
            ("tags", "mine"),
            ("onboot", "0"),
            ("protection", "1"),
            ("name", "renamed"),
            ("description", "my notes"),
            ("nameserver", "192.0.2.1"),
            ("machine", "pc"),
        ]),
    );
    let edits = prop::collection::vec(edit, 0..4);
    (both, edits, any::<bool>(), any::<bool>()).prop_map(|(both, edits, stopped, forgotten)| {
        let (one, two, again, other) = both;
        // A disk only grows.
        let grown =
            |before: &Value, after: Value| after.with("disk_gb", before.get("disk_gb").clone());
        let config = |one: Value, two: Value| {
            Config::from([("worker-1".to_owned(), one), ("worker-2".to_owned(), two)])
        };
        // Without state and marker a VM is a stranger.
        let kept = |option: &str| !(forgotten && option == "description");
        Drawn {
            second: config(grown(&one, again), grown(&two, other)),
            first: config(one, two),
            edits: edits
                .into_iter()
                .filter(|(_, (option, _))| kept(option))
                .map(|(vmid, (option, value))| (vmid, option, value))
                .collect(),
            stopped,
            forgotten,
        }
    })
}

async fn settles(drawn: Drawn) -> Figures {
    let mut bench = Bench::start().await;
    bench.terraform.set("allow_restart", true);
    let mut faults = applied_and_empty(&mut bench, &drawn.first).await;
    bench.sim.edit(|world| {
        for (vmid, option, value) in &drawn.edits {
            if let Some(vm) = world.vm_mut(*vmid) {
                vm.set_option(option, value);
            }
        }
        if drawn.stopped {
            world.guest_exits(8010);
        }
    });
    if drawn.forgotten {
        bench.terraform.state.clear();
    }
    faults.extend(applied_and_empty(&mut bench, &drawn.second).await);
    Figures::of_one(
        faults
            .into_iter()
            .map(|fault| format!("{drawn:?}: {fault}"))
            .collect(),
    )
}

async fn applied_and_empty(bench: &mut Bench, config: &Config) -> Vec<String> {
    let mut faults = bench.terraform.apply(config).await.errors;
    for planned in [
        bench.terraform.plan(config).await,
        bench.terraform.plan_only(config).await,
    ] {
        faults.extend(planned.errors.iter().cloned());
        if !planned.changes().is_empty() {
            faults.push(format!("not empty: {:?}", planned.changes()));
        }
    }
    faults
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idempotency_of_random_worlds() {
    let count = if full() { 500 } else { 12 };
    let mut runner = TestRunner::new_with_rng(
        Draws::default(),
        prop::test_runner::TestRng::deterministic_rng(prop::test_runner::RngAlgorithm::ChaCha),
    );
    let strategy = drawn();
    let mut figures = Figures::default();
    let mut running = JoinSet::new();
    for _ in 0..count {
        let world = strategy.new_tree(&mut runner).expect("a draw").current();
        if running.len() >= super::AT_ONCE {
            figures += running
                .join_next()
                .await
                .expect("some run")
                .expect("no panic");
        }
        running.spawn(settles(world));
    }
    while let Some(done) = running.join_next().await {
        figures += done.expect("no panic");
    }
    report(&format!(
        "idempotency: {} random pairs of inputs with changes from outside, {} with empty second plans, with and \
         without refresh",
        figures.cases(),
        figures.converged()
    ));
    assert_eq!(figures.faults, Vec::<String>::new());
}
