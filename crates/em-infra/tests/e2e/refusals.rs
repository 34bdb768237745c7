//! What cannot work is refused at plan, with one clear error, before the host is written to.

use crate::lab::{Lab, Said};

/// Runs the gate with one thing wrong and returns what it said; the host must not have been written to.
#[track_caller]
fn refused(lab: &Lab, change: impl FnOnce(&mut tf_run::Env)) -> Said {
    let mut env = lab.env();
    change(&mut env);
    let said = lab.em_infra_with(&["gate", "--yes"], &env).ended_with(40);
    assert_eq!(lab.writes(), [], "the host was written to");
    let errors = said.stderr.lines().filter(|line| line.starts_with("error"));
    assert_eq!(errors.count(), 1, "one error in:\n{}", said.stderr);
    said
}

#[track_caller]
fn says_once(said: &Said, text: &str) {
    assert_eq!(
        said.stderr.matches(text).count(),
        1,
        "{text:?} in:\n{}",
        said.stderr
    );
}

#[test]
fn a_wrong_token_is_refused() {
    let lab = Lab::installed();
    let secret = "deadbeef-0000-4000-8000-00000000beef";
    let said = refused(&lab, |env| {
        env.set("TF_VAR_proxmox_api_token_secret", secret);
    });
    says_once(
        &said,
        "Check the token `em-infra@pve!terraform` and its secret",
    );
    assert!(!said.stderr.contains(secret) && !said.stdout.contains(secret));
}

#[test]
fn an_unreachable_host_is_refused() {
    let lab = Lab::installed();
    // A port that was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let url = format!("https://127.0.0.1:{port}");
    let said = refused(&lab, |env| env.set("TF_VAR_proxmox_api_url", &url));
    says_once(&said, "onnection refused");
}

#[test]
fn an_untrusted_certificate_is_refused_and_its_fingerprint_is_shown() {
    let lab = Lab::installed();
    let said = refused(&lab, |env| {
        env.remove_where(|name, _| name == "TF_VAR_proxmox_tls_fingerprint");
    });
    says_once(&said, "proxmox_tls_fingerprint");
    assert!(
        said.stderr.contains(lab.sim.fingerprint()),
        "{}",
        said.stderr
    );
}

#[test]
fn a_missing_template_is_refused() {
    let lab = Lab::installed();
    lab.inputs("worker_count = 1\nworker_template = \"talos-v0-missing\"\n");
    let said = refused(&lab, |_| ());
    assert!(said.stderr.contains("talos-v0-missing"), "{}", said.stderr);
}

#[test]
fn an_input_of_the_older_contract_is_a_warning_and_the_gate_passes() {
    let lab = Lab::installed();
    lab.inputs("ssh_authorized_keys = [\"ssh-ed25519 AAAA solo\"]\n");
    let said = lab.em_infra(&["gate", "--yes"]).succeeded();
    says_once(&said, "warning: ");
    says_once(&said, "ssh_authorized_keys has no effect: Talos has no SSH");
}

#[test]
fn bad_inputs_are_refused_before_terraform_is_started() {
    let lab = Lab::installed();
    lab.inputs("cluster_cidr = \"10.244.0.1/16\"\nworker_cout = 2\n");
    let said = lab.em_infra(&["gate", "--yes"]).ended_with(50);
    says_once(&said, "cidr-host-bits");
    says_once(&said, "input-unknown");
    assert_eq!(lab.sim.journal().len(), 0, "the host was not even asked");
}

#[test]
fn an_apply_that_nobody_agreed_to_is_refused() {
    let lab = Lab::installed();
    let said = lab.em_infra(&["gate"]).ended_with(50);
    assert!(said.stderr.contains("--yes"), "{}", said.stderr);
    assert_eq!(lab.writes().len(), 0);
}

#[test]
fn a_provider_that_is_another_build_is_refused() {
    let lab = Lab::new();
    let said = lab.em_infra(&["gate", "--yes"]).ended_with(50);
    assert!(
        said.stderr.contains("em-infra provider install"),
        "{}",
        said.stderr
    );
}
