//! Restored states are what Terraform takes, and stale plans are what it does not.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

use em_infra_core::state::restore::{Basis, Live, LiveMachine, PlanError, RestoreError, plan};
use em_infra_core::state::vault::Standing;
use em_infra_core::state::{Change, Content, with_serial};

use crate::lab::{Lab, state};

const ODD: &str = "resource \"terraform_data\" \"a\" {\n  input = { big = 123456789012345678901234567890, odd = \"<é☃&>\", secret = sensitive(\"x\") }\n}\n";

#[test]
fn terraform_takes_a_restored_state_and_refuses_the_plan_from_before() {
    let lab = Lab::new(ODD);
    lab.apply();
    let kept = lab.snapshot();
    let old = lab.state();
    lab.write(
        "env/main.tf",
        format!("{ODD}resource \"terraform_data\" \"b\" {{}}\n").as_bytes(),
    );
    lab.terraform(&["plan", "-input=false", "-out=stale.tfplan"])
        .ok();
    lab.apply();
    let newer = lab.serial();
    let inode = std::fs::metadata(lab.place().state()).unwrap().ino();

    let restored = lab.restore(&kept.id);

    assert_eq!(restored.serial, newer + 1);
    let expected = with_serial(std::str::from_utf8(&old).unwrap(), newer + 1).unwrap();
    assert_eq!(String::from_utf8(lab.state()).unwrap(), expected);
    let meta = std::fs::metadata(lab.place().state()).unwrap();
    assert_eq!(
        (meta.ino(), meta.permissions().mode() & 0o777),
        (inode, 0o600)
    );
    let stale = lab.terraform(&["apply", "-input=false", "-no-color", "stale.tfplan"]);
    assert_eq!(stale.code, Some(1));
    assert!(
        stale.stderr.contains("Saved plan is stale"),
        "{}",
        stale.stderr
    );
    lab.write("env/main.tf", ODD.as_bytes());
    assert_eq!(lab.plan(), Some(0));
    assert_eq!(lab.vault().verify().unwrap().faults, []);
}

#[test]
fn a_restore_says_what_is_forgotten_known_again_and_changed() {
    let lab = Lab::bare();
    lab.set_state(&state("l", 3, &["a", "b"]));
    let kept = lab.snapshot();
    let live = String::from_utf8(state("l", 9, &["a", "c"]))
        .unwrap()
        .replace("\"big\": 1234", "\"big\": 4234");
    lab.set_state(live.as_bytes());
    let plan = lab.plan_restore(&kept.id);
    let found: Vec<_> = plan
        .differences
        .iter()
        .map(|d| (d.address.as_str(), d.change.clone()))
        .collect();
    let changed = Change::Changed {
        paths: vec!["big".to_owned()],
    };
    assert_eq!(
        found,
        [
            ("eminfra_talos_vm.a", changed),
            ("eminfra_talos_vm.b", Change::Added),
            ("eminfra_talos_vm.c", Change::Removed),
        ]
    );
    assert_eq!(
        (plan.kept_serial, plan.serial, plan.basis),
        (3, 10, Basis::Current { serial: 9 })
    );
}

#[test]
fn the_serial_goes_above_every_one_that_was_ever_kept() {
    let lab = Lab::bare();
    for serial in [3, 50] {
        lab.set_state(&state("l", serial, &["a"]));
        lab.snapshot();
    }
    lab.set_state(&state("l", 4, &["a"]));
    assert_eq!(lab.plan_restore("latest").serial, 51);
    lab.set_state(b"");
    assert_eq!(lab.plan_restore("latest").serial, 51);
}

#[test]
fn another_lineage_is_refused_until_it_is_named() {
    let lab = Lab::bare();
    lab.set_state(&state("11111111-aaaa", 3, &["a"]));
    lab.snapshot();
    lab.write("foreign.tfstate", &state("22222222-bbbb", 5, &["a"]));
    let path = lab.path("foreign.tfstate").display().to_string();
    let attempt = |accepted: Option<&str>| {
        lab.with_request(&path, |request| {
            let mut request = request.clone();
            request.accept_lineage = accepted;
            plan(&request).map(|plan| plan.serial)
        })
    };
    for refused in [None, Some("2222"), Some("11111111")] {
        assert!(
            matches!(attempt(refused), Err(PlanError::ForeignLineage { .. })),
            "{refused:?}"
        );
    }
    assert_eq!(attempt(Some("22222222")).unwrap(), 6);
}

#[test]
fn only_the_typed_serial_of_this_very_plan_does_it() {
    let lab = Lab::bare();
    lab.set_state(&state("l", 3, &["a"]));
    lab.snapshot();
    lab.set_state(b"torn");
    let plan = lab.plan_restore("latest");
    for typed in ["", "3", "yes", "5"] {
        assert!(plan.clone().confirm(typed).is_none(), "{typed}");
    }
    let confirmed = plan.confirm("4\n").unwrap();
    lab.set_state(b"torn again");
    let changed = lab
        .with_request("latest", |request| confirmed.execute(request))
        .unwrap_err();
    assert!(matches!(changed, RestoreError::Changed), "{changed:?}");
    assert_eq!(lab.state(), b"torn again");
}

#[test]
fn what_is_replaced_is_kept_even_when_it_is_no_state() {
    let lab = Lab::bare();
    lab.set_state(&state("l", 3, &["a"]));
    lab.snapshot();
    lab.set_state(b"{ torn");
    let restored = lab.restore("latest");
    let kept = restored.replaced.unwrap();
    assert_eq!(
        (kept.standing, kept.pinned, kept.serial),
        (Standing::Unusable, true, None)
    );
    assert_eq!(lab.vault().content(&kept).unwrap().bytes(), b"{ torn");
    let last = lab.vault().last_good().unwrap().clone();
    assert_eq!(
        (last.serial, last.reason.as_str()),
        (Some(4), "after restore")
    );
}

#[test]
fn a_vm_that_is_another_one_on_the_host_blocks_the_restore() {
    let lab = Lab::bare();
    lab.set_state(&state("l", 3, &["a"]));
    lab.snapshot();
    let stranger = LiveMachine {
        vmid: 8001,
        name: Some("somebody".to_owned()),
        uuid: None,
    };
    let plan = lab.with_request("latest", |request| {
        let mut request = request.clone();
        request.live = Live::Machines(vec![stranger]);
        plan(&request).unwrap()
    });
    assert_eq!(plan.blocked.len(), 1);
    let serial = plan.serial.to_string();
    assert!(plan.confirm(&serial).is_none());
}

#[test]
fn an_errored_state_is_a_source_and_moves_into_the_vault() {
    let lab = Lab::bare();
    lab.set_state(&state("l", 3, &["a"]));
    lab.snapshot();
    lab.set_state(b"{ torn by a full disk");
    let errored = state("l", 5, &["a", "b"]);
    lab.write("env/errored.tfstate", &errored);
    let restored = lab.restore("errored.tfstate");
    assert_eq!(restored.serial, 6);
    assert!(!lab.place().errored().exists());
    let live = Content::new(lab.state());
    assert_eq!(
        live.normal_digest(),
        Content::new(errored.clone()).normal_digest()
    );
    let kept = lab.vault();
    let kept = kept
        .snapshots()
        .iter()
        .find(|kept| kept.reason == "errored.tfstate")
        .unwrap()
        .clone();
    assert_eq!(lab.vault().content(&kept).unwrap().bytes(), errored);
}

#[test]
fn a_missing_state_is_restored_as_a_whole_new_private_file() {
    let lab = Lab::bare();
    lab.set_state(&state("l", 3, &["a"]));
    lab.snapshot();
    std::fs::remove_file(lab.place().state()).unwrap();
    let restored = lab.restore("latest");
    assert_eq!((restored.serial, restored.replaced), (4, None));
    let mode = std::fs::metadata(lab.place().state())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

/// A dead process leaves its note, and no lock.
#[test]
fn the_note_of_a_dead_process_holds_nobody_up() {
    let lab = Lab::bare();
    lab.set_state(&state("l", 3, &["a"]));
    lab.snapshot();
    lab.set_state(b"");
    lab.write(
        "env/.terraform.tfstate.lock.info",
        br#"{"ID":"x","Operation":"OperationTypeApply"}"#,
    );
    assert_eq!(lab.restore("latest").serial, 4);
    assert!(!lab.place().lock_info().exists());
}
