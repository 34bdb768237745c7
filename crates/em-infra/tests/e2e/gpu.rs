//! GPU workers through real Terraform: with a token by way of mappings, with root's password by address.

use std::collections::BTreeSet;

use pve_sim::Entry;
use testkit::proof;

use crate::lab::{CHDIR, Lab, Said};

const TWO_CARDS: &str = r#"
gpu_worker_template = "talos-v1.13-nocloud"
gpu_worker_pci_bdfs = ["0000:41:00", "0000:42:00"]
"#;

const ONE_CARD: &str = r#"
gpu_worker_template = "talos-v1.13-nocloud"
gpu_worker_pci_bdfs = ["0000:42:00"]
"#;

/// Runs Terraform in the environment; it must succeed.
fn run(lab: &Lab, arguments: &[&str]) -> Said {
    lab.terraform(&[&[CHDIR], arguments].concat()).succeeded()
}

/// Both plans are empty.
fn settled(lab: &Lab) {
    let plan = ["plan", "-detailed-exitcode", "-input=false"];
    run(lab, &plan);
    run(lab, &[&plan[..], &["-refresh=false"]].concat());
}

fn mappings(lab: &Lab) -> BTreeSet<String> {
    lab.sim
        .world(|world| world.pci_mappings().map(|(id, _)| id.to_owned()).collect())
}

/// Requests since the last count, the polling of tasks apart: it takes as long as it takes.
fn calls(lab: &Lab) -> usize {
    let polls = |entry: &Entry| entry.path.contains("/tasks/") && entry.path.ends_with("/status");
    let journal = lab.sim.journal();
    lab.sim.clear_journal();
    journal.iter().filter(|entry| !polls(entry)).count()
}

#[test]
fn two_gpu_workers_settle_with_a_token_and_one_goes_alone() {
    let lab = Lab::initialised();
    let (vms, gpus) = (5, 2);
    let before = mappings(&lab);
    lab.inputs(TWO_CARDS);
    // Where a GPU is planned, the options of every other VM are read.
    lab.sim.edit(|world| {
        world.put_vm(200, [("name", "nas")]);
        world.put_vm(201, [("name", "games"), ("hostpci0", "mapping=gpu0")]);
    });
    let others = 2;
    run(&lab, &["plan", "-input=false", "-out=planned"]);
    calls(&lab);
    run(&lab, &["apply", "-input=false", "planned"]);
    let (apply, apply_bound) = (calls(&lab), 12 * vms + 3 * gpus + 20);
    run(&lab, &["plan", "-detailed-exitcode", "-input=false"]);
    let (refresh, refresh_bound) = (calls(&lab), vms + 12 + others);
    proof::figures(format_args!(
        "calls with Terraform, {vms} VMs of which {gpus} with a GPU: apply {apply} of {apply_bound}; refresh {refresh} \
         of {refresh_bound}, with {others} other VMs on the host"
    ));
    assert!(apply <= apply_bound && refresh <= refresh_bound);
    settled(&lab);
    assert_eq!(mappings(&lab).difference(&before).count(), 2);
    let device = |vmid| lab.sim.world(|world| world.option(vmid, "hostpci0"));
    assert_eq!(
        device(8165).as_deref(),
        Some("mapping=k3s-dev-gpu-4100,pcie=1")
    );

    lab.inputs(ONE_CARD);
    run(&lab, &["apply", "-auto-approve", "-input=false"]);
    settled(&lab);
    let gone: Vec<u32> = [8165, 8166]
        .into_iter()
        .filter(|vmid| !lab.vms().contains_key(vmid))
        .collect();
    assert_eq!(gone, [8165]);
    assert_eq!(mappings(&lab).difference(&before).count(), 1);
}

/// A VM with a raw address, without the module.
const RAW: &str = r#"
terraform {
  required_providers { eminfra = { source = "terraform.local/em-infra/eminfra" } }
}
provider "eminfra" {}
resource "eminfra_talos_vm" "trainer" {
  env_name = "raw"
  name     = "raw-trainer-1"
  node     = "pve"
  vmid     = 9101
  uuid     = "6f1d7c1e-0000-5000-8000-000000009101"
  template = "talos-v1.13-nocloud"
  storage  = "local-lvm"
  disk_gb  = 10
  machine  = "q35"
  started  = true
  gpus     = [{ bdf = "0000:41:00" }]
}
"#;

#[test]
fn a_raw_address_takes_the_password_of_root_and_the_plan_says_so() {
    let lab = Lab::installed();
    let root = lab.folder().join("raw");
    std::fs::create_dir(&root).unwrap();
    files::create_new(&root.join("main.tf"), RAW.as_bytes(), files::Mode::Private).unwrap();
    let (id, secret) = lab.sim.token("terraform").unwrap();
    let terraform = |credentials: &[(&str, &str)], arguments: &[&str]| {
        let mut env = lab.env();
        env.set("PROXMOX_VE_ENDPOINT", lab.sim.url());
        env.set("PROXMOX_VE_INSECURE", "true");
        for (name, value) in credentials {
            env.set(name, value);
        }
        lab.terraform_with(&[&["-chdir=raw"], arguments].concat(), &env)
    };
    let token = format!("{id}={secret}");
    let with_token: &[(&str, &str)] = &[("PROXMOX_VE_API_TOKEN", &token)];
    terraform(with_token, &["init", "-input=false"]).succeeded();
    let refused = terraform(with_token, &["plan", "-input=false", "-no-color"]).ended_with(1);
    assert!(
        refused
            .stderr
            .contains("Proxmox allows that only to root@pam with a password"),
        "{}",
        refused.stderr
    );
    assert_eq!(lab.writes(), [], "refused at plan");

    let as_root: &[(&str, &str)] = &[
        ("PROXMOX_VE_USERNAME", "root@pam"),
        ("PROXMOX_VE_PASSWORD", "correct horse"),
    ];
    lab.sim.edit(|world| {
        let user = pve_sim::User {
            password: Some("correct horse".to_owned()),
            ..pve_sim::User::default()
        };
        world.put_user("root@pam", user);
    });
    terraform(as_root, &["apply", "-auto-approve", "-input=false"]).succeeded();
    let device = lab.sim.world(|world| world.option(9101, "hostpci0"));
    assert_eq!(device.as_deref(), Some("0000:41:00,pcie=1"));
    terraform(as_root, &["plan", "-detailed-exitcode", "-input=false"]).succeeded();
}
