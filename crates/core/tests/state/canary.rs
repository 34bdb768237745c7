//! A secret in the state is in the copies of the state, and nowhere else.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::lab::{Lab, state};

const CANARY: &str = "canary-5e1f0c";

pub(crate) fn all_below(path: &Path) -> Vec<PathBuf> {
    let mut found = vec![path.to_owned()];
    if path.is_dir() {
        let entries = fs::read_dir(path).unwrap();
        found.extend(entries.flat_map(|entry| all_below(&entry.unwrap().path())));
    }
    found
}

pub(crate) fn holds(path: &Path, text: &str) -> bool {
    let bytes = fs::read(path).unwrap_or_default();
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

fn holds_canary(path: &Path) -> bool {
    holds(path, CANARY)
}

#[test]
fn no_secret_leaves_the_state_and_all_of_it_is_private() {
    let lab = Lab::bare();
    let secret = |serial| {
        let text = String::from_utf8(state("l", serial, &["a"])).unwrap();
        text.replace(
            "\"big\": 1",
            &format!("\"password\": \"{CANARY}\", \"big\": 1"),
        )
        .into_bytes()
    };
    lab.set_state(&secret(3));
    lab.write(
        "env/terraform.tfvars",
        format!("node = \"pve\"\nproxmox_password = \"{CANARY}\"\n# {CANARY}\n").as_bytes(),
    );
    lab.write("env/.terraform.lock.hcl", b"provider \"p\" {}\n");
    lab.snapshot();
    lab.set_state(&secret(2));
    lab.snapshot();
    lab.restore("latest");
    lab.vault().copy_to(&lab.path("copy")).unwrap();

    for root in ["vault", "copy"] {
        for path in all_below(&lab.path(root)) {
            let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
            assert_eq!(
                mode,
                if path.is_dir() { 0o700 } else { 0o600 },
                "{}",
                path.display()
            );
            let is_state = path
                .file_name()
                .is_some_and(|name| name == "terraform.tfstate");
            assert_eq!(holds_canary(&path), is_state, "{}", path.display());
        }
    }
    let left: Vec<PathBuf> = all_below(&lab.path("env"))
        .into_iter()
        .filter(|path| holds_canary(path))
        .collect();
    assert_eq!(left.len(), 2, "state and variable file: {left:?}");
}

#[test]
fn a_copy_grows_with_its_vault_and_refuses_another() {
    let lab = Lab::bare();
    lab.set_state(&state("l", 3, &["a"]));
    lab.snapshot();
    let copy = lab.path("copy");
    assert_eq!(lab.vault().copy_to(&copy).unwrap().new, 1);
    lab.set_state(&state("l", 4, &["a"]));
    lab.snapshot();
    let copied = lab.vault().copy_to(&copy).unwrap();
    assert_eq!(
        (
            copied.new,
            copied.read_back.snapshots,
            copied.read_back.faults
        ),
        (1, 2, vec![])
    );

    let other = Lab::bare();
    other.set_state(&state("m", 3, &["a"]));
    other.snapshot();
    let error = other.vault().copy_to(&copy).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "`{}` holds another vault, or one that went its own way",
            copy.display()
        )
    );
}

#[test]
fn a_flipped_bit_is_named_and_is_not_copied() {
    let lab = Lab::bare();
    lab.set_state(&state("l", 3, &["a"]));
    let kept = lab.snapshot();
    let files = ["terraform.tfstate", "manifest.json"];
    for name in files {
        let path = lab.vault().set(&kept.id).join(name);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[good.len() / 2] ^= 1;
        crate::lab::overwrite(&path, &bad);
        let faults: Vec<String> = lab
            .vault()
            .verify()
            .unwrap()
            .faults
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            faults,
            [format!(
                "`{}/{name}` is missing or not what was stored",
                kept.id
            )]
        );
        assert!(lab.vault().copy_to(&lab.path("copy")).is_err());
        crate::lab::overwrite(&path, &good);
    }
    assert_eq!(lab.vault().verify().unwrap().faults, []);
}
