//! A full disk: Terraform's own advice does not work, the restore does.

use std::process::Command;

use em_infra_core::state::Content;

use crate::lab::{Lab, Said};

/// Terraform in a mount namespace where the state lies on a disk of 64 KiB.
fn in_a_small_world(lab: &Lab, then: &str) -> Said {
    let script = format!(
        "set -e\nmount -t tmpfs -o size=64k tmpfs {disk}\ncp {env}/seed.tfstate {disk}/k.tfstate\ncd {env}\nset +e\n{then}\ncp {disk}/k.tfstate {env}/torn.tfstate\n",
        disk = lab.path("disk").display(),
        env = lab.path("env").display(),
    );
    let mut command = Command::new("unshare");
    // A user namespace of its own: whoever may make one need not be root.
    command.args(["-Urm", "sh", "-c", &script]).env_clear();
    command
        .envs(testkit::env(&lab.path("home")).iter())
        .env("TERRAFORM", testkit::engine().program);
    Said::of(command.output().unwrap())
}

#[test]
fn a_state_that_did_not_fit_is_restored_from_errored_tfstate() {
    let lab = Lab::new("resource \"terraform_data\" \"a\" {}\n");
    lab.apply();
    lab.snapshot();
    files::create_private_dir(&lab.path("disk")).unwrap();
    lab.write("env/seed.tfstate", &lab.state());
    std::fs::remove_file(lab.place().state()).unwrap();
    std::os::unix::fs::symlink(lab.path("disk/k.tfstate"), lab.place().state()).unwrap();
    let configuration = format!(
        "resource \"terraform_data\" \"a\" {{}}\nresource \"terraform_data\" \"b\" {{\n  input = \"{}\"\n}}\n",
        "x".repeat(100_000)
    );
    lab.write("env/main.tf", configuration.as_bytes());

    let said = in_a_small_world(
        &lab,
        "\"$TERRAFORM\" apply -input=false -no-color -auto-approve; echo \"apply $?\"\n\
         \"$TERRAFORM\" state push errored.tfstate; echo \"push $?\"",
    )
    .ok();
    assert!(
        said.stdout.contains("apply 1") && said.stdout.contains("push 1"),
        "{said:?}"
    );

    std::fs::remove_file(lab.place().state()).unwrap();
    lab.set_state(&std::fs::read(lab.path("env/torn.tfstate")).unwrap());
    assert!(Content::new(lab.state()).state().is_err());
    for code in ["state-unusable", "state-errored"] {
        assert!(lab.hazards().contains(&code), "{:?}", lab.hazards());
    }
    lab.restore("errored.tfstate");
    assert_eq!(lab.plan(), Some(0));
}
