//! Inputs drawn at random from all that the contract allows and the simulated host can hold: after an apply through real
//! Terraform the next plan is empty, with and without refresh.
//!
//! `cargo test` draws one. With `EM_INFRA_PROVE=full` it is a hundred, as `cargo xtask prove idempotency --full` does.

use std::collections::BTreeMap;
use std::sync::Mutex;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config as Draws, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Map, Value, json};
use testkit::proof::{self, Extent, Proof};

use crate::lab::{CHDIR, Lab};

const PROOF: Proof = Proof {
    package: "em-infra",
    program: "e2e",
    test: "idempotency::random_inputs_settle_with_the_first_apply",
};

/// Environments that are applied at the same time, each on a host of its own.
const AT_ONCE: usize = 2;

/// The values of some inputs; what is not there has its default or the example's value.
type Inputs = Map<String, Value>;

fn inputs(parts: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Inputs {
    let given = parts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    given.collect()
}

fn drawn() -> impl Strategy<Value = Inputs> {
    "[a-z][a-z0-9-]{0,8}[a-z0-9]".prop_flat_map(|env| {
        let parts = (place(), nodes(env.clone()), network(), sizes());
        parts.prop_map(move |(place, nodes, network, sizes)| {
            let mut all = inputs([("env_name", Some(json!(env)))]);
            for part in [place, nodes, network, sizes] {
                all.extend(part);
            }
            all
        })
    })
}

fn place() -> impl Strategy<Value = Inputs> {
    let disks = select(vec![
        ("local-lvm", "full"),
        ("local", "full"),
        ("local", "linked"),
    ]);
    let template = select(vec!["talos-v1.13-nocloud", "9000"]);
    let talos = select(vec!["v1.9.5", "v1.11.0", "v1.12.3", "v1.13.9", "v1.14.0"]);
    let start = prop_oneof![Just(8000_u32), 10_000..999_998_000_u32];
    (disks, template, talos, start, maybe(1..4094_u32)).prop_map(
        |((disk_pool, clone_mode), template, talos, start, vlan)| {
            inputs([
                ("disk_pool", Some(json!(disk_pool))),
                ("clone_mode", Some(json!(clone_mode))),
                ("control_plane_template", Some(json!(template))),
                ("gpu_worker_template", Some(json!(template))),
                ("talos_version", Some(json!(talos))),
                ("vmid_start", Some(json!(start))),
                ("network_vlan", vlan.map(Value::from)),
            ])
        },
    )
}

/// Nodes of every group, and what is different for some of them.
fn nodes(env: String) -> impl Strategy<Value = Inputs> {
    let counts = (select(vec![1, 3]), 0..3_u32);
    let named = prop::collection::btree_map("(w|pool)-[3-9]", attributes(), 0..2);
    let cards = subsequence(vec!["0000:41:00", "0000:42:00.0"], 0..=2);
    let mapped = subsequence(vec![("trainer-1", "gpu0"), ("trainer-2", "gpu1")], 0..=2);
    let overrides = subsequence(vec!["control-1", "worker-1", "worker-2"], 0..=2)
        .prop_flat_map(|names| (Just(names), prop::collection::vec(attributes(), 2)));
    (counts, named, cards, mapped, overrides).prop_map(
        move |(counts, named, cards, mapped, (names, attributes))| {
            let gpus = |mapping| json!({"gpus": [{"mapping": mapping}]});
            let mapped: BTreeMap<_, _> = mapped
                .into_iter()
                .map(|(name, mapping)| (name, gpus(mapping)))
                .collect();
            let different: BTreeMap<_, _> = names
                .iter()
                .map(|name| format!("{env}-{name}"))
                .zip(attributes)
                .collect();
            inputs([
                ("control_plane_count", Some(json!(counts.0))),
                ("worker_count", Some(json!(counts.1))),
                ("workers", Some(json!(named))),
                ("gpu_worker_pci_bdfs", Some(json!(cards))),
                ("gpu_workers", Some(json!(mapped))),
                ("node_overrides", Some(json!(different))),
            ])
        },
    )
}

/// What a single node may have of its own, in every spelling that the contract takes.
fn attributes() -> impl Strategy<Value = Inputs> {
    let hardware = (
        maybe(2..6_u32),
        maybe(2048..5000_u32),
        maybe(20..70_u32),
        maybe(select(vec!["host", "x86-64-v3", "x86-64-v2-AES"])),
        maybe(select(vec!["seabios", "ovmf"])),
    );
    let identity = (
        maybe("(bc:24:11|BC:24:11)(:[0-9A-F]{2}){3}"),
        maybe("[0-9a-fA-F]{8}-0000-4000-8000-[0-9a-f]{12}"),
        maybe(1..4094_u32),
    );
    let habits = (
        maybe(any::<bool>()),
        maybe(any::<bool>()),
        maybe(subsequence(vec!["a", "B", "talos", "x.y"], 0..4)),
    );
    (hardware, identity, habits).prop_map(|(hardware, identity, habits)| {
        let (cores, memory, disk, cpu, bios) = hardware;
        let (mac, uuid, vlan) = identity;
        let (onboot, protection, tags) = habits;
        inputs([
            ("cores", cores.map(Value::from)),
            ("memory_mb", memory.map(Value::from)),
            ("disk_gb", disk.map(Value::from)),
            ("cpu_type", cpu.map(Value::from)),
            ("bios", bios.map(Value::from)),
            ("mac", mac.map(Value::from)),
            ("uuid", uuid.map(Value::from)),
            ("network_vlan", vlan.map(Value::from)),
            ("onboot", onboot.map(Value::from)),
            ("protection", protection.map(Value::from)),
            ("tags", tags.map(Value::from)),
        ])
    })
}

fn network() -> impl Strategy<Value = Inputs> {
    let network = select(vec![
        ("192.168.1.0/24", "192.168.1."),
        ("10.20.0.0/16", "10.20.0."),
        ("172.20.8.0/22", "172.20.8."),
    ]);
    let servers = subsequence(vec!["192.0.2.1", "9.9.9.9", "1.1.1.1"], 0..=3);
    let mode = select(vec!["static", "dhcp_reserved"]);
    let own = (maybe(Just(60)), maybe(Just(5)));
    (network, servers, mode, own).prop_map(|((cidr, prefix), servers, mode, (start, vip))| {
        let address = |number: u32| json!(format!("{prefix}{number}"));
        inputs([
            ("cluster_network_cidr", Some(json!(cidr))),
            ("network_gateway", Some(address(1))),
            ("nameservers", Some(json!(servers))),
            ("address_mode", Some(json!(mode))),
            ("node_address_start", start.map(address)),
            ("cluster_vip", vip.map(address)),
        ])
    })
}

fn sizes() -> impl Strategy<Value = Inputs> {
    let cores = (maybe(2..4_u32), maybe(1..4_u32));
    let memory = (
        maybe(2048..4096_u32),
        maybe(1024..4096_u32),
        maybe(2048..6000_u32),
    );
    (cores, memory).prop_map(|(cores, memory)| {
        inputs([
            ("control_plane_cores", cores.0.map(Value::from)),
            ("worker_cores", cores.1.map(Value::from)),
            ("control_plane_memory_mb", memory.0.map(Value::from)),
            ("worker_memory_mb", memory.1.map(Value::from)),
            ("gpu_worker_memory_mb", memory.2.map(Value::from)),
        ])
    })
}

fn maybe<S: Strategy>(strategy: S) -> impl Strategy<Value = Option<S::Value>> {
    prop::option::of(strategy)
}

/// The same draws in every run, numbered.
struct Draw {
    runner: TestRunner,
    drawn: usize,
}

impl Draw {
    /// Goes on after the first `skipped` draws.
    fn after(skipped: usize) -> Self {
        let seed = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut draw = Self {
            runner: TestRunner::new_with_rng(Draws::default(), seed),
            drawn: 0,
        };
        (0..skipped).for_each(|_| drop(draw.next()));
        draw
    }

    fn next(&mut self) -> (usize, Inputs) {
        let number = self.drawn;
        self.drawn += 1;
        (
            number,
            drawn().new_tree(&mut self.runner).unwrap().current(),
        )
    }
}

/// Whether the contract takes them.
fn are_valid(lab: &Lab) -> bool {
    lab.em_infra(&["check"]).code == Some(0)
}

/// Applies the inputs in the lab and returns what was wrong with that and with the plans afterwards.
fn faults(lab: &Lab) -> Vec<String> {
    let apply: &[&str] = &["apply", "-auto-approve", "-input=false", "-no-color"];
    let plan: &[&str] = &["plan", "-detailed-exitcode", "-input=false", "-no-color"];
    let unrefreshed = [plan, &["-refresh=false"]].concat();
    let mut faults = Vec::new();
    for arguments in [apply, plan, &unrefreshed] {
        let said = lab.terraform(&[&[CHDIR], arguments].concat());
        if said.code != Some(0) {
            faults.push(format!("{arguments:?}: {said:?}"));
        }
    }
    faults
}

#[test]
fn random_inputs_settle_with_the_first_apply() {
    let (skipped, wanted) = match proof::extent() {
        Extent::Sample => (0, 1),
        Extent::Full => (0, 100),
        Extent::Case(number) => (number, 1),
    };
    // Inputs that are valid, with what was wrong with each; one lab takes the next draw when the last one is done.
    let draw = Mutex::new(Draw::after(skipped));
    let found = Mutex::new(Vec::new());
    let progress = PROOF.progress(wanted);
    let next = || {
        let draw = &mut *draw.lock().unwrap();
        (found.lock().unwrap().len() < wanted).then(|| draw.next())
    };
    let work = || {
        let mut lab = Lab::initialised();
        while let Some((number, inputs)) = next() {
            lab.start_over();
            lab.json_inputs(&inputs);
            if are_valid(&lab) {
                let faults = faults(&lab);
                found.lock().unwrap().push((number, inputs, faults));
                progress.done(1);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..wanted.min(AT_ONCE) {
            scope.spawn(work);
        }
    });
    let drawn = draw.into_inner().unwrap().drawn - skipped;
    let (settled, unsettled): (Vec<_>, Vec<_>) = found
        .into_inner()
        .unwrap()
        .into_iter()
        .partition(|(_, _, faults)| faults.is_empty());
    proof::figures(format_args!(
        "idempotency with Terraform: {drawn} random inputs, {} of them valid and applied, {} with empty second plans, \
         with and without refresh",
        settled.len() + unsettled.len(),
        settled.len()
    ));
    let told: Vec<String> = unsettled
        .into_iter()
        .map(|(number, inputs, faults)| {
            format!("{inputs:?}: {faults:?}\nagain: {}", PROOF.again(number))
        })
        .collect();
    assert_eq!(told, Vec::<String>::new());
}
