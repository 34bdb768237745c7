//! `em-infra init`: a first file of inputs, one made of the live host, and what an old one needs.

use std::path::PathBuf;

use crate::lab::Lab;

fn tfvars(lab: &Lab) -> PathBuf {
    lab.root().join("terraform.tfvars")
}

fn without_inputs() -> Lab {
    let lab = Lab::new();
    std::fs::remove_file(tfvars(&lab)).unwrap();
    lab
}

fn write(path: &std::path::Path, text: &str) {
    files::create_new(path, text.as_bytes(), files::Mode::Private).unwrap();
}

#[test]
fn a_newcomer_gets_a_file_that_holds_and_no_second_one() {
    let lab = without_inputs();
    lab.em_infra(&["init"]).succeeded();
    lab.em_infra(&["check"]).succeeded();
    let before = std::fs::read(tfvars(&lab)).unwrap();

    let said = lab.em_infra(&["init"]).ended_with(50);
    insta::assert_snapshot!(said.stderr);
    assert_eq!(std::fs::read(tfvars(&lab)).unwrap(), before);
}

#[test]
fn what_the_host_has_is_offered_and_passes_the_gate() {
    let lab = without_inputs().with_provider();
    let writes = lab.writes().len();
    lab.em_infra(&["init", "--from-host"]).succeeded();
    assert_eq!(lab.writes().len(), writes, "the host was written to");

    let text = std::fs::read_to_string(tfvars(&lab)).unwrap();
    let (id, secret) = lab.sim.token("terraform").unwrap();
    assert!(!text.contains(&secret), "{text}");
    let steady = text
        .replace(&lab.sim.url(), "https://HOST")
        .replace(&id, "TOKEN");
    insta::assert_snapshot!(steady);
    lab.em_infra(&["check", "--live"]).succeeded();
    lab.gate().succeeded();
}

#[test]
fn a_host_that_nobody_names_is_said_with_the_way_out() {
    let lab = without_inputs();
    let mut env = lab.env();
    env.remove_where(|name, _| name.starts_with("TF_VAR_"));
    let said = lab
        .em_infra_with(&["init", "--from-host"], &env)
        .ended_with(1);
    assert!(
        said.stderr.contains("PROXMOX_VE_ENDPOINT"),
        "{}",
        said.stderr
    );
    assert!(!tfvars(&lab).exists());
}

/// The example of the earlier contract, with this host's address and token in it.
fn old_example(lab: &Lab) -> String {
    let (id, secret) = lab.sim.token("terraform").unwrap();
    let url = lab.sim.url();
    format!(
        "proxmox_api_url          = \"{url}\"\nproxmox_api_token_id     = \"{id}\"\n\
         proxmox_api_token_secret = \"{secret}\"\n\nenv_name = \"k3s-dev\"\nnode     = \"pve\"\n\n\
         control_plane_template = \"talos-v1.13-nocloud\"\nworker_count           = 2\n\
         worker_template        = \"talos-v1.13-nocloud\"\ngpu_worker_pci_bdfs    = []\n\
         gpu_worker_template    = \"talos-v1.13-nocloud\"\n\nssh_authorized_keys    = [\"ssh-ed25519 AAAA solo\"]\n\
         ssh_public_key_comment = \"solo\"\n\ncluster_cidr   = \"10.244.0.0/16\"\nservice_cidr   = \"10.96.0.0/12\"\n\
         disk_pool      = \"local-lvm\"\nnetwork_bridge = \"vmbr0\"\n"
    )
}

/// The text with the lines of a diff taken out and put in, as an operator does it.
fn with_the_named_lines(text: &str, diff: &str) -> String {
    let of = |mark: char| {
        let lines = diff.lines().skip(2);
        lines.filter_map(move |line| line.strip_prefix(mark))
    };
    let kept = text
        .lines()
        .filter(|line| !of('-').any(|gone| gone == *line));
    let lines: Vec<&str> = kept.chain(of('+')).collect();
    lines.join("\n") + "\n"
}

#[test]
fn the_earlier_example_and_the_lines_that_are_named_pass_the_gate() {
    let lab = without_inputs().with_provider();
    let old = old_example(&lab);
    write(&tfvars(&lab), &old);
    // Only the address of the certificate is new; everything else is in the file.
    let mut env = lab.env();
    env.remove_where(|name, _| {
        name.starts_with("TF_VAR_") && name != "TF_VAR_proxmox_tls_fingerprint"
    });
    let said = lab.em_infra_with(&["check"], &env).ended_with(50);
    for name in ["cluster_network_cidr", "network_gateway", "talos_version"] {
        assert!(
            said.stderr
                .contains(&format!("add a line such as `{name} = ")),
            "{}",
            said.stderr
        );
    }

    let file = "terraform/environments/k3s-dev/terraform.tfvars";
    let said = lab
        .em_infra_with(&["init", "--upgrade", file], &env)
        .succeeded();
    let (_, secret) = lab.sim.token("terraform").unwrap();
    assert!(!said.stdout.contains(&secret), "{}", said.stdout);
    insta::assert_snapshot!(said.stdout);
    assert_eq!(
        std::fs::read_to_string(tfvars(&lab)).unwrap(),
        old,
        "the file was written to"
    );

    std::fs::remove_file(tfvars(&lab)).unwrap();
    write(&tfvars(&lab), &with_the_named_lines(&old, &said.stdout));
    lab.em_infra_with(&["check"], &env).succeeded();
    lab.em_infra_with(&["gate", "--yes"], &env).succeeded();
}
