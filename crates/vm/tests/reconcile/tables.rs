//! The loop as a table: what one difference leads to, and in which order.

use pve_api::{DiskSize, GiB, MiB};
use vm::{
    AddressMode, Addressing, Claim, Consent, Firmware, Gpu, Mandate, Next, Observed, Origin, Role,
    Shape, Step, Wanted,
};

use crate::fake_host::{apply, attempt, options};
use crate::worlds::{OUR_UUID, key};
use crate::{Ended, reconcile};

pub(crate) fn plain() -> Wanted {
    Wanted {
        key: key(),
        origin: Origin {
            template: "talos-v1.13".into(),
            clone: None,
            pool: None,
            role: Some(Role::Worker),
            talos_version: Some("v1.13.0".into()),
        },
        shape: Shape {
            uuid: Some(OUR_UUID.parse().expect("a UUID")),
            started: Some(true),
            ..Shape::default()
        },
    }
}

pub(crate) fn mandate(claim: Claim, restart: Consent) -> Mandate {
    Mandate {
        claim,
        attempt: attempt(1),
        restart,
    }
}

pub(crate) fn made(wanted: &Wanted) -> Observed {
    let ended = reconcile(
        wanted,
        Observed::Absent,
        mandate(Claim::Create, Consent::Withheld),
    );
    assert_eq!(ended.last, Next::Done, "{:?}", ended.steps);
    ended.observed
}

fn told(steps: &[Step]) -> Vec<String> {
    steps.iter().map(ToString::to_string).collect()
}

/// Makes a VM, changes what is wanted of it, and tells the steps of the update.
fn update(change: impl FnOnce(&mut Shape)) -> Vec<String> {
    let mut wanted = plain();
    let before = made(&wanted);
    change(&mut wanted.shape);
    let Ended { last, steps, .. } =
        reconcile(&wanted, before, mandate(Claim::InState, Consent::Given));
    assert_eq!(last, Next::Done);
    told(&steps)
}

#[test]
fn a_create_takes_each_step_once_and_in_order() {
    let mut wanted = plain();
    wanted.shape = Shape {
        cores: Some(2),
        memory: Some(MiB(8192)),
        disk: Some(DiskSize::from(GiB(20))),
        storage: Some("local-lvm".parse().expect("a name")),
        bridge: Some("vmbr0".parse().expect("a name")),
        mac: Some("BC:24:11:00:00:01".parse().expect("an address")),
        addressing: Addressing {
            mode: Some(AddressMode::Static),
            address: "192.0.2.20".parse().ok(),
            prefix_length: Some(24),
            gateway: "192.0.2.1".parse().ok(),
            nameservers: Some(vec!["192.0.2.1".into()]),
        },
        startup_order: Some(2),
        ..wanted.shape
    };
    let ended = reconcile(
        &wanted,
        Observed::Absent,
        mandate(Claim::Create, Consent::Withheld),
    );
    assert_eq!(
        told(&ended.steps),
        [
            "clone",
            "set cores, ipconfig0, memory, nameserver, smbios1, sockets",
            "set ide2, net0",
            "set startup",
            "resize scsi0 to 20G",
            "start",
        ]
    );
    let Observed::Present(present) = ended.observed else {
        panic!("it was made")
    };
    let mut options = options(&present.config);
    options.remove("description");
    let options: Vec<String> = options
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    insta::assert_snapshot!(options.join("\n"), @r#"
    boot: order=scsi0;net0
    cores: 2
    ide2: local-lvm:vm-8010-cloudinit,media=cdrom
    ipconfig0: gw=192.0.2.1,ip=192.0.2.20/24
    memory: 8192
    name: k3s-dev-worker-1
    nameserver: 192.0.2.1
    net0: virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=1,tag=7
    ostype: l26
    scsi0: local-lvm:vm-8010-disk-0,size=20G
    smbios1: uuid=22222222-2222-4222-8222-222222222222
    startup: order=2
    tags: golden
    "#);
}

#[test]
fn live_changes_leave_the_vm_running() {
    assert_eq!(
        update(|shape| shape.onboot = Some(true)),
        ["set description, onboot"]
    );
    assert_eq!(
        update(|shape| shape.disk = Some(GiB(30).into())),
        ["set description", "resize scsi0 to 30G"]
    );
    assert_eq!(
        update(|shape| shape.bridge = "vmbr1".parse().ok()),
        ["set description", "set net0"]
    );
}

#[test]
fn what_needs_a_stop_is_written_while_the_vm_is_down() {
    assert_eq!(
        update(|shape| shape.memory = Some(MiB(4096))),
        ["shut down", "set description, memory", "start"]
    );
    let gpu = || Gpu::mapping("gpu0".parse().expect("a name"));
    assert_eq!(
        update(|shape| shape.gpus = Some(vec![gpu()])),
        ["shut down", "set description", "set hostpci0", "start"]
    );
}

/// Proxmox shows the same option before and after: what tells them apart is the marker.
#[test]
fn a_mapping_that_stands_for_another_device_stops_the_vm() {
    let with = |address: Option<&str>| {
        let mut wanted = plain();
        wanted.shape.gpus = Some(vec![Gpu::Mapping {
            id: "gpu0".parse().expect("a name"),
            stands_for: address.map(|address| address.parse().expect("an address")),
        }]);
        wanted
    };
    let steps = |before, after, restart| {
        let ended = reconcile(
            &with(after),
            made(&with(before)),
            mandate(Claim::InState, restart),
        );
        (told(&ended.steps), ended.last == Next::Done)
    };
    let (one, other) = (Some("0000:01:00"), Some("0000:02:00"));
    assert_eq!(
        steps(one, other, Consent::Given),
        (
            vec![
                "shut down".to_owned(),
                "set description".into(),
                "start".into()
            ],
            true
        )
    );
    assert_eq!(steps(one, other, Consent::Withheld), (vec![], false));
    // To note what it stands for, or to forget it, takes no stop.
    let noted = (vec!["set description".to_owned()], true);
    assert_eq!(steps(None, one, Consent::Withheld), noted);
    assert_eq!(steps(one, None, Consent::Withheld), noted);
}

#[test]
fn what_the_configuration_stops_setting_is_taken_back_before_the_marker_forgets_it() {
    let mut wanted = plain();
    wanted.shape.vlan = "20".parse().ok();
    wanted.shape.onboot = Some(true);
    let before = made(&wanted);
    let without = plain();
    let ended = reconcile(&without, before, mandate(Claim::InState, Consent::Withheld));
    assert_eq!(
        told(&ended.steps),
        ["set onboot", "set net0", "set description"]
    );
    let Observed::Present(present) = ended.observed else {
        panic!("it was made")
    };
    assert_eq!(
        present.config.get("net0"),
        Some("virtio=BC:24:11:AA:AA:AA,bridge=vmbr0,firewall=1")
    );
}

#[test]
fn a_renamed_vm_gets_its_name_back() {
    let wanted = plain();
    let renamed = vm::Step::SetConfig(pve_api::ConfigChange::default().set("name", "mine"));
    let before = apply(&renamed, &wanted, &made(&wanted));
    let ended = reconcile(&wanted, before, mandate(Claim::InState, Consent::Withheld));
    assert_eq!(told(&ended.steps), ["set name"]);
}

#[test]
fn a_lost_marker_is_written_again_below_the_users_own_words() {
    let wanted = plain();
    let edited = vm::Step::SetConfig(pve_api::ConfigChange::default().set("description", "mine"));
    let before = apply(&edited, &wanted, &made(&wanted));
    let ended = reconcile(&wanted, before, mandate(Claim::InState, Consent::Withheld));
    assert_eq!(told(&ended.steps), ["set description"]);
    let Observed::Present(present) = ended.observed else {
        panic!("it was made")
    };
    assert!(
        present.notes().ends_with("-->\n\nmine"),
        "{}",
        present.notes()
    );
}

#[test]
fn a_changed_template_is_recorded_and_nothing_else() {
    let mut wanted = plain();
    let before = made(&wanted);
    wanted.origin.template = "talos-v1.14".into();
    wanted.origin.talos_version = Some("v1.14.0".into());
    let ended = reconcile(&wanted, before, mandate(Claim::InState, Consent::Withheld));
    assert_eq!(told(&ended.steps), ["set description"]);
}

#[test]
fn uefi_gets_a_disk_for_its_variables_and_gets_it_back() {
    let mut wanted = plain();
    wanted.shape.bios = Some(Firmware::Ovmf);
    wanted.shape.storage = "local-lvm".parse().ok();
    let before = made(&wanted);
    let without = vm::Step::SetConfig(pve_api::ConfigChange::default().delete("efidisk0"));
    let ended = reconcile(
        &wanted,
        apply(&without, &wanted, &before),
        mandate(Claim::InState, Consent::Given),
    );
    assert_eq!(told(&ended.steps), ["shut down", "set efidisk0", "start"]);
}
