//! Terraform and em-infra keep out of each other's way.

use std::time::Duration;

use em_infra_core::state::{Holder, LockError, LockedState};

use crate::lab::{Lab, Said, who};

const ONE: &str = "resource \"terraform_data\" \"a\" {}\n";

#[test]
fn terraform_refuses_a_state_that_em_infra_holds_and_says_who_holds_it() {
    let lab = Lab::new(ONE);
    lab.apply();
    let held = lab.lock();
    let refused = lab.terraform(&["plan", "-input=false", "-no-color", "-lock-timeout=0s"]);
    assert_eq!(refused.code, Some(1));
    for said in ["em-infra restore", "solo@desk"] {
        assert!(refused.stderr.contains(said), "{}", refused.stderr);
    }
    drop(held);
    assert!(!lab.place().lock_info().exists());
    assert_eq!(lab.plan(), Some(0));
}

/// A Terraform that waits has the file open already: with another inode under the name it would save into nowhere.
#[test]
fn a_terraform_that_waits_during_a_restore_saves_into_the_restored_state() {
    let lab = Lab::new(ONE);
    lab.apply();
    let kept = lab.snapshot();
    lab.write(
        "env/main.tf",
        b"resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {}\n",
    );
    let mut held = lab.lock();
    let waiting = lab.start_terraform(&[
        "apply",
        "-input=false",
        "-no-color",
        "-auto-approve",
        "-lock-timeout=60s",
    ]);
    let descriptors = format!("/proc/{}/fd", waiting.id());
    testkit::wait_until("Terraform has the state open", || {
        let links = std::fs::read_dir(&descriptors)
            .into_iter()
            .flatten()
            .flatten();
        links
            .filter_map(|link| std::fs::read_link(link.path()).ok())
            .any(|target| target == lab.place().state())
    });
    let content = lab.vault().content(&kept).unwrap();
    let raised =
        em_infra_core::state::with_serial(std::str::from_utf8(content.bytes()).unwrap(), 100)
            .unwrap();
    held.rewrite(raised.as_bytes()).unwrap();
    drop(held);
    Said::of(waiting.wait_with_output().unwrap()).ok();
    assert!(lab.serial() > 100);
    assert_eq!(lab.plan(), Some(0));
}

#[test]
fn em_infra_refuses_a_state_that_terraform_holds_and_says_who_holds_it() {
    let lab = Lab::new("");
    let started = lab.path("started");
    let configuration = format!(
        "resource \"terraform_data\" \"a\" {{\n  provisioner \"local-exec\" {{\n    command = \"touch {}; cat {}\"\n  }}\n}}\n",
        started.display(),
        lab.path("gate").display()
    );
    nix::unistd::mkfifo(&lab.path("gate"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    lab.write("env/main.tf", configuration.as_bytes());
    let applying = lab.start_terraform(&["apply", "-input=false", "-no-color", "-auto-approve"]);
    testkit::wait_until("the provisioner runs", || started.exists());

    let refused = LockedState::take(&lab.place(), &who(), "snapshot").unwrap_err();
    let LockError::Held(holder) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(holder.pid, Some(applying.id()));
    assert_eq!(holder.operation.as_deref(), Some("apply"));
    assert_eq!(Holder::of(&lab.place()).unwrap(), Some(holder));

    drop(
        std::fs::OpenOptions::new()
            .write(true)
            .open(lab.path("gate"))
            .unwrap(),
    );
    Said::of(applying.wait_with_output().unwrap()).ok();
    assert_eq!(Holder::of(&lab.place()).unwrap(), None);
}

/// The note makes Terraform wait: without it, `-lock-timeout` is ignored.
#[test]
fn terraform_waits_for_the_lock() {
    let lab = Lab::new(ONE);
    lab.apply();
    let held = lab.lock();
    let mut waiting =
        lab.start_terraform(&["plan", "-input=false", "-no-color", "-lock-timeout=60s"]);
    let descriptors = format!("/proc/{}/fd", waiting.id());
    testkit::wait_until("Terraform has the state open", || {
        let links = std::fs::read_dir(&descriptors)
            .into_iter()
            .flatten()
            .flatten();
        links
            .filter_map(|link| std::fs::read_link(link.path()).ok())
            .any(|target| target == lab.place().state())
    });
    // One second is the first pause between two attempts of Terraform: it is refused at least once while it waits.
    let asked = std::process::Command::new("sleep")
        .arg(Duration::from_millis(500).as_secs_f32().to_string())
        .status();
    assert!(asked.unwrap().success());
    assert_eq!(waiting.try_wait().unwrap(), None);
    drop(held);
    Said::of(waiting.wait_with_output().unwrap()).ok();
}
