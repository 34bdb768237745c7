//! `em-infra check` as a person sees it.

use crate::lab::Lab;

#[test]
fn the_example_holds() {
    let lab = Lab::new();
    let said = lab.em_infra(&["check"]).succeeded();
    insta::assert_snapshot!(said.stdout);
    assert_eq!(
        said.stderr,
        "The inputs hold. Nothing was asked of the host.\n"
    );
    assert_eq!(lab.sim.journal().len(), 0);
}

#[test]
fn every_fault_is_shown_at_the_users_own_line() {
    let lab = Lab::new();
    lab.inputs(
        "cluster_cidr = \"10.244.0.1/16\"\nworker_cout = 2\nworkers = { worker-1 = { coers = 2 } }\n\
         proxmox_api_token_secret = \"not-a-uuid\"\n",
    );
    let said = lab.em_infra(&["check"]).ended_with(50);
    assert!(!said.stderr.contains("not-a-uuid"), "{}", said.stderr);
    insta::assert_snapshot!(said.stderr);
}

#[test]
fn a_finding_can_be_explained() {
    let said = Lab::new()
        .em_infra(&["check", "--explain", "cidr-host-bits"])
        .succeeded();
    insta::assert_snapshot!(said.stdout);
}

#[test]
fn a_code_that_is_misspelt_names_the_nearest() {
    let said = Lab::new()
        .em_infra(&["check", "--explain", "cidr-hostbits"])
        .ended_with(2);
    assert!(
        said.stderr.contains("did you mean `cidr-host-bits`?"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_directory_that_is_not_there_is_named() {
    let said = Lab::new().em_infra(&["check", "nowhere"]).ended_with(2);
    insta::assert_snapshot!(said.stderr);
}
