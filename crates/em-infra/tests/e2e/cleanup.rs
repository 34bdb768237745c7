//! A creation that was cut off, and then the environment is destroyed instead of applied again: what is left is named by
//! one command and removed by another.

use nix::sys::signal::{Signal, kill};
use testkit::wait_until;

use crate::interruption::in_mid_create;
use crate::lab::{CHDIR, Lab};
use crate::process::started_from;

/// VMs of others that a careless command could take for ours.
const STRANGE: [u32; 3] = [200, 202, 8014];

/// Terraform and its providers are gone, its clones end, and nothing of it is in the state.
fn destroyed_after_a_crash() -> Lab {
    let (lab, gate) = in_mid_create();
    let providers = started_from(&lab.home());
    for victim in [gate.terraform()].into_iter().chain(providers) {
        kill(victim, Signal::SIGKILL).unwrap();
    }
    gate.ended();
    lab.while_time_passes(|| {
        wait_until("the clones have ended", || {
            lab.sim
                .world(|world| world.vms().all(|(_, vm)| vm.lock().is_none()))
        });
        let destroy = [CHDIR, "destroy", "-auto-approve"];
        lab.terraform(&destroy).succeeded();
    });
    lab.sim.edit(|world| {
        let marker = world.option(8010, "description").unwrap();
        world.put_vm(200, [("name", "k3s-dev-worker-1")]);
        world.put_vm(202, [("name", "copy"), ("description", &marker)]);
        world.put_vm(8014, [("name", "neighbour")]);
    });
    lab
}

#[test]
fn leftovers_are_named_and_removed_and_nothing_else_is() {
    let lab = destroyed_after_a_crash();
    let before = lab.writes().len();
    let drift = lab.em_infra(&["drift"]).ended_with(21);
    for vmid in [8001, 8010, 8011] {
        assert!(drift.stdout.contains(&vmid.to_string()), "{}", drift.stdout);
    }
    let listed = lab.em_infra(&["cleanup"]).succeeded();
    insta::assert_snapshot!(listed.stdout, @"
    VM 8001 k3s-dev-control-1 (stopped): the creation of k3s-dev-control-1 was cut off; the next apply takes it over
    VM 8010 k3s-dev-worker-1 (stopped): the creation of k3s-dev-worker-1 was cut off; the next apply takes it over
    VM 8011 k3s-dev-worker-2 (stopped): the creation of k3s-dev-worker-2 was cut off; the next apply takes it over
    ");
    for named in ["8014", "8010,202", "8010,200", "9000", "300"] {
        let refused = lab
            .em_infra(&["cleanup", "--confirm", named])
            .ended_with(50);
        assert!(
            refused.stderr.contains("nothing was removed"),
            "{}",
            refused.stderr
        );
    }
    assert_eq!(lab.writes()[before..], [], "nobody named a leftover");

    let remove = ["cleanup", "--confirm", "8001,8011", "--format", "json"];
    let removed = lab.while_time_passes(|| lab.em_infra(&remove)).succeeded();
    assert_eq!(removed.json()["removed"], serde_json::json!([8001, 8011]));
    let writes = lab.writes().split_off(before);
    let writes: Vec<String> = writes
        .into_iter()
        .map(|write| format!("{} {}", write.method, write.path))
        .collect();
    let expected = [8001, 8011].map(|vmid| format!("DELETE /nodes/pve/qemu/{vmid}"));
    assert_eq!(writes, expected);

    let rest: Vec<u32> = lab.vms().into_keys().collect();
    assert_eq!(rest, [&STRANGE[..2], &[8010, 8014]].concat());
    let volumes = lab.sim.world(pve_sim::World::volumes);
    assert!(
        !volumes
            .iter()
            .any(|one| one.contains("8001") || one.contains("8011")),
        "{volumes:?}"
    );
}

#[test]
fn what_is_being_made_is_not_cleaned_up() {
    let (lab, gate) = in_mid_create();
    let refused = lab
        .em_infra(&["cleanup", "--confirm", "8010"])
        .ended_with(50);
    assert!(refused.stderr.contains("works on"), "{}", refused.stderr);
    lab.while_time_passes(|| gate.ended()).succeeded();
    let settled = lab.em_infra(&["cleanup"]).succeeded();
    insta::assert_snapshot!(settled.stderr, @"Nothing is left over: every VM that this environment made is in its state.");
    let refused = lab
        .em_infra(&["cleanup", "--confirm", "8010"])
        .ended_with(50);
    insta::assert_snapshot!(refused.stderr, @"
    error: VM 8010 is no leftover of this environment; nothing was removed
      hint: `em-infra cleanup terraform/environments/k3s-dev` lists them
    ");
}
