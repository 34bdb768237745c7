//! An apply is killed, the state is emptied, torn, lost or replaced by an old copy: one command, and the next plan is
//! empty again.

use std::os::unix::process::CommandExt as _;
use std::process::Stdio;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use testkit::proof::{figures, is_full};

use crate::lab::Lab;

fn many(count: usize) -> String {
    format!(
        "variable \"value\" {{\n  default = \"\"\n}}\nresource \"terraform_data\" \"many\" {{\n  count = {count}\n  input = \"${{var.value}} {}\"\n}}\n",
        "x".repeat(4000)
    )
}

/// Kills the apply once the state was saved `saves` times, or is just being saved.
fn kill_an_apply(lab: &Lab, value: &str, saves: usize) {
    let before = lab.state();
    let variable = format!("-var=value={value}");
    let mut applying = lab
        .terraform_command(&[
            "apply",
            "-input=false",
            "-auto-approve",
            "-parallelism=2",
            &variable,
        ])
        .process_group(0)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut last, mut seen) = (before, 0);
    testkit::wait_until("the apply saves its state", || {
        let now = std::fs::read(lab.place().state()).unwrap_or_default();
        if now != last {
            (last, seen) = (now, seen + 1);
        }
        seen >= saves || applying.try_wait().unwrap().is_some()
    });
    let group = Pid::from_raw(i32::try_from(applying.id()).unwrap());
    // Where the apply was faster there is nothing left to kill.
    killpg(group, Signal::SIGKILL).ok();
    applying.wait().unwrap();
}

fn brought_back(lab: &Lab, lineage: &str) {
    let hazards = lab.hazards();
    let blocking = hazards
        .iter()
        .filter(|code| **code != "state-readable-by-others");
    if blocking.count() > 0 {
        lab.restore("latest");
    }
    lab.apply();
    assert_eq!(lab.plan(), Some(0));
    let now = em_infra_core::state::Content::new(lab.state());
    assert_eq!(now.state().unwrap().lineage, lineage, "after {hazards:?}");
    assert_eq!(lab.vault().verify().unwrap().faults, []);
}

#[test]
fn a_killed_apply_is_brought_back_to_no_changes() {
    let kills = if is_full() { 20 } else { 2 };
    let lab = Lab::new(&many(60));
    lab.apply();
    let lineage = lab.snapshot().lineage;
    for round in 0..kills {
        kill_an_apply(&lab, &format!("round-{round}"), 1 + round * 3);
        brought_back(&lab, &lineage);
        lab.snapshot();
    }
    figures(format_args!(
        "applies of 60 objects killed: {kills}, brought back to no changes: {kills}"
    ));
}

/// What happens to a state, given its bytes.
type Damage<'a> = &'a dyn Fn(&[u8]);

#[test]
fn every_damage_is_brought_back_to_no_changes() {
    let lab = Lab::new(&many(2));
    lab.apply();
    let lineage = lab.snapshot().lineage;
    let first = lab.state();
    lab.write("env/main.tf", many(3).as_bytes());
    lab.apply();
    lab.snapshot();
    let damages: [(&str, Damage<'_>); 5] = [
        ("emptied", &|_| lab.set_state(b"")),
        ("torn", &|good| lab.set_state(&good[..good.len() / 2])),
        ("a byte is wrong", &|good| {
            let mut bytes = good.to_vec();
            bytes[good.len() / 2] = b'"';
            lab.set_state(&bytes);
        }),
        ("deleted", &|_| {
            std::fs::remove_file(lab.place().state()).unwrap();
        }),
        ("an old copy", &|_| lab.set_state(&first)),
    ];
    for (what, damage) in damages {
        damage(&lab.state());
        let blocking = lab.hazards();
        assert!(
            blocking
                .iter()
                .any(|code| *code != "state-readable-by-others"),
            "{what}: {blocking:?}"
        );
        lab.restore("latest");
        assert_eq!(lab.plan(), Some(0), "{what}");
        assert_eq!(lab.snapshot().lineage, lineage, "{what}");
    }
}
