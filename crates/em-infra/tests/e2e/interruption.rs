//! Whatever ends in the middle of an apply, a plain rerun passes: nothing is lost, made twice or rebuilt.

use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use pve_sim::Vm;
use testkit::wait_until;

use crate::gate::passes;
use crate::lab::{CHDIR, Lab};
use crate::process::{Running, is_alive, started_from};

const VMIDS: [u32; 3] = [8001, 8010, 8011];

/// A gate whose three VMs are being cloned by a host on which no time passes.
pub(crate) fn in_mid_create() -> (Lab, Running) {
    let lab = Lab::frozen();
    let gate = lab.start_gate();
    wait_until("the clones of all VMs have begun", || {
        clones(&lab) == VMIDS.len()
    });
    (lab, gate)
}

fn clones(lab: &Lab) -> usize {
    let writes = lab.writes();
    writes
        .iter()
        .filter(|write| write.path.ends_with("/clone"))
        .count()
}

#[track_caller]
fn saved(lab: &Lab) {
    let untainted = VMIDS.map(|vmid| (u64::from(vmid), None)).into();
    assert_eq!(lab.state(), untainted);
}

/// What `state status` says nobody knows the fate of.
fn in_doubt(lab: &Lab) -> Vec<String> {
    let status = lab.em_infra(&["state", "status", "--format", "json"]);
    let hazards = status.json()["hazards"].as_array().unwrap().clone();
    let cut_off = hazards
        .iter()
        .filter(|hazard| hazard["code"] == "state-apply-cut-off");
    cut_off
        .map(|hazard| hazard["message"].as_str().unwrap().to_owned())
        .collect()
}

/// A plain rerun passes, and each VM was cloned once and never deleted.
#[track_caller]
fn a_rerun_passes(lab: &Lab) {
    lab.while_time_passes(|| passes(lab));
    saved(lab);
    assert_eq!(lab.vms().into_keys().collect::<Vec<_>>(), VMIDS);
    assert_eq!(clones(lab), VMIDS.len(), "a VM was made again");
    assert!(lab.writes().iter().all(|write| write.method != "DELETE"));
    assert_eq!(in_doubt(lab), Vec::<String>::new());
    assert!(lab.sim.world(|world| {
        VMIDS
            .iter()
            .all(|vmid| world.vm(*vmid).unwrap().is_running())
    }));
}

#[test]
fn killing_em_infra_leaves_terraform_to_finish_and_save() {
    let (lab, gate) = in_mid_create();
    let terraform = gate.terraform();
    gate.signal(Signal::SIGKILL);
    assert_eq!(gate.ended().code, None);
    assert!(is_alive(terraform));
    lab.while_time_passes(|| wait_until("Terraform has ended", || !is_alive(terraform)));
    saved(&lab);
    let told = in_doubt(&lab);
    assert_eq!(
        told,
        Vec::<String>::new(),
        "Terraform's own log and the state tell"
    );
    let writes = lab.writes().len();
    a_rerun_passes(&lab);
    assert_eq!(lab.writes()[writes..], [], "all was there");
}

#[test]
fn a_rerun_waits_for_the_terraform_of_a_killed_em_infra() {
    let (lab, gate) = in_mid_create();
    gate.signal(Signal::SIGKILL);
    gate.ended();
    a_rerun_passes(&lab);
}

#[test]
fn ctrl_c_and_a_plain_kill_park_what_was_begun() {
    for signal in [Signal::SIGINT, Signal::SIGTERM] {
        let (lab, gate) = in_mid_create();
        gate.signal(signal);
        let said = lab.while_time_passes(|| gate.ended()).ended_with(130);
        assert_eq!(said.json()["verdict"], "interrupted");
        saved(&lab);
        a_rerun_passes(&lab);
    }
}

#[test]
fn an_impatient_second_ctrl_c_loses_nothing() {
    let (lab, gate) = in_mid_create();
    gate.signal(Signal::SIGINT);
    gate.signal(Signal::SIGTERM);
    lab.while_time_passes(|| gate.ended()).ended_with(130);
    saved(&lab);
    a_rerun_passes(&lab);
}

#[test]
fn a_closed_terminal_does_not_end_the_run() {
    let (lab, gate) = in_mid_create();
    gate.signal(Signal::SIGHUP);
    lab.while_time_passes(|| gate.ended()).succeeded();
    a_rerun_passes(&lab);
}

#[test]
fn after_a_killed_terraform_the_rerun_takes_over_what_was_begun() {
    let (lab, gate) = in_mid_create();
    kill(gate.terraform(), Signal::SIGKILL).unwrap();
    lab.while_time_passes(|| gate.ended()).ended_with(40);
    names_all_three(&lab);
    a_rerun_passes(&lab);
}

/// A machine that loses its power ends both.
#[test]
fn after_both_were_killed_the_objects_in_doubt_are_named() {
    let (lab, gate) = in_mid_create();
    let terraform = gate.terraform();
    gate.signal(Signal::SIGKILL);
    kill(terraform, Signal::SIGKILL).unwrap();
    gate.ended();
    wait_until("Terraform has ended", || !is_alive(terraform));
    names_all_three(&lab);
    a_rerun_passes(&lab);
}

#[track_caller]
fn names_all_three(lab: &Lab) {
    let found = in_doubt(lab);
    assert_eq!(found.len(), 1);
    for name in ["control-1", "worker-1", "worker-2"] {
        let object = format!("node[\"k3s-dev-{name}\"] (create)");
        assert!(found[0].contains(&object), "{found:?}");
    }
}

#[test]
fn after_a_killed_provider_the_rerun_takes_over_what_was_begun() {
    let (lab, gate) = in_mid_create();
    // Terraform runs one provider for the functions and one for the resources.
    for provider in started_from(&lab.home()) {
        kill(provider, Signal::SIGKILL).unwrap();
    }
    lab.while_time_passes(|| gate.ended()).ended_with(40);
    a_rerun_passes(&lab);
}

#[test]
fn terraform_and_providers_killed_together_are_made_good_without_a_refresh() {
    let (lab, gate) = in_mid_create();
    let providers = started_from(&lab.home());
    for victim in [gate.terraform()].into_iter().chain(providers) {
        kill(victim, Signal::SIGKILL).unwrap();
    }
    lab.while_time_passes(|| gate.ended()).ended_with(40);
    let apply = [CHDIR, "apply", "-refresh=false", "-auto-approve"];
    lab.while_time_passes(|| lab.terraform(&apply)).succeeded();
    let writes = lab.writes().len();
    a_rerun_passes(&lab);
    assert_eq!(lab.writes()[writes..], [], "all was there");
}

/// Ctrl-C in a terminal reaches Terraform and its providers alike.
#[test]
fn ctrl_c_at_a_bare_terraform_loses_nothing_however_often() {
    for times in [1, 2] {
        let lab = Lab::frozen().with_init();
        let terraform = lab.start_terraform(&[CHDIR, "apply", "-auto-approve"]);
        wait_until("the clones of all VMs have begun", || {
            clones(&lab) == VMIDS.len()
        });
        for _ in 0..times {
            terraform.signal_group(Signal::SIGINT);
        }
        let said = lab.while_time_passes(|| terraform.ended());
        assert_ne!(said.code, Some(0), "{said:?}");
        a_rerun_passes(&lab);
    }
}

/// The task of the clone that makes a VM.
fn task_of(lab: &Lab, vmid: u32) -> String {
    let newid = ("newid".to_owned(), vmid.to_string());
    let mut writes = lab.writes().into_iter();
    let clone = writes.find(|write| write.parameters.contains(&newid));
    clone.and_then(|clone| clone.upid).unwrap()
}

/// The one leftover that no token can remove: the lock of a clone whose worker was killed on the host.
#[test]
fn a_clone_that_was_killed_on_the_host_is_refused_with_the_lines_that_remove_it() {
    let (lab, gate) = in_mid_create();
    let locked = || {
        let is_locked = |(vmid, vm): (u32, &Vm)| (vm.lock() == Some("clone")).then_some(vmid);
        lab.sim.world(|world| world.vms().find_map(is_locked))
    };
    wait_until("a clone has made something to leave behind", || {
        lab.sim.advance(Duration::from_millis(10));
        locked().is_some()
    });
    let vmid = locked().unwrap();
    let task = task_of(&lab, vmid);
    lab.sim.edit(|world| world.kill_worker(&task));
    lab.while_time_passes(|| gate.ended()).ended_with(40);
    let writes = lab.writes().len();
    let rerun = lab.start_gate();
    let said = lab.while_time_passes(|| rerun.ended()).ended_with(40);
    assert_eq!(lab.writes()[writes..], [], "refused at plan");
    for line in [
        format!("qm unlock {vmid}\n"),
        format!("qm destroy {vmid} --purge 1 --destroy-unreferenced-disks 1\n"),
    ] {
        assert!(said.stderr.contains(&line), "{line} in:\n{}", said.stderr);
    }
    lab.sim.edit(|world| world.set_config_lock(vmid, None));
    lab.while_time_passes(|| {
        lab.destroy(vmid);
        assert_eq!(passes(&lab), [1, 0, 0]);
    });
}
