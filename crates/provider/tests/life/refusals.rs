//! Plans that cannot be applied: each is refused, and nothing was written.

use testkit::proof::figures;
use tf_plugin::Value;

use crate::bench::{Bench, worker};
use crate::devices::{card, mapping, with_gpu};
use crate::terraform::Config;

type Prepare = fn(&Bench);
type Plan = fn() -> Config;

fn one(change: impl FnOnce(Value) -> Value) -> Config {
    Config::from([("worker-1".to_owned(), change(worker(1)))])
}

fn on_gpu(vm: Value, bdf: String) -> Config {
    let mapping = mapping(1).with("bdf", bdf.clone());
    let vm = with_gpu(vm, mapping.get("name").clone(), bdf.into());
    Config::from([
        ("mapping/1".to_owned(), mapping),
        ("worker-1".to_owned(), vm),
    ])
}

fn two(second: Value) -> Config {
    Config::from([
        ("worker-1".to_owned(), worker(1)),
        ("worker-2".to_owned(), second),
    ])
}

const AS_IT_IS: Prepare = |_| ();

/// What is wrong, the host, the plan.
#[rustfmt::skip]
const PLANS: &[(&str, Prepare, Plan)] = &[
    ("unknown node", AS_IT_IS, || one(|vm| vm.with("node", "pve2"))),
    ("unknown template", AS_IT_IS, || one(|vm| vm.with("template", "talos-v9"))),
    ("a template that is a VM", |bench| bench.sim.edit(|world| world.put_vm(500, [("name", "plain")])), || one(|vm| vm.with("template", "plain"))),
    ("unknown storage", AS_IT_IS, || one(|vm| vm.with("storage", "nowhere"))),
    ("a storage without disks", AS_IT_IS, || one(|vm| vm.with("storage", "backup"))),
    ("unknown bridge", AS_IT_IS, || one(|vm| vm.with("bridge", "vmbr9"))),
    ("a disk below the template's", AS_IT_IS, || one(|vm| vm.with("disk_gb", 1))),
    ("a linked clone on another storage", AS_IT_IS, || one(|vm| vm.with("clone", "linked"))),
    ("more CPUs than the host has", AS_IT_IS, || one(|vm| vm.with("cores", 512))),
    ("a stranger on the VMID", |bench| bench.sim.edit(|world| world.put_vm(8010, [("name", "nas")])), || one(|vm| vm)),
    ("a container on the VMID", |bench| bench.sim.edit(|world| world.put_container(8010)), || one(|vm| vm)),
    ("one VMID twice", AS_IT_IS, || two(worker(1).with("name", "k3s-dev-worker-2"))),
    ("no such card", AS_IT_IS, || on_gpu(worker(1), "0000:7f:00.0".into())),
    ("no IOMMU", |bench| bench.sim.edit(|world| world.set_host(16, false)), || on_gpu(worker(1), card(1))),
    ("a card of another VM", |bench| bench.sim.edit(|world| world.put_vm(105, [("hostpci0", "0000:41:00")])), || on_gpu(worker(1), card(1))),
    ("a card without PCI Express", AS_IT_IS, || on_gpu(worker(1).with("machine", "pc"), card(1))),
    ("a mapping of somebody else", AS_IT_IS, || Config::from([("mapping/1".to_owned(), mapping(1).with("name", "gpu0"))])),
    ("an unknown mapping", AS_IT_IS, || one(|vm| with_gpu(vm, "nothing".into(), Value::Null))),
    ("a mapping that stands for another card", AS_IT_IS, || one(|vm| with_gpu(vm, "gpu0".into(), card(2).into()))),
    ("an address with a token", AS_IT_IS, || one(|vm| with_gpu(vm, Value::Null, card(1).into()))),
    ("an address without its length", AS_IT_IS, || one(|vm| vm.with("prefix_length", Value::Null))),
    ("a gateway of the other family", AS_IT_IS, || one(|vm| vm.with("gateway", "2001:db8::1"))),
    ("a token with a wrong secret", AS_IT_IS, || one(|vm| vm)),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn survival_of_plans_that_cannot_be_applied() {
    let (mut refused, mut writes) = (0, 0);
    for (what, prepare, plan) in PLANS {
        let mut bench = Bench::start().await;
        prepare(&bench);
        if *what == "a token with a wrong secret" {
            bench
                .terraform
                .set("api_token_secret", "00000000-0000-0000-0000-000000000000");
        }
        bench.writes();
        let outcome = bench.terraform.apply(&plan()).await;
        assert!(!outcome.errors.is_empty(), "{what} is refused");
        refused += 1;
        writes += bench.writes().len();
    }
    figures(format_args!(
        "survival of the host: {} plans that cannot be applied, {refused} refused, {writes} writes",
        PLANS.len()
    ));
    assert_eq!(writes, 0);
}
