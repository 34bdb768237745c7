//! VMs that somebody made by hand become nodes of the environment as they are.

use std::collections::BTreeMap;

use serde_json::json;

use crate::gate::passes;
use crate::lab::Lab;

/// A running VM that em-infra did not make.
struct Handmade {
    vmid: u32,
    name: &'static str,
    /// In its addresses.
    number: u32,
    /// What is else about it.
    special: &'static [(&'static str, &'static str)],
}

const HANDMADE: [Handmade; 3] = [
    Handmade {
        vmid: 101,
        name: "talos-cp",
        number: 51,
        special: &[("protection", "1")],
    },
    Handmade {
        vmid: 102,
        name: "k3s-dev-worker-1",
        number: 52,
        special: &[("memory", "8192"), ("tags", "lab")],
    },
    Handmade {
        vmid: 205,
        name: "old-worker",
        number: 53,
        special: &[("onboot", "0"), ("description", "do not touch")],
    },
];

const MAPS: [&str; 6] = [
    "--map",
    "k3s-dev-control-1=101",
    "--map",
    "k3s-dev-worker-1=102",
    "--map",
    "k3s-dev-worker-2=205",
];

fn made_by_hand() -> Lab {
    let scenario: String = HANDMADE.iter().map(scenario).collect();
    Lab::with_more(&scenario)
}

fn scenario(handmade: &Handmade) -> String {
    let Handmade {
        vmid,
        name,
        number,
        special,
    } = handmade;
    let mut options: BTreeMap<&str, String> = [
        ("name", (*name).to_owned()),
        ("machine", "q35".to_owned()),
        ("cores", "3".to_owned()),
        ("memory", "4096".to_owned()),
        ("cpu", "host".to_owned()),
        ("scsihw", "virtio-scsi-single".to_owned()),
        ("scsi0", format!("local-lvm:vm-{vmid}-disk-0,size=33G")),
        ("ide2", format!("local-lvm:vm-{vmid}-cloudinit,media=cdrom")),
        (
            "ipconfig0",
            format!("gw=192.168.1.1,ip=192.168.1.{number}/24"),
        ),
        (
            "net0",
            format!("virtio=02:00:00:00:00:{number:02X},bridge=vmbr0"),
        ),
        (
            "smbios1",
            format!("uuid=0a0b0c0d-0000-4000-8000-0000000000{number}"),
        ),
        ("onboot", "1".to_owned()),
    ]
    .into();
    options.extend(
        special
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned())),
    );
    let options: Vec<String> = options
        .into_iter()
        .map(|(key, value)| format!("{key} = \"{value}\""))
        .collect();
    let options = options.join("\n");
    format!(
        "[[volume]]\nvolid = \"local-lvm:vm-{vmid}-disk-0\"\nsize = \"33G\"\n\
         [[vm]]\nvmid = {vmid}\nrunning = true\n[vm.options]\n{options}\n"
    )
}

/// The options of the three without their notes.
fn as_they_are(lab: &Lab) -> Vec<BTreeMap<String, String>> {
    let options = |world: &pve_sim::World| {
        HANDMADE.map(|Handmade { vmid, .. }| {
            let mut options = world.config(vmid).unwrap();
            options.remove("description");
            options.remove("name");
            options
        })
    };
    lab.sim.world(options).to_vec()
}

#[test]
fn three_running_vms_are_taken_over_with_no_write_but_the_marker() {
    let lab = made_by_hand();
    let before = as_they_are(&lab);

    let said = lab.em_infra(&[&["adopt"], &MAPS[..]].concat()).succeeded();
    insta::assert_snapshot!(said.stdout, @r#"
    node_overrides = {
      k3s-dev-control-1 = {
        address    = "192.168.1.51"
        cores      = 3
        cpu_type   = "host"
        disk_gb    = 33
        mac        = "02:00:00:00:00:33"
        protection = true
        tags       = []
        uuid       = "0a0b0c0d-0000-4000-8000-000000000051"
        vmid       = 101
      }
      k3s-dev-worker-1 = {
        address   = "192.168.1.52"
        cores     = 3
        cpu_type  = "host"
        disk_gb   = 33
        mac       = "02:00:00:00:00:34"
        memory_mb = 8192
        tags      = ["lab"]
        uuid      = "0a0b0c0d-0000-4000-8000-000000000052"
        vmid      = 102
      }
      k3s-dev-worker-2 = {
        address  = "192.168.1.53"
        cores    = 3
        cpu_type = "host"
        disk_gb  = 33
        mac      = "02:00:00:00:00:35"
        onboot   = false
        tags     = []
        uuid     = "0a0b0c0d-0000-4000-8000-000000000053"
        vmid     = 205
      }
    }
    "#);
    insta::assert_snapshot!(said.stderr.replace(&lab.sim.url(), "HOST"), @"
    Host: HOST (from `proxmox_api_url` of the inputs) as em-infra@pve!terraform (from `proxmox_api_token_id` of the inputs).
    VM 101 talos-cp (running) becomes k3s-dev-control-1.
      name talos-cp -> k3s-dev-control-1: in force at once
    VM 102 k3s-dev-worker-1 (running) becomes k3s-dev-worker-1.
      the next apply changes nothing about it
    VM 205 old-worker (running) becomes k3s-dev-worker-2.
      name old-worker -> k3s-dev-worker-2: in force at once
    ");
    assert_eq!(lab.writes(), [], "looking writes nothing");

    let file = "terraform/environments/k3s-dev/adopted.auto.tfvars";
    let write = [&["adopt"], &MAPS[..], &["--write", file]].concat();
    lab.em_infra(&write).succeeded();
    let refused = lab.em_infra(&["adopt", "--mark"]).ended_with(50);
    assert!(
        refused.stderr.contains("--mark --confirm 101,102,205"),
        "{}",
        refused.stderr
    );
    assert_eq!(lab.writes(), [], "nobody agreed");

    let mark = [
        "adopt",
        "--mark",
        "--confirm",
        "101,102,205",
        "--format",
        "json",
    ];
    let report = lab.em_infra(&mark).succeeded().json();
    assert_eq!(
        (&report["marked"], &report["inputs_fit"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(written(&lab, 0), [["description", "digest"]; 3]);

    let marked = lab.writes().len();
    assert_eq!(passes(&lab), [3, 0, 0]);
    assert_eq!(
        written(&lab, marked),
        [["digest", "name"]; 2],
        "two had other names"
    );
    assert_eq!(as_they_are(&lab), before);
    let (notes, running) = lab.sim.world(|world| {
        let running = HANDMADE.map(|Handmade { vmid, .. }| world.vm(vmid).unwrap().is_running());
        (world.option(205, "description").unwrap(), running)
    });
    assert_eq!(running, [true; 3]);
    assert!(notes.ends_with("do not touch"), "{notes}");
}

/// The names of what each write after the first few set.
fn written(lab: &Lab, after: usize) -> Vec<Vec<String>> {
    let names = |write: pve_sim::Entry| write.parameters.into_iter().map(|(name, _)| name);
    let writes = lab.writes().into_iter().skip(after);
    writes.map(|write| names(write).collect()).collect()
}

#[test]
fn a_vm_that_cannot_be_adopted_is_named_with_the_reason() {
    let lab = made_by_hand();
    lab.sim.edit(|world| {
        world.set_config_lock(101, Some("backup"));
        world.vm_mut(102).unwrap().remove_option("smbios1");
    });
    let maps = [
        ["--map", "k3s-dev-control-1=101"],
        ["--map", "k3s-dev-worker-1=102"],
        ["--map", "k3s-dev-worker-2=9000"],
        ["--map", "k3s-dev-wroker-2=205"],
        ["--map", "k3s-dev-worker-2=300"],
    ];
    let said = lab.em_infra(&[&["adopt"], maps.as_flattened()].concat());
    insta::assert_snapshot!(said.ended_with(50).stderr, @"
    error: nothing is adopted:
      the inputs make no node `k3s-dev-wroker-2`; did you mean `k3s-dev-worker-2`?
      k3s-dev-worker-2 or VM 300 is named twice
      VM 101 is locked (backup): let that end in Proxmox first
      VM 102 has no SMBIOS UUID to know it by; give it one where it runs, as root: qm set 102 --smbios1 uuid=$(cat /proc/sys/kernel/random/uuid), then stop and start it
      VM 9000 is a template
    ");
    let none = lab.em_infra(&["adopt", "--var", "env_name=other"]);
    insta::assert_snapshot!(none.ended_with(50).stderr, @"
    error: nothing is adopted:
      no VM without a marker has the name of a node; name them with --map NODE=VMID
    ");
    assert_eq!(lab.writes(), []);
}

#[test]
fn what_no_input_can_say_is_shown_with_what_it_does() {
    let lab = made_by_hand();
    lab.sim.edit(|world| {
        world.vm_mut(102).unwrap().set_option("machine", "pc");
        world.vm_mut(102).unwrap().remove_option("ipconfig0");
    });
    let said = lab.em_infra(&["adopt"]).succeeded();
    insta::assert_snapshot!(said.stderr.replace(&lab.sim.url(), "HOST"), @"
    Host: HOST (from `proxmox_api_url` of the inputs) as em-infra@pve!terraform (from `proxmox_api_token_id` of the inputs).
    VM 102 k3s-dev-worker-1 (running) becomes k3s-dev-worker-1.
      machine pc -> q35: needs a stop and a start
      address none -> 192.168.1.20: needs a reboot
      prefix_length none -> 24: needs a reboot
      gateway none -> 192.168.1.1: needs a reboot
      nameservers none -> : needs a reboot
      address_mode none -> static: needs a reboot
    warning: the next apply of k3s-dev-worker-1 needs allow_restart = true, or other inputs
    ");
    let elsewhere = lab.em_infra(&[
        "adopt",
        "--map",
        "k3s-dev-worker-1=101",
        "--var",
        "cluster_network_cidr=10.0.0.0/24",
        "--var",
        "network_gateway=10.0.0.1",
    ]);
    insta::assert_snapshot!(elsewhere.ended_with(50).stderr, @r#"
    error: the VMs do not fit into the environment as they are:
      node_overrides["k3s-dev-worker-1"].address: `k3s-dev-worker-1` at `192.168.1.51` is outside `10.0.0.0/24`; use one of `10.0.0.1` to `10.0.0.254` (address-outside-network)
      hint: change the inputs of the environment, such as cluster_network_cidr, so that the VMs fit, or the VMs
    "#);
}
