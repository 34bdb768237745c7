//! Findings land on the user's own text.

use super::*;

const BASE: &str = r#"node                   = "pve"
disk_pool              = "local-lvm"
control_plane_template = "talos-v1.13-nocloud"
worker_template        = "talos-v1.13-nocloud"
cluster_network_cidr   = "192.168.1.0/24"
network_gateway        = "192.168.1.1"
talos_version          = "v1.13.9"
"#;

fn report(text: &str) -> Report {
    let root = tempfile::tempdir().unwrap();
    files::create_new(
        &root.path().join("terraform.tfvars"),
        text.as_bytes(),
        files::Mode::Private,
    )
    .unwrap();
    check(Request {
        root: root.path(),
        environment: &[],
        command_line: &[],
    })
    .unwrap()
}

/// Code and the text that the finding points at, of everything heavier than a note.
fn found(report: &Report) -> Vec<(&str, &str)> {
    report
        .findings
        .iter()
        .filter(|finding| finding.severity != Severity::Note)
        .map(|finding| {
            let code = finding.code.as_str();
            let text = finding.place.as_ref().map_or("", |place| {
                &report.texts[place.text].text[place.span.0..place.span.1]
            });
            (code, text)
        })
        .collect()
}

#[test]
fn the_smallest_complete_file_is_clean_and_describes_nodes() {
    let report = report(BASE);

    assert_eq!(found(&report), []);
    assert!(report.topology.is_some());
}

#[test]
fn every_fault_of_a_file_is_reported_at_once_in_the_order_of_the_text() {
    let report = report(&format!(
        "{BASE}worker_cout = 3\nworkers = {{ worker-1 = {{ coers = 2 }} }}\nvmid_start = \"x\"\n\
         gpu_worker_pci_bdfs = [\"0000:0A:00.0\"]\ncluster_cidr = \"10.244.0.1/16\"\n"
    ));

    assert_eq!(
        found(&report),
        [
            ("input-unknown", "worker_cout"),
            ("attribute-unknown", "coers"),
            ("type-mismatch", "\"x\""),
            ("pci-upper-case", "\"0000:0A:00.0\""),
            ("cidr-host-bits", "\"10.244.0.1/16\""),
        ]
    );
    assert!(report.topology.is_none());
}

#[test]
fn a_reference_is_no_value_of_a_variable_file() {
    let report = report(&BASE.replace("\"pve\"", "var.node"));
    assert!(
        found(&report).contains(&("value-computed", "var.node")),
        "{:?}",
        found(&report)
    );
}

#[test]
fn a_secret_is_masked_wherever_it_stands() {
    let secret = "11111111-2222-3333-4444-555555555555";
    let whole = report(&format!("{BASE}proxmox_api_token_secret = \"{secret}\"\n"));
    let broken = report(&format!(
        "proxmox_api_token_secret = \"{secret}\"\nnode = [\n"
    ));

    for report in [whole, broken] {
        assert!(!format!("{report:?}").contains(secret));
        assert!(report.texts[0].text.matches('*').count() >= secret.len());
    }
}

#[test]
fn a_value_from_the_environment_has_the_declared_type() {
    let root = tempfile::tempdir().unwrap();
    files::create_new(
        &root.path().join("terraform.tfvars"),
        BASE.as_bytes(),
        files::Mode::Private,
    )
    .unwrap();
    let environment = [("TF_VAR_worker_count".to_owned(), "3".to_owned())];
    let line = [CommandLineInput::Var("control_plane_count=3".to_owned())];

    let report = check(Request {
        root: root.path(),
        environment: &environment,
        command_line: &line,
    })
    .unwrap();

    assert_eq!(
        report.topology.map(|topology| topology.nodes.len()),
        Some(6)
    );
}

#[test]
fn a_text_that_cannot_be_read_does_not_make_everything_required() {
    assert_eq!(
        found(&report(&format!("{BASE}node = \"twice\"\n"))),
        [("name-duplicate", "node")]
    );
}
