//! Worlds drawn at random: after an apply the next plan is empty, whatever the host held before.
//!
//! Many VMs share a host, each with a draw of its own: what is proven is proven for each of them, and
//! a host need not be made for each.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config as Draws, RngAlgorithm, TestRng, TestRunner};
use testkit::proof::figures;
use tf_plugin::Value;

use super::batches::{Batch, in_batches};
use super::proof;
use crate::bench::{Bench, worker};
use crate::terraform::Config;

/// A VM before and after, and what somebody did to it between two applies.
#[derive(Debug, Clone)]
struct Drawn {
    first: Value,
    second: Value,
    /// Option and value, written behind Terraform's back.
    edits: Vec<(&'static str, &'static str)>,
    stopped: bool,
    forgotten: bool,
}

fn vm() -> impl Strategy<Value = Value> {
    let hardware = (1..8_u32, 1..5_u32, 5..9_u32, any::<bool>(), any::<bool>());
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
        let (cores, memory, disk, managed, uefi) = hardware;
        let (vlan, mode, gateway) = network;
        let (onboot, started, tags) = habits;
        let vm = Value::object([("cores", cores)])
            .with("memory", memory * 512)
            .with("disk_gb", disk)
            .with("vlan", vlan)
            .with("address_mode", mode)
            .with("onboot", onboot)
            .with("started", started)
            .with("tags", Value::list(tags))
            .with("bios", if uefi { "ovmf" } else { "seabios" });
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

const EDITS: [(&str, &str); 12] = [
    ("cores", "9"),
    ("sockets", "2"),
    ("memory", "777"),
    ("tags", "mine"),
    ("onboot", "0"),
    ("protection", "1"),
    ("name", "renamed"),
    ("description", "my notes"),
    ("nameserver", "192.0.2.1"),
    ("machine", "pc"),
    ("bios", "ovmf"),
    ("startup", "order=7"),
];

fn drawn() -> impl Strategy<Value = Drawn> {
    let edits = prop::collection::vec(prop::sample::select(EDITS.to_vec()), 0..4);
    (vm(), vm(), edits, any::<bool>(), any::<bool>()).prop_map(
        |(first, second, edits, stopped, forgotten)| {
            // Without state and marker a VM is a stranger.
            let kept = |option: &str| !(forgotten && option == "description");
            Drawn {
                // A disk only grows.
                second: second.with("disk_gb", first.get("disk_gb").clone()),
                first,
                edits: edits
                    .into_iter()
                    .filter(|(option, _)| kept(option))
                    .collect(),
                stopped,
                forgotten,
            }
        },
    )
}

fn key(number: u32) -> String {
    format!("worker-{number:03}")
}

/// The configuration of a batch, one VM for each draw.
fn config(draws: &[Drawn], of: impl Fn(&Drawn) -> &Value) -> Config {
    (1..)
        .zip(draws)
        .map(|(number, drawn)| {
            let own = of(drawn).as_map().into_iter().flatten();
            let vm = own.fold(worker(number), |vm, (name, value)| {
                vm.with(name, value.clone())
            });
            (key(number), vm)
        })
        .collect()
}

async fn settle(draws: Vec<Drawn>) -> Batch {
    let mut bench = Bench::start().await;
    bench.terraform.parallelism = 10;
    bench.terraform.set("allow_restart", true);
    let mut batch = Batch::of(draws.len());
    applied_and_empty(
        &mut bench,
        &config(&draws, |drawn| &drawn.first),
        &mut batch,
    )
    .await;
    bench.sim.edit(|world| {
        for (vmid, drawn) in (8010..).zip(&draws) {
            if let Some(vm) = world.vm_mut(vmid) {
                for (option, value) in &drawn.edits {
                    vm.set_option(option, value);
                }
            }
            if drawn.stopped {
                world.guest_exits(vmid);
            }
        }
    });
    for (number, drawn) in (1..).zip(&draws) {
        if drawn.forgotten {
            bench.terraform.state.remove(&key(number));
        }
    }
    applied_and_empty(
        &mut bench,
        &config(&draws, |drawn| &drawn.second),
        &mut batch,
    )
    .await;
    batch.explain(|place| format!("{:?}", draws[place]));
    batch
}

async fn applied_and_empty(bench: &mut Bench, config: &Config, batch: &mut Batch) {
    let applied = bench.terraform.apply(config).await;
    let plans = [
        bench.terraform.plan(config).await,
        bench.terraform.plan_only(config).await,
    ];
    for told in [applied].iter().chain(&plans) {
        told.errors.iter().for_each(|error| batch.error(error));
    }
    let changed: BTreeSet<&str> = plans
        .iter()
        .flat_map(|plan| plan.changes().into_keys())
        .collect();
    for (place, key) in config.keys().enumerate() {
        if changed.contains(key.as_str()) {
            batch.fault(place, "not empty");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idempotency_of_random_worlds() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Draws::default(), rng);
    let strategy = drawn();
    let draw = || strategy.new_tree(&mut runner).expect("a draw").current();
    let proof = proof("matrix::idempotency::idempotency_of_random_worlds");
    let settled = in_batches(proof, 24, draw, settle).await;
    figures(format_args!(
        "idempotency: {} random pairs of inputs with changes from outside, {} with empty second plans, with and \
         without refresh",
        settled.cases(),
        settled.converged()
    ));
    assert_eq!(settled.faults, Vec::<String>::new());
}
