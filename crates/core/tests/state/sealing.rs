//! A vault with recipients: everything but opening works without the private key, and there is no plaintext.

use std::fs;
use std::path::{Path, PathBuf};

use em_infra_core::state::restore::{Basis, PlanError, RestoreRequest, Restored, plan};
use em_infra_core::state::vault::{Keys, Recipients, VaultError};
use em_infra_core::state::{Content, Judgement, Taken};

use crate::canary::{all_below, holds};
use crate::lab::{Lab, state};

const CANARY: &str = "canary-a6e0d1";

/// A pair of age: the public key, and the file of the private one.
fn pair(lab: &Lab, name: &str) -> (String, PathBuf) {
    use age::secrecy::ExposeSecret as _;
    let identity = age::x25519::Identity::generate();
    let file = lab.path(name);
    let text = format!("# a key\n{}\n", identity.to_string().expose_secret());
    files::create_new(&file, text.as_bytes(), files::Mode::Private).unwrap();
    (identity.to_public().to_string(), file)
}

fn seal(lab: &Lab, keys: &[&str]) {
    let recipients = Recipients::parse(&keys.join("\n"), Path::new("test")).unwrap();
    recipients.take_effect(&lab.path("vault")).unwrap();
}

fn secret_state(serial: u64) -> Vec<u8> {
    let text = String::from_utf8(state("l", serial, &["a"])).unwrap();
    let secret = format!("\"password\": \"{CANARY}\", \"big\": 1");
    text.replace("\"big\": 1", &secret).into_bytes()
}

fn with_keys<T>(
    lab: &Lab,
    source: &str,
    keys: &Keys,
    act: impl FnOnce(&RestoreRequest<'_>) -> T,
) -> T {
    lab.with_request(source, |request| {
        let mut request = request.clone();
        request.keys = keys;
        act(&request)
    })
}

fn restored(lab: &Lab, source: &str, keys: &Keys) -> Restored {
    with_keys(lab, source, keys, |request| {
        let plan = plan(request).unwrap();
        let serial = plan.serial.to_string();
        plan.confirm(&serial).unwrap().execute(request).unwrap()
    })
}

#[test]
fn a_sealed_vault_holds_no_plaintext_and_restores_with_the_key_alone() {
    let lab = Lab::bare();
    let (public, private) = pair(&lab, "key");
    let (on_paper, paper) = pair(&lab, "paper");
    seal(&lab, &[&public, &on_paper]);
    for serial in [3, 4] {
        lab.set_state(&secret_state(serial));
        lab.snapshot();
    }
    let again = lab.try_snapshot(Judgement::ByHistory);
    assert!(matches!(
        again,
        Taken::Stored(em_infra_core::state::vault::Stored::Already(_))
    ));
    lab.set_state(format!("{{ torn {CANARY}").as_bytes());
    lab.snapshot();
    lab.write("env/errored.tfstate", &secret_state(5));

    let refused = lab.with_request("latest", plan).unwrap_err();
    assert!(
        matches!(refused, PlanError::Vault(VaultError::Sealed(_))),
        "{refused:?}"
    );
    let (_, wrong) = pair(&lab, "wrong");
    let wrong = Keys::read(&wrong).unwrap();
    let refused = with_keys(&lab, "latest", &wrong, plan).unwrap_err();
    assert!(
        matches!(refused, PlanError::Vault(VaultError::Seal(_))),
        "{refused:?}"
    );

    for key in [&private, &paper] {
        let done = restored(&lab, "latest", &Keys::read(key).unwrap());
        let live = Content::new(lab.state());
        let expected = Content::new(secret_state(4)).normal_digest();
        assert_eq!(
            (live.state().unwrap().serial, live.normal_digest()),
            (done.serial, expected)
        );
        lab.set_state(b"");
    }
    lab.vault().copy_to(&lab.path("copy")).unwrap();
    for root in ["vault", "copy"] {
        let found: Vec<PathBuf> = all_below(&lab.path(root))
            .into_iter()
            .filter(|path| holds(path, CANARY))
            .collect();
        assert_eq!(found, Vec::<PathBuf>::new());
    }
}

#[test]
fn verify_without_the_key_sees_damage_and_with_it_a_state_that_does_not_open() {
    let lab = Lab::bare();
    let (public, private) = pair(&lab, "key");
    seal(&lab, &[&public]);
    lab.set_state(&secret_state(3));
    let kept = lab.snapshot();
    let blind = lab.vault().verify().unwrap();
    assert_eq!((blind.faults, blind.unopened), (vec![], 1));
    let keys = Keys::read(&private).unwrap();
    let seen = lab.vault().with_keys(keys).verify().unwrap();
    assert_eq!((seen.faults, seen.unopened), (vec![], 0));

    let (_, other) = pair(&lab, "other");
    let other = lab.vault().with_keys(Keys::read(&other).unwrap());
    assert_eq!(other.verify().unwrap().faults.len(), 1, "it does not open");

    let path = lab.vault().set(&kept.id).join("terraform.tfstate.age");
    let mut bytes = fs::read(&path).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    crate::lab::overwrite(&path, &bytes);
    let faults = lab.vault().verify().unwrap().faults;
    let named = format!(
        "`{}/terraform.tfstate.age` is missing or not what was stored",
        kept.id
    );
    assert_eq!(
        faults.iter().map(ToString::to_string).collect::<Vec<_>>(),
        [named]
    );
}

#[test]
fn recipients_seal_what_comes_after_them_and_what_was_in_clear_is_kept_sealed_too() {
    let lab = Lab::bare();
    lab.set_state(&secret_state(3));
    let clear = lab.snapshot();
    let (public, private) = pair(&lab, "key");
    seal(&lab, &[&public]);
    let sealed = lab.snapshot();
    assert_ne!(clear.id, sealed.id, "the same state is kept anew, sealed");
    assert_eq!(lab.vault().snapshots().len(), 2);
    // What the live state is compared with is sealed: a source in clear is restored without a key.
    fs::remove_file(lab.place().state()).unwrap();
    let plan = lab.plan_restore(&clear.id);
    assert!(
        matches!(plan.basis, Basis::Nothing { .. }),
        "{:?}",
        plan.basis
    );
    lab.restore(&clear.id);
    let keys = Keys::read(&private).unwrap();
    assert_eq!(lab.vault().with_keys(keys).verify().unwrap().faults, []);
}
