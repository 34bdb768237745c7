//! A clock that goes back, several em-infras at once, links where files ought to be.

use std::fs;
use std::os::unix::fs::symlink;

use em_infra_core::state::rebuild::RebuildError;
use em_infra_core::state::vault::{Pin, Policy, PrunePlan, Stored};
use em_infra_core::state::{
    Judgement, LockError, RunLock, SnapshotError, SnapshotRequest, Taken, Who, snapshot,
};
use time::Duration;

use crate::lab::{Lab, NOW, REBUILDABLE, state, who};

fn snapshot_at(lab: &Lab, who: &Who) -> Result<Taken, SnapshotError> {
    let (place, vault) = (lab.place(), lab.path("vault"));
    snapshot(&SnapshotRequest {
        place: &place,
        vault: &vault,
        who,
        reason: "test",
        judgement: Judgement::ByHistory,
        pin: Pin::Free,
    })
}

#[test]
fn a_clock_that_goes_back_changes_neither_the_order_nor_what_is_kept() {
    let lab = Lab::bare();
    for (serial, days) in [(3, 0), (4, -400), (5, -4000)] {
        lab.set_state(&state("l", serial, &["a"]));
        let now = NOW + Duration::days(days);
        snapshot_at(&lab, &Who { now, ..who() }).unwrap();
    }
    let vault = lab.vault();
    assert_eq!(vault.last_good().unwrap().serial, Some(5));
    let policy = Policy {
        last: Some(1),
        ..Policy::default()
    };
    let plan = PrunePlan::of(vault.snapshots(), &policy, NOW).unwrap();
    let kept: Vec<&str> = plan.keep.iter().map(|kept| kept.id.as_str()).collect();
    assert_eq!(kept, [vault.last_good().unwrap().id.as_str()]);
    assert_eq!(vault.verify().unwrap().faults, []);
}

#[test]
fn of_many_snapshots_at_once_one_is_stored_and_the_others_find_it_or_are_refused() {
    let lab = Lab::bare();
    lab.set_state(&state("l", 3, &["a"]));
    let done: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| snapshot_at(&lab, &who())))
            .collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let new =
        |taken: &&Result<Taken, SnapshotError>| matches!(taken, Ok(Taken::Stored(Stored::New(_))));
    assert_eq!(done.iter().filter(new).count(), 1);
    for failed in done.iter().filter_map(|taken| taken.as_ref().err()) {
        assert!(
            matches!(failed, SnapshotError::Lock(LockError::Held(_))),
            "{failed:?}"
        );
    }
    let verified = lab.vault().verify().unwrap();
    assert_eq!((verified.snapshots, verified.faults), (1, vec![]));
    assert!(!lab.place().lock_info().exists());
}

#[test]
fn nothing_is_rebuilt_while_another_em_infra_works() {
    let lab = Lab::new(REBUILDABLE);
    let _other = RunLock::take(&lab.place()).unwrap();
    let refused = lab.rebuild().unwrap_err();
    assert!(matches!(refused, RebuildError::RunLock(_)), "{refused:?}");
    assert!(!lab.place().state().exists());
}

#[test]
fn links_are_replaced_and_what_they_point_at_stays() {
    let lab = Lab::new(REBUILDABLE);
    let elsewhere = lab.path("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    lab.write("elsewhere/file", b"precious");
    fs::create_dir(lab.path("env/.em-infra")).unwrap();
    symlink(&elsewhere, lab.path("env/.em-infra/scratch")).unwrap();
    symlink(
        elsewhere.join("file"),
        lab.path("env/.em-infra/apply.jsonl"),
    )
    .unwrap();
    assert_eq!(lab.rebuild().unwrap().objects, 2);
    assert_eq!(fs::read(elsewhere.join("file")).unwrap(), b"precious");
    assert_eq!(lab.plan(), Some(0));

    fs::remove_file(lab.place().state()).unwrap();
    symlink(elsewhere.join("file"), lab.path("env/em-infra-rebuild.tf")).unwrap();
    assert!(lab.rebuild().is_err());
    assert_eq!(fs::read(elsewhere.join("file")).unwrap(), b"precious");
    assert!(lab.path("env/em-infra-rebuild.tf").is_symlink());
}
