//! em-infra is killed before every change that it makes to a file.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use em_infra_core::state::vault::{Policy, PrunePlan};
use em_infra_core::state::{Content, Judgement};
use tf_run::Env;

use crate::lab::{Lab, NOW, state};

/// Which operation the child performs, where, and before which change it dies.
const OPERATION: &str = "STATE_TEST_OPERATION";
const DIRECTORY: &str = "STATE_TEST_DIRECTORY";
const CHANGE: &str = "STATE_TEST_CHANGE";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Snapshot,
    Prune,
    Restore,
    RestoreMissing,
    RestoreErrored,
}

impl Operation {
    const ALL: [Self; 5] = [
        Self::Snapshot,
        Self::Prune,
        Self::Restore,
        Self::RestoreMissing,
        Self::RestoreErrored,
    ];

    fn prepare(self, lab: &Lab) {
        for (serial, count) in [(3, 1), (4, 2), (5, 3)] {
            let names = ["a", "b", "c"];
            lab.set_state(&state("l", serial, &names[..count]));
            lab.snapshot();
        }
        lab.write("env/terraform.tfvars", b"node = \"pve\"\n");
        match self {
            Self::Snapshot => lab.set_state(&state("l", 9, &["a"])),
            Self::Prune => {}
            // Longer than what is restored: the rest of it must never show.
            Self::Restore => lab.set_state(&state("l", 9, &["a", "b", "c", "d", "e"])),
            Self::RestoreMissing => fs::remove_file(lab.place().state()).unwrap(),
            Self::RestoreErrored => {
                lab.set_state(b"{ torn");
                lab.write("env/errored.tfstate", &state("l", 8, &["a"]));
            }
        }
    }

    fn perform(self, lab: &Lab) {
        match self {
            Self::Snapshot => drop(lab.try_snapshot(Judgement::ByHistory)),
            Self::Prune => {
                let mut vault = lab.vault_writer();
                let policy = Policy {
                    last: Some(1),
                    ..Policy::default()
                };
                let plan = PrunePlan::of(vault.vault().snapshots(), &policy, NOW).unwrap();
                vault
                    .remove(
                        plan.remove.into_iter().map(|removed| removed.id).collect(),
                        NOW,
                    )
                    .unwrap();
            }
            Self::Restore | Self::RestoreMissing => drop(lab.restore("latest")),
            Self::RestoreErrored if lab.place().errored().exists() => {
                drop(lab.restore("errored.tfstate"));
            }
            Self::RestoreErrored => {}
        }
    }
}

/// What the live state may be: absent or some bytes. Line ends after a state are no part of it.
fn live(lab: &Lab) -> Option<Vec<u8>> {
    let mut bytes = fs::read(lab.place().state()).ok()?;
    while bytes.last() == Some(&b'\n') {
        bytes.pop();
    }
    Some(bytes)
}

#[test]
#[ignore = "not a test: the next test starts it as a process that dies"]
fn child() {
    let env: Env = std::env::vars_os().collect();
    let text = |name| env.get(name).unwrap().to_str().unwrap().to_owned();
    let operation = Operation::ALL
        .into_iter()
        .find(|it| format!("{it:?}") == text(OPERATION))
        .unwrap();
    let lab = Lab::at(Path::new(&text(DIRECTORY)));
    files::kill_before_change(text(CHANGE).parse().unwrap());
    operation.perform(&lab);
}

fn killed_before(operation: Operation, lab: &Lab, change: u64) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child", "--ignored"])
        .env(OPERATION, format!("{operation:?}"))
        .env(DIRECTORY, lab.path(""))
        .env(CHANGE, change.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(
        status.success() || status.signal() == Some(9),
        "{operation:?} {change}: {status}"
    );
    !status.success()
}

fn old_or_new_after_every_kill(operation: Operation) -> u64 {
    let whole = Lab::bare();
    operation.prepare(&whole);
    let old = live(&whole);
    operation.perform(&whole);
    let new = live(&whole);
    for change in 0.. {
        let lab = Lab::bare();
        operation.prepare(&lab);
        let killed = killed_before(operation, &lab, change);
        let found = live(&lab);
        assert!(
            found == old || found == new,
            "{operation:?} {change}: {found:?}"
        );
        let verified = lab.vault().verify().unwrap();
        assert_eq!(verified.faults, [], "{operation:?} {change}");

        operation.perform(&lab);
        let again = Content::new(live(&lab).unwrap()).normal_digest();
        let expected = new
            .clone()
            .map(|bytes| Content::new(bytes).normal_digest())
            .unwrap();
        assert_eq!(again, expected, "{operation:?} {change}");
        let verified = lab.vault().verify().unwrap();
        assert_eq!(
            (verified.faults, verified.leftovers),
            (vec![], vec![]),
            "{operation:?} {change}"
        );
        if !killed {
            return change;
        }
    }
    unreachable!("a range without end ended");
}

#[test]
fn a_killed_snapshot_leaves_the_state_and_a_vault_that_verifies() {
    assert!(old_or_new_after_every_kill(Operation::Snapshot) > 10);
}

#[test]
fn a_killed_prune_leaves_a_vault_that_verifies() {
    assert!(old_or_new_after_every_kill(Operation::Prune) > 5);
}

#[test]
fn a_killed_restore_leaves_the_old_or_the_new_state() {
    assert!(old_or_new_after_every_kill(Operation::Restore) > 25);
}

#[test]
fn a_killed_restore_of_a_missing_state_leaves_none_or_the_new_one() {
    assert!(old_or_new_after_every_kill(Operation::RestoreMissing) > 15);
}

#[test]
fn a_killed_restore_of_an_errored_state_leaves_the_old_or_the_new_state() {
    assert!(old_or_new_after_every_kill(Operation::RestoreErrored) > 25);
}
