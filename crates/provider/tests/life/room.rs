//! What all new VMs take together, against what the host has; and ten of them at once.

use std::time::Duration;

use pve_sim::{Fault, FaultAction};

use crate::bench::{Bench, worker, workers};
use crate::terraform::Config;

fn each(count: u32, argument: &str, value: u32) -> Config {
    (1..=count)
        .map(|number| {
            (
                format!("worker-{number}"),
                worker(number).with(argument, value),
            )
        })
        .collect()
}

#[tokio::test]
async fn disks_that_do_not_fit_together_are_refused() {
    let mut bench = Bench::start().await;
    let big: Config = each(3, "disk_gb", 200)
        .into_iter()
        .map(|(key, vm)| (key, vm.with("storage", "local")))
        .collect();
    let outcome = bench.terraform.apply(&big).await;
    insta::assert_snapshot!(outcome.errors.join("\n"), @r#"
    VM 8012 k3s-dev-worker-3 cannot be created (at storage)
    The disks of the new VMs up to this one have 600 GiB, and storage `local` has 500 GiB left. Set a smaller disk_gb, free some room, or use another storage. This is said once for all VMs of this plan that ask for the same.
    "#);
    assert_eq!(bench.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn more_cores_than_the_host_has_are_refused() {
    let mut bench = Bench::start().await;
    let outcome = bench.terraform.apply(&each(1, "cores", 17)).await;
    insta::assert_snapshot!(outcome.errors.join("\n"), @r#"
    VM 8010 k3s-dev-worker-1 cannot be created (at cores)
    Node pve has 16 CPUs and the VM would have 17. Proxmox does not start it: set at most 16.
    "#);
    assert_eq!(bench.writes(), Vec::<String>::new());
}

#[tokio::test]
async fn overcommitted_memory_and_namesakes_are_warned_of() {
    let mut bench = Bench::start().await;
    bench
        .sim
        .edit(|world| world.put_vm(105, [("name", "k3s-dev-worker-1")]));
    let planned = bench.terraform.plan(&each(3, "memory", 30_720)).await;
    assert_eq!(planned.errors, Vec::<String>::new());
    insta::assert_snapshot!(planned.warnings.join("\n"), @r#"
    VM 105 has the name k3s-dev-worker-1, too (at name)
    It is not of this environment and stays untouched.
    VM 8011 k3s-dev-worker-2 may not have the room it is given (at memory)
    The new VMs up to this one have 60 GiB of memory, and the host has 56 GiB of 64 GiB left. They may be killed by the host when all of them use what they were given.
    VM 8012 k3s-dev-worker-3 may not have the room it is given (at memory)
    The new VMs up to this one have 90 GiB of memory, and the host has 56 GiB of 64 GiB left. They may be killed by the host when all of them use what they were given.
    "#);
}

#[tokio::test]
async fn a_lock_that_others_hold_for_a_while_is_waited_for() {
    let mut bench = Bench::start().await;
    let held = FaultAction::LockHeld(8010, Duration::from_secs(25));
    bench
        .sim
        .fault(Fault::on("PUT", "/nodes/pve/qemu/8010/config", held).once());
    let outcome = bench.terraform.apply(&workers(1)).await;
    assert_eq!(outcome.errors, Vec::<String>::new());
    bench.terraform.plan(&workers(1)).await.assert_empty();
}
