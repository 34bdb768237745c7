//! em-infra is killed before every change that it makes to a file.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use em_infra_core::state::vault::{Policy, PrunePlan, Recipients};
use em_infra_core::state::{Content, Judgement};
use testkit::proof::{self, is_full};
use tf_run::Env;

use crate::canary::{all_below, holds};
use crate::lab::{Lab, NOW, REBUILDABLE, state};

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
    /// Sealed, so that nothing in clear may be left of it.
    SealedSnapshot,
    Rebuild,
}

impl Operation {
    const ALL: [Self; 7] = [
        Self::Snapshot,
        Self::Prune,
        Self::Restore,
        Self::RestoreMissing,
        Self::RestoreErrored,
        Self::SealedSnapshot,
        Self::Rebuild,
    ];

    fn prepare(self, lab: &Lab) {
        if self == Self::Rebuild {
            lab.set_state(b"");
            return;
        }
        if self == Self::SealedSnapshot {
            let key = age::x25519::Identity::generate().to_public().to_string();
            let recipients = Recipients::parse(&key, Path::new("test")).unwrap();
            recipients.take_effect(&lab.path("vault")).unwrap();
        }
        for (serial, count) in [(3, 1), (4, 2), (5, 3)] {
            let names = ["a", "b", "c"];
            lab.set_state(&state("l", serial, &names[..count]));
            lab.snapshot();
        }
        lab.write("env/terraform.tfvars", b"node = \"pve\"\n");
        match self {
            Self::Snapshot | Self::SealedSnapshot => lab.set_state(&state("l", 9, &["a"])),
            Self::Prune | Self::Rebuild => {}
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
            Self::Snapshot | Self::SealedSnapshot => {
                drop(lab.try_snapshot(Judgement::ByHistory));
            }
            // A state that was put in place before the process died can be used.
            Self::Rebuild if Content::new(lab.state()).state().is_ok() => {}
            Self::Rebuild => drop(lab.rebuild().unwrap()),
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
        if operation == Operation::SealedSnapshot {
            let clear = |path: &PathBuf| holds(path, "eminfra_talos_vm\",\n");
            let found: Vec<PathBuf> = all_below(&lab.path("vault"))
                .into_iter()
                .filter(clear)
                .collect();
            assert_eq!(found, Vec::<PathBuf>::new(), "{change}");
        }

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

fn figures(operation: Operation, points: u64) {
    proof::figures(format_args!(
        "{operation:?}: killed at {points} points, the state old or new, the vault verified"
    ));
}

/// Terraform imports in the middle of it, so `cargo test` dies at few of the points.
#[test]
fn a_killed_rebuild_leaves_the_old_or_a_whole_new_state() {
    let lab = Lab::new(REBUILDABLE);
    let step = if is_full() { 1 } else { 16 };
    let mut killed = 0;
    for change in (0..).step_by(step) {
        lab.start_over();
        Operation::Rebuild.prepare(&lab);
        let died = killed_before(Operation::Rebuild, &lab, change);
        let found = Content::new(lab.state());
        let whole = found
            .state()
            .is_ok_and(|state| state.managed().count() == 2);
        assert!(found.bytes().is_empty() || whole, "{change}");
        assert_eq!(lab.vault().verify().unwrap().faults, [], "{change}");
        Operation::Rebuild.perform(&lab);
        assert_eq!(lab.plan(), Some(0), "{change}");
        lab.snapshot();
        let verified = lab.vault().verify().unwrap();
        assert_eq!(
            (verified.faults, verified.leftovers),
            (vec![], vec![]),
            "{change}"
        );
        if !died {
            break;
        }
        killed += 1;
    }
    figures(Operation::Rebuild, killed);
    assert!(killed > if is_full() { 30 } else { 1 }, "{killed}");
}

#[test]
fn a_killed_sealed_snapshot_leaves_no_plaintext() {
    let points = old_or_new_after_every_kill(Operation::SealedSnapshot);
    figures(Operation::SealedSnapshot, points);
    assert!(points > 10);
}

#[test]
fn a_killed_snapshot_leaves_the_state_and_a_vault_that_verifies() {
    let points = old_or_new_after_every_kill(Operation::Snapshot);
    figures(Operation::Snapshot, points);
    assert!(points > 10);
}

#[test]
fn a_killed_prune_leaves_a_vault_that_verifies() {
    let points = old_or_new_after_every_kill(Operation::Prune);
    figures(Operation::Prune, points);
    assert!(points > 5);
}

#[test]
fn a_killed_restore_leaves_the_old_or_the_new_state() {
    let points = old_or_new_after_every_kill(Operation::Restore);
    figures(Operation::Restore, points);
    assert!(points > 25);
}

#[test]
fn a_killed_restore_of_a_missing_state_leaves_none_or_the_new_one() {
    let points = old_or_new_after_every_kill(Operation::RestoreMissing);
    figures(Operation::RestoreMissing, points);
    assert!(points > 15);
}

#[test]
fn a_killed_restore_of_an_errored_state_leaves_the_old_or_the_new_state() {
    let points = old_or_new_after_every_kill(Operation::RestoreErrored);
    figures(Operation::RestoreErrored, points);
    assert!(points > 25);
}
