//! What Terraform says nothing about is refused with the way out.

use em_infra_core::state::vault::Standing;
use em_infra_core::state::{Hazard, Inspection, Judgement, Taken};
use tf_run::Env;

use crate::lab::{Lab, state};

const LINEAGE: &str = "0f6d99d7-0000-4000-8000-000000000001";

fn kept() -> Lab {
    let lab = Lab::bare();
    lab.set_state(&state(LINEAGE, 7, &["a", "b"]));
    files::tighten(lab.place().state()).unwrap();
    lab.snapshot();
    lab
}

fn first_mend(lab: &Lab) -> (String, String) {
    let found = Inspection::of(&lab.place(), &lab.vault(), &Env::default()).unwrap();
    let hazard = &found.hazards[0];
    (hazard.to_string(), hazard.mend(" --env e"))
}

#[test]
fn a_kept_state_has_no_hazard() {
    let lab = kept();
    assert_eq!(lab.hazards(), Vec::<&str>::new());
}

#[test]
fn every_state_that_terraform_would_misread_is_named_with_the_good_copy() {
    let lab = kept();
    let good = state(LINEAGE, 7, &["a", "b"]);
    let half = &good[..good.len() / 2];
    let with_mark = [b"\xef\xbb\xbf".as_slice(), &good].concat();
    let table: [(&[u8], &str); 6] = [
        (b"", "state-empty"),
        (half, "state-unusable"),
        (&with_mark, "state-unusable"),
        (b"{}", "state-unusable"),
        (&state("another", 9, &["a"]), "state-foreign-lineage"),
        (&state(LINEAGE, 6, &["a"]), "state-serial-went-back"),
    ];
    for (bytes, expected) in table {
        lab.set_state(bytes);
        assert_eq!(lab.hazards(), [expected]);
        assert_ne!(lab.snapshot().standing, Standing::Good);
        lab.restore("latest");
        assert_eq!(lab.hazards(), Vec::<&str>::new(), "{expected}");
        lab.set_state(&good);
        lab.try_snapshot(Judgement::AsGood);
    }
}

#[test]
fn a_state_that_is_gone_is_missed_only_where_it_had_objects() {
    let lab = kept();
    std::fs::remove_file(lab.place().state()).unwrap();
    let id = lab.vault().last_good().unwrap().id.clone();
    assert_eq!(
        first_mend(&lab),
        (
            format!("the state file is gone; the vault has it as `{id}`"),
            "em-infra state restore latest --env e".to_owned()
        )
    );
    assert_eq!(lab.try_snapshot(Judgement::ByHistory), Taken::NoState);
    lab.set_state(&state(LINEAGE, 8, &[]));
    files::tighten(lab.place().state()).unwrap();
    lab.snapshot();
    std::fs::remove_file(lab.place().state()).unwrap();
    assert_eq!(lab.hazards(), Vec::<&str>::new());
}

#[test]
fn leftovers_and_surroundings_are_named() {
    let lab = kept();
    let make = |name: &str, text: &str| {
        let path = lab.path(name);
        files::create_private_dirs(path.parent().unwrap()).unwrap();
        files::create_new(&path, text.as_bytes(), files::Mode::Private).unwrap();
    };
    make("env/.terraform/environment", "red");
    make("env/errored.tfstate", "{}");
    make("env/old.tfstate", "{}");
    make("env/terraform.tfstate.d/red/terraform.tfstate", "{}");
    make("env/terraform.tfstate.backup", "{}");
    make(".stfolder/marker", "");
    make(".git/index", "DIRC\0\0env/terraform.tfstate\0\0");
    lab.write("env/x.tfplan", b"");
    let env = Env::from_iter([("TF_WORKSPACE", "blue"), ("TF_DATA_DIR", "/elsewhere")]);
    let expected = [
        "state-errored",
        "state-workspace",
        "state-variable",
        "state-variable",
        "state-synced-folder",
        "state-tracked-by-git",
        "state-look-alikes",
        "state-readable-by-others",
    ];
    assert_eq!(lab.hazards_in(&env), expected);
    let found = Inspection::of(&lab.place(), &lab.vault(), &env).unwrap();
    let shown: Vec<String> = found
        .hazards
        .iter()
        .skip(6)
        .map(Hazard::to_string)
        .collect();
    let path = |name: &str| lab.path("env").join(name).display().to_string();
    let expected = [
        format!(
            "these look like states and are not used: {} {}",
            path("old.tfstate"),
            path("terraform.tfstate.d/red/terraform.tfstate")
        ),
        format!("others can read: {}", path("x.tfplan")),
    ];
    assert_eq!(shown, expected);
}

/// Terraform with `-lock=false` says "Apply complete!" over such a path and saves nothing.
#[test]
fn a_state_that_cannot_be_written_is_refused_before_terraform_starts() {
    let lab = Lab::bare();
    std::os::unix::fs::symlink("/nowhere/terraform.tfstate", lab.place().state()).unwrap();
    assert_eq!(lab.hazards(), ["state-not-writable"]);
    std::fs::remove_file(lab.place().state()).unwrap();
    std::fs::create_dir(lab.place().state()).unwrap();
    assert_eq!(lab.hazards(), ["state-not-writable"]);
}

#[test]
fn a_state_on_another_backend_is_left_alone() {
    let lab = Lab::bare();
    files::create_private_dir(&lab.path("env/.terraform")).unwrap();
    lab.write(
        "env/.terraform/terraform.tfstate",
        br#"{"version":3,"backend":{"type":"s3","config":{}}}"#,
    );
    assert_eq!(lab.hazards(), ["state-not-local"]);
}

/// An apply that was killed before its first save leaves one; a rerun takes over what it began.
#[test]
fn an_empty_file_is_a_hazard_only_where_there_was_a_state() {
    let lab = Lab::bare();
    lab.write("env/terraform.tfstate", b"");
    files::tighten(lab.place().state()).unwrap();
    assert_eq!(lab.hazards(), Vec::<&str>::new());

    let backup = lab.place().backup();
    files::create_new(&backup, &state(LINEAGE, 3, &["a"]), files::Mode::Private).unwrap();
    let (_, mend) = first_mend(&lab);
    let source = backup.display().to_string();
    assert_eq!(mend, format!("em-infra state restore {source} --env e"));
    assert_eq!(lab.restore(&source).serial, 4);
}
