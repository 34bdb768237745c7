//! No file keeps a secret.

use std::path::Path;
use std::process::Command;

use crate::interruption::in_mid_create;
use crate::lab::Lab;
use nix::sys::signal::Signal;

/// Searches all bytes of all files below the clone, its home and its run directories.
#[track_caller]
pub(crate) fn is_in_no_file(secret: &str, folder: &Path) {
    let found = Command::new("grep")
        .args([
            "--recursive",
            "--text",
            "--fixed-strings",
            "--files-with-matches",
            "--",
            secret,
        ])
        .arg(folder)
        .output()
        .unwrap();
    assert_eq!(
        found.status.code(),
        Some(1),
        "the secret is in {}",
        String::from_utf8_lossy(&found.stdout)
    );
}

fn token(lab: &Lab) -> (String, String) {
    lab.sim.token("terraform").unwrap()
}

#[test]
fn a_token_of_the_inputs_is_in_no_file() {
    let lab = Lab::installed();
    let (_, secret) = token(&lab);
    lab.gate().succeeded();
    is_in_no_file(&secret, lab.folder());
}

#[test]
fn a_token_of_the_environment_is_in_no_file() {
    let lab = Lab::installed();
    let (id, secret) = token(&lab);
    let mut env = lab.env();
    env.remove_where(|name, _| name.starts_with("TF_VAR_proxmox_api"));
    env.set("PROXMOX_VE_ENDPOINT", lab.sim.url());
    env.set("PROXMOX_VE_API_TOKEN", format!("{id}={secret}"));
    let said = lab.em_infra_with(&["gate", "--yes"], &env).succeeded();
    is_in_no_file(&secret, lab.folder());
    assert!(!said.stdout.contains(&secret) && !said.stderr.contains(&secret));
}

#[test]
fn a_token_is_in_no_plan_that_a_killed_gate_leaves() {
    let (lab, gate) = in_mid_create();
    let (_, secret) = token(&lab);
    gate.signal(Signal::SIGKILL);
    gate.ended();
    is_in_no_file(&secret, lab.folder());
    // A saved plan is compressed, so its bytes alone would prove nothing.
    let runs = lab.root().join(".em-infra/runs");
    let run = std::fs::read_dir(runs)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let plan = run.join("2-plan.tfplan");
    let chdir = "-chdir=terraform/environments/k3s-dev";
    let shown = lab
        .terraform(&[chdir, "show", "-json", plan.to_str().unwrap()])
        .succeeded();
    assert!(shown.stdout.contains("k3s-dev-worker-2") && !shown.stdout.contains(&secret));
    lab.while_time_passes(|| crate::gate::passes(&lab));
}
