//! VMs of others in every disguise on the place of ours: never a write.
//!
//! Disguises are drawn for every VMID of a host at once, so that they also stand beside each other.

use std::collections::BTreeMap;

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config as Draws, RngAlgorithm, TestRng, TestRunner};
use pve_sim::World;
use testkit::proof::{Extent, extent, figures};
use tf_plugin::Value;
use vm::Marker;
use vm::marker::{Found, embed, find};

use super::batches::{Batch, in_batches};
use super::proof;
use crate::bench::{Bench, worker};
use crate::terraform::{Config, Row};

/// Every so many is also tried alone: one that is refused keeps the others from being tried further.
fn alone() -> usize {
    match extent() {
        Extent::Sample => 8,
        Extent::Full | Extent::Case(_) => 1,
    }
}

/// One VM of somebody else.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is drawn by itself")]
struct Disguise {
    notes: Notes,
    our_uuid: bool,
    our_name: bool,
    our_mac: bool,
    running: bool,
    in_state: bool,
    template: bool,
    cores: u32,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Notes {
    None,
    Plain,
    /// The marker of our VM with another VMID: a clone.
    OfAnotherVmid,
    /// The marker of another VM of ours, with the VMID of this one in it.
    OfAnotherVm,
    /// The marker of this VM of another environment.
    OfAnotherEnvironment,
    /// Our marker, edited by hand.
    Edited,
    /// Our marker in a format that is not known yet.
    Newer,
}

fn disguise() -> impl Strategy<Value = Disguise> {
    let notes = prop::sample::select(vec![
        Notes::None,
        Notes::Plain,
        Notes::OfAnotherVmid,
        Notes::OfAnotherVm,
        Notes::OfAnotherEnvironment,
        Notes::Edited,
        Notes::Newer,
    ]);
    let flags = (
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
        any::<bool>(),
    );
    let drawn = (notes, flags, prop::bool::weighted(0.1), 1..9_u32);
    drawn
        .prop_map(|(notes, flags, template, cores)| {
            let (our_uuid, our_name, our_mac, running, in_state) = flags;
            Disguise {
                notes,
                our_uuid,
                our_name,
                our_mac,
                running: running && !template,
                in_state,
                template,
                cores,
            }
        })
        // A VM with our UUID that the state holds is ours with its notes gone, not a stranger.
        .prop_filter("ours", |drawn| {
            let unmarked = matches!(drawn.notes, Notes::None | Notes::Plain | Notes::Edited);
            !(unmarked && drawn.our_uuid && drawn.in_state)
        })
}

/// What stands in the notes of a stranger: `own` is the marker of the VM whose place it takes, `next`
/// that of its neighbour.
fn notes(kind: Notes, own: &str, next: &str) -> String {
    match kind {
        Notes::None => String::new(),
        Notes::Plain => "mine".to_owned(),
        Notes::OfAnotherVm => next.to_owned(),
        Notes::OfAnotherVmid => {
            let other = marker(next).key.vmid;
            rewritten(own, |marker| marker.key.vmid = other)
        }
        Notes::OfAnotherEnvironment => rewritten(own, |marker| marker.key.env_name = "lab".into()),
        Notes::Edited => own.replace("clone=full", "clone=linked"),
        Notes::Newer => own.replace("em-infra:1 ", "em-infra:2 "),
    }
}

fn marker(notes: &str) -> Marker {
    match find(notes) {
        Found::Marker(marker) => *marker,
        other => panic!("{other:?} in {notes}"),
    }
}

/// A marker with a check sum that holds, as another run of em-infra writes it.
fn rewritten(notes: &str, change: impl FnOnce(&mut Marker)) -> String {
    let mut marker = marker(notes);
    change(&mut marker);
    embed("", &marker).expect("short")
}

impl Disguise {
    fn put(self, world: &mut World, vmid: u32, own: &str, next: &str) {
        let number = vmid - 8009;
        let uuid = if self.our_uuid { number } else { 0xee };
        let mac = if self.our_mac { number } else { 0xee };
        let name = if self.our_name {
            format!("k3s-dev-worker-{number}")
        } else {
            "nas".to_owned()
        };
        let mut options = vec![
            ("name", name),
            ("cores", self.cores.to_string()),
            (
                "smbios1",
                format!("uuid=6f1d7c1e-0000-5000-8000-0000000000{uuid:02x}"),
            ),
            (
                "net0",
                format!("virtio=BC:24:11:00:00:{mac:02X},bridge=vmbr0"),
            ),
        ];
        let notes = notes(self.notes, own, next);
        if !notes.is_empty() {
            options.push(("description", notes));
        }
        if self.template {
            options.push(("template", "1".to_owned()));
        }
        world.remove_vm(vmid);
        world.put_vm(vmid, options);
    }
}

fn key(number: u32) -> String {
    format!("worker-{number:03}")
}

fn numbers(draws: &[Disguise]) -> impl Iterator<Item = (u32, &Disguise)> {
    (1..).zip(draws)
}

fn config(draws: &[Disguise], change: impl Fn(Value) -> Value) -> Config {
    numbers(draws)
        .map(|(number, _)| (key(number), change(worker(number))))
        .collect()
}

/// Makes all VMs of ours, puts the strangers in their places, and plans, applies, changes and
/// destroys.
async fn untouched(draws: Vec<Disguise>) -> Batch {
    let mut bench = Bench::start().await;
    bench.terraform.parallelism = 10;
    for consent in ["allow_restart", "allow_rebuild"] {
        bench.terraform.set(consent, true);
    }
    let ours = config(&draws, |vm| vm.with("started", false));
    let made = bench.terraform.apply(&ours).await;
    assert_eq!(made.errors, Vec::<String>::new());
    disguise_all(&mut bench, &draws).await;
    let config_of = |vmid| bench.sim.world(|world| world.config(vmid));
    let before: Vec<_> = numbers(&draws)
        .map(|(number, _)| config_of(8009 + number))
        .collect();
    bench.sim.clear_journal();
    let rows = bench.terraform.state.clone();
    tried(&mut bench, &draws, rows.clone()).await;
    for (number, disguise) in numbers(&draws).step_by(alone()) {
        let row = rows.get(&key(number)).map(|row| (key(number), row.clone()));
        bench.terraform.state = row.into_iter().collect();
        let only = Config::from([(key(number), worker(number).with("cores", disguise.cores))]);
        bench.terraform.apply(&only).await;
        bench.terraform.apply(&Config::new()).await;
    }
    let mut batch = Batch::of(draws.len());
    for ((place, before), (number, _)) in before.into_iter().enumerate().zip(numbers(&draws)) {
        if bench.sim.world(|world| world.config(8009 + number)) != before {
            batch.fault(place, "it was changed");
        }
    }
    for write in bench.writes() {
        batch.write(&write);
    }
    batch.explain(|place| format!("{:?}", draws[place]));
    batch
}

/// Applies, changes and destroys all of them.
async fn tried(bench: &mut Bench, draws: &[Disguise], rows: BTreeMap<String, Row>) {
    let all = config(draws, |vm| vm);
    let changed = config(draws, |vm| vm.with("memory", 1024));
    for config in [all, changed, Config::new()] {
        bench.terraform.state.clone_from(&rows);
        bench.terraform.apply(&config).await;
    }
}

async fn disguise_all(bench: &mut Bench, draws: &[Disguise]) {
    let marker = |number: u32| {
        let notes = bench
            .sim
            .world(|world| world.option(8009 + number, "description"));
        notes.expect("made")
    };
    let markers: Vec<String> = numbers(draws).map(|(number, _)| marker(number)).collect();
    bench.sim.edit(|world| {
        for (place, (number, disguise)) in numbers(draws).enumerate() {
            let next = &markers[(place + 1) % markers.len()];
            disguise.put(world, 8009 + number, &markers[place], next);
        }
    });
    for (number, disguise) in numbers(draws) {
        if disguise.running {
            start(bench, 8009 + number).await;
        }
        if !disguise.in_state {
            bench.terraform.state.remove(&key(number));
        }
    }
}

async fn start(bench: &Bench, vmid: u32) {
    let (node, vmid) = (
        "pve".parse().expect("a name"),
        pve_api::VmId::new(vmid).expect("a VMID"),
    );
    let task = bench.client().start(&node, vmid).await.expect("accepted");
    let never = std::future::pending();
    let limit = std::time::Duration::from_secs(30);
    let started = bench.client().wait_task(&task, limit, never).await;
    started.expect("started");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_of_random_worlds() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Draws::default(), rng);
    let strategy = disguise();
    let draw = || strategy.new_tree(&mut runner).expect("a draw").current();
    let proof = proof("matrix::strangers::identity_of_random_worlds");
    let met = in_batches(proof, 20, draw, untouched).await;
    figures(format_args!(
        "identity: {} strangers drawn at random on the places of ours, {} untouched by plan, apply, change and \
         destroy, {} writes to them",
        met.cases(),
        met.converged(),
        met.foreign_writes(),
    ));
    assert_eq!(met.faults, Vec::<String>::new());
}
