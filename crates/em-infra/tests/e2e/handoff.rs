//! `em-infra handoff` as a person types it: before, between and after `plan` and `apply`.

use serde_json::Value as Json;

use crate::lab::{Lab, Said};

/// The document says the same whether it is taken from the inputs, from a saved plan or from the state.
#[test]
fn inputs_plan_and_state_hand_over_the_same() {
    let lab = Lab::installed();
    lab.terraform(&[
        "-chdir=terraform/environments/k3s-dev",
        "init",
        "-input=false",
    ])
    .succeeded();
    let asked = lab.em_infra(&["handoff", "--from", "inputs"]).succeeded();
    let before = lab.em_infra(&["handoff"]).ended_with(1);
    insta::assert_snapshot!(before.stderr, @r"
    error: the state has no output `talos_bootstrap_contract`
      hint: run `em-infra gate` first, or take `--from inputs`: nothing has to exist for that
    ");

    terraform(&lab, &["plan", "-input=false", "-out=saved.plan"]);
    let planned = lab
        .em_infra(&[
            "handoff",
            "--from",
            "plan",
            "terraform/environments/k3s-dev/saved.plan",
        ])
        .succeeded();
    terraform(&lab, &["apply", "-input=false", "saved.plan"]);
    let made = lab.em_infra(&["handoff"]).succeeded();

    assert_eq!(planned.stdout, asked.stdout);
    assert_eq!(made.stdout, asked.stdout);
    assert_eq!(
        nodes(&made),
        ["k3s-dev-control-1", "k3s-dev-worker-1", "k3s-dev-worker-2"]
    );
    let script = lab
        .em_infra(&["handoff", "--format", "talosctl"])
        .succeeded();
    let again = lab
        .em_infra(&["handoff", "--format", "talosctl"])
        .succeeded();
    assert_eq!(script.stdout, again.stdout);
}

fn terraform(lab: &Lab, arguments: &[&str]) {
    let mut all = vec!["-chdir=terraform/environments/k3s-dev"];
    all.extend(arguments);
    lab.terraform(&all).succeeded();
}

fn nodes(said: &Said) -> Vec<String> {
    let nodes = said.json()["nodes"].as_array().cloned().unwrap_or_default();
    nodes
        .iter()
        .map(|node| node["name"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[test]
fn every_form_can_be_written_without_anything_existing() {
    let lab = Lab::new();
    let forms = [
        "json",
        "yaml",
        "talconfig",
        "talosctl",
        "env",
        "hosts",
        "dhcp",
        "dhcp-dnsmasq",
        "dhcp-kea",
        "dhcp-isc",
    ];
    for form in forms {
        let said = lab
            .em_infra(&["handoff", "--from", "inputs", "--format", form])
            .succeeded();
        assert!(
            said.stdout.contains("192.168.1.11"),
            "{form}: {}",
            said.stdout
        );
        assert_eq!(said.stderr, "", "{form}");
    }
    assert_eq!(lab.sim.journal().len(), 0);
}

#[test]
fn a_document_made_elsewhere_is_judged() {
    let lab = Lab::new();
    let good = lab.em_infra(&["handoff", "--from", "inputs"]).succeeded();
    let file = lab.root().join("document.json");
    let path = file.display().to_string();
    files::create_new(&file, good.stdout.as_bytes(), files::Mode::Private).unwrap();
    let said = lab.em_infra(&["handoff", "--check", &path]).succeeded();
    assert_eq!(
        said.stderr,
        "The document keeps the contract: version 1.0, 3 nodes.\n"
    );

    let mut broken: Json = good.json();
    broken["cluster"]["bootstrap_node"] = "k3s-dev-worker-1".into();
    broken["nodes"][2]["address"] = broken["nodes"][1]["address"].clone();
    std::fs::remove_file(&file).unwrap();
    files::create_new(&file, broken.to_string().as_bytes(), files::Mode::Private).unwrap();
    let said = lab.em_infra(&["handoff", "--check", &path]).ended_with(50);
    insta::assert_snapshot!(said.stderr, @r"
    /cluster/bootstrap_node: `k3s-dev-worker-1` is no control plane of the document; name one of k3s-dev-control-1 (bootstrap-node)
    /nodes/2/address: `192.168.1.20` is that of `k3s-dev-worker-1` already; give each node its own (unique)
    Breaches of the contract: 2.
    ");
    let said = lab
        .em_infra(&["handoff", "--format", "json", "--check", &path])
        .ended_with(50);
    assert_eq!(said.json()["valid"], Json::Bool(false));
}

#[test]
fn bad_inputs_hand_over_nothing() {
    let lab = Lab::new();
    lab.inputs("control_plane_count = 0\n");
    let said = lab
        .em_infra(&["handoff", "--from", "inputs"])
        .ended_with(50);
    assert_eq!(said.stdout, "");
    insta::assert_snapshot!(said.stderr, @r"
    error: the inputs cannot be used
      hint: `em-infra check` says what is wrong with them
    ");
}

/// A document whose nodes have addresses of this machine where nothing listens.
fn silent_document(lab: &Lab) -> String {
    let good = lab.em_infra(&["handoff", "--from", "inputs"]).succeeded();
    let text = good.stdout.replace("192.168.1.", "127.83.19.");
    let file = lab.root().join("document.json");
    files::create_new(&file, text.as_bytes(), files::Mode::Private).unwrap();
    file.display().to_string()
}

#[test]
fn nodes_that_do_not_answer_are_named_with_the_way_out_and_what_was_not_checked() {
    let lab = Lab::new();
    let path = silent_document(&lab);
    let verify = ["handoff", "--check", &path, "--verify"];
    let mut env = lab.env();
    env.remove_where(|name, _| name == "TF_VAR_proxmox_api_url");
    let said = lab.em_infra_with(&verify, &env).ended_with(1);
    insta::assert_snapshot!(said.stdout, @r"
    k3s-dev-control-1  127.83.19.11  refused
    k3s-dev-worker-1  127.83.19.20  refused
    k3s-dev-worker-2  127.83.19.21  refused
    ");
    insta::assert_snapshot!(said.stderr, @r"
    Proxmox VE is not asked, so whether the VMs run with the right network card is not checked: No Proxmox VE host. Set `proxmox_api_url` in the inputs (as in https://192.168.1.2:8006), or the environment variable PROXMOX_VE_ENDPOINT or PM_API_URL.
      something has the address 127.83.19.11 and does not listen on TCP 50000: Talos still starts (`--wait 5m`), or the address is another machine's (`ip neigh show 127.83.19.11` should say bc:24:11:61:a2:0c)
      something has the address 127.83.19.20 and does not listen on TCP 50000: Talos still starts (`--wait 5m`), or the address is another machine's (`ip neigh show 127.83.19.20` should say bc:24:11:c6:26:e5)
      something has the address 127.83.19.21 and does not listen on TCP 50000: Talos still starts (`--wait 5m`), or the address is another machine's (`ip neigh show 127.83.19.21` should say bc:24:11:c0:78:1a)
    Something is wrong with 3 of 3 nodes.
    ");
    let json = ["handoff", "--format", "json", "--check", &path, "--verify"];
    let said = lab.em_infra_with(&json, &env).ended_with(1).json();
    assert_eq!(said["host"]["asked"], "no");
    assert_eq!(said["nodes"][0]["trouble"], "refused");
    assert_eq!(said["nodes"][0]["machine"], "not asked");
}

#[test]
fn the_host_says_which_vms_are_missing() {
    let lab = Lab::new();
    let path = silent_document(&lab);
    let said = lab
        .em_infra(&["handoff", "--check", &path, "--verify"])
        .ended_with(1);
    let url = lab.sim.url();
    insta::assert_snapshot!(said.stdout, @r"
    k3s-dev-control-1  127.83.19.11  there is no such VM; refused
    k3s-dev-worker-1  127.83.19.20  there is no such VM; refused
    k3s-dev-worker-2  127.83.19.21  there is no such VM; refused
    ");
    insta::assert_snapshot!(said.stderr.replace(&url, "URL"), @r"
    Asking URL (from `proxmox_api_url` of the inputs) as em-infra@pve!terraform (from `proxmox_api_token_id` of the inputs) for the VMs.
      VM 8001 was not made or is gone: `em-infra gate` makes it; a document older than the cluster is made anew by `em-infra handoff`
      VM 8010 was not made or is gone: `em-infra gate` makes it; a document older than the cluster is made anew by `em-infra handoff`
      VM 8011 was not made or is gone: `em-infra gate` makes it; a document older than the cluster is made anew by `em-infra handoff`
    Something is wrong with 3 of 3 nodes.
    ");
    assert_eq!(lab.writes(), []);
}

/// While it waits, what is known of each node is said once, and again when it changes.
#[test]
fn waiting_says_what_it_waits_for() {
    let lab = Lab::new();
    let path = silent_document(&lab);
    let json = [
        "handoff", "--format", "json", "--check", &path, "--verify", "--wait", "3s",
    ];
    let said = lab.em_infra(&json).ended_with(1);
    let mut notes: Vec<&str> = said.stderr.lines().skip(1).collect();
    notes.sort_unstable();
    assert_eq!(
        notes,
        [
            "Something is wrong with 3 of 3 nodes.",
            "k3s-dev-control-1: there is no such VM; refused",
            "k3s-dev-worker-1: there is no such VM; refused",
            "k3s-dev-worker-2: there is no such VM; refused",
        ]
    );
    let said = said.json();
    assert_eq!(said["host"]["asked"], "yes");
    assert_eq!(
        said["nodes"][0]["machine_troubles"],
        serde_json::json!(["there is no such VM"])
    );
}

#[test]
fn a_host_that_cannot_be_asked_is_a_failure_of_its_own() {
    let lab = Lab::new();
    let path = silent_document(&lab);
    let mut env = lab.env();
    env.set(
        "TF_VAR_proxmox_api_token_secret",
        "00000000-0000-0000-0000-000000000000",
    );
    let json = ["handoff", "--format", "json", "--check", &path, "--verify"];
    let said = lab.em_infra_with(&json, &env).ended_with(1).json();
    assert_eq!(said["host"]["asked"], "failed");
    assert_eq!(said["nodes"][0]["machine"], "not asked");
}

/// `amdgpu-firmware` went with Talos 1.9: no image of 1.13 has it, so the id belongs to another version.
#[test]
fn a_schematic_of_another_talos_version_is_refused() {
    let lab = Lab::new();
    let old = contract::handoff::Schematic::new(["amdgpu-firmware"]).id();
    lab.inputs(&format!(
        "talos_schematic_id = \"{old}\"\nworker_count = 0\n"
    ));
    let said = lab
        .em_infra(&["handoff", "--from", "inputs"])
        .ended_with(50);
    insta::assert_snapshot!(said.stderr, @r"
    error: the inputs cannot be used
      hint: `em-infra check` says what is wrong with them
    ");
}

/// A `talosctl` that only notes what it is asked: which commands a shell makes of the script, in which order.
#[test]
fn the_script_asks_talosctl_for_the_right_things_in_order() {
    let lab = Lab::new();
    let script = lab
        .em_infra(&["handoff", "--from", "inputs", "--format", "talosctl"])
        .succeeded();
    let tools = lab.home().join("bin");
    std::fs::create_dir(&tools).unwrap();
    let note = lab.home().join("asked");
    let talosctl = format!("#!/bin/sh\necho \"$*\" >> {}\n", note.display());
    program(&tools.join("talosctl"), &talosctl);
    program(&lab.home().join("bootstrap.sh"), &script.stdout);

    let mut env = lab.env();
    env.set("PATH", format!("{}:/usr/bin:/bin", tools.display()));
    let path = lab.home().join("bootstrap.sh").display().to_string();
    let ran = lab.command("sh", &[&path], &env).output().unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let steps = String::from_utf8(ran.stderr).unwrap();
    assert_eq!(
        steps,
        "== config\n== apply\n== bootstrap\n== kubeconfig\n== health\n"
    );
    insta::assert_snapshot!(std::fs::read_to_string(note).unwrap());

    let wrong = lab.command("sh", &[&path, "aply"], &env).output().unwrap();
    assert_eq!(wrong.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(wrong.stderr).unwrap(),
        "no such step: aply\n"
    );
}

fn program(path: &std::path::Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    files::create_new(path, text.as_bytes(), files::Mode::Private).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)).unwrap();
}
