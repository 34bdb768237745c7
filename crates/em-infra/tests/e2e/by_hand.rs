//! What `docs/guides/by-hand.md` tells a person to type.

use crate::lab::{CHDIR, Lab};

#[test]
fn the_four_commands_work_by_hand() {
    let lab = Lab::new();
    let before = lab.vms();
    lab.em_infra(&[
        "provider",
        "install",
        "--env",
        "terraform/environments/k3s-dev",
    ])
    .succeeded();

    lab.terraform(&[CHDIR, "init", "-input=false"]).succeeded();
    let first = lab
        .terraform(&[CHDIR, "plan", "-no-color", "-var-file=terraform.tfvars"])
        .succeeded();
    assert!(
        first
            .stdout
            .contains("Plan: 3 to add, 0 to change, 0 to destroy."),
        "{}",
        first.stdout
    );
    assert_eq!(lab.writes().len(), 0, "a plan writes nothing");

    lab.terraform(&[
        CHDIR,
        "apply",
        "-var-file=terraform.tfvars",
        "-auto-approve",
    ])
    .succeeded();
    let names: Vec<String> = lab.vms().into_values().collect();
    assert_eq!(
        names,
        ["k3s-dev-control-1", "k3s-dev-worker-1", "k3s-dev-worker-2"]
    );

    let writes = lab.writes().len();
    let second = lab.terraform(&[
        CHDIR,
        "plan",
        "-var-file=terraform.tfvars",
        "-detailed-exitcode",
    ]);
    assert!(second.succeeded().stdout.contains("No changes."));
    lab.terraform(&[CHDIR, "plan", "-refresh=false", "-detailed-exitcode"])
        .succeeded();
    assert_eq!(lab.writes().len(), writes, "a plan writes nothing");

    // Control planes are protected: the guide says what to type to be rid of them.
    let protected = lab.terraform(&[
        CHDIR,
        "destroy",
        "-var-file=terraform.tfvars",
        "-auto-approve",
    ]);
    assert_ne!(protected.code, Some(0), "{}", protected.stdout);
    lab.terraform(&[
        CHDIR,
        "destroy",
        "-auto-approve",
        "-var=protect_control_planes=false",
    ])
    .succeeded();
    assert_eq!(lab.vms(), before, "the host is as it was");
}
