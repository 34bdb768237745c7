//! What is refused, and the words in which a user reads it.

use pve_api::{ConfigChange, GiB, MiB, VmConfig};
use vm::{Claim, CloneTask, Consent, Next, Observed, Present, Reconcile, Step, Wanted, next_step};

use crate::fake_host::{apply, attempt, options};
use crate::tables::{made, mandate, plain};
use crate::worlds::OUR_UUID;

fn refused(wanted: &Wanted, observed: &Observed, claim: Claim) -> String {
    match next_step(wanted, observed, mandate(claim, Consent::Withheld)) {
        Next::Refuse(refusal) => refusal.explain(&wanted.key),
        other => panic!("{other:?}"),
    }
}

fn with(wanted: &Wanted, key: &str, value: &str) -> Observed {
    let change = ConfigChange::default().set(key, value);
    apply(&Step::SetConfig(change), wanted, &made(wanted))
}

fn stranger(options: &[(&str, &str)]) -> Observed {
    let wanted = plain();
    let Observed::Present(present) = made(&wanted) else {
        panic!("it was made")
    };
    let config: VmConfig = options.iter().copied().collect();
    Observed::Present(Box::new(Present { config, ..*present }))
}

#[test]
fn a_vm_of_somebody_else() {
    let found = stranger(&[("name", "nas"), ("cores", "2")]);
    insta::assert_snapshot!(refused(&plain(), &found, Claim::Create), @"VMID 8010 on node pve is taken by nas, which is not VM 8010 k3s-dev-worker-1 of this environment: it carries no em-infra marker and another UUID. It is left untouched. Give this node another VMID, or remove that VM yourself.");
}

#[test]
fn a_vm_of_another_environment() {
    let mut other = plain();
    other.key.env_name = "lab".into();
    let found = with(&plain(), "description", &other.marker(attempt(1)).print());
    insta::assert_snapshot!(refused(&plain(), &found, Claim::InState), @"VMID 8010 on node pve is taken by k3s-dev-worker-1, which is not VM 8010 k3s-dev-worker-1 of this environment: its em-infra marker says k3s-dev-worker-1 of environment lab. It is left untouched. Give this node another VMID, or remove that VM yourself.");
}

#[test]
fn a_vm_of_a_newer_version() {
    let found = with(&plain(), "description", "<!-- em-infra:7 all=new -->");
    insta::assert_snapshot!(refused(&plain(), &found, Claim::InState), @"VMID 8010 on node pve is taken by k3s-dev-worker-1, which is not VM 8010 k3s-dev-worker-1 of this environment: its em-infra marker has format 7, which needs a newer version of em-infra. It is left untouched. Use that version of em-infra.");
}

#[test]
fn a_vm_with_our_uuid_alone() {
    let smbios = format!("uuid={OUR_UUID}");
    let found = stranger(&[("name", "copy"), ("smbios1", &smbios)]);
    insta::assert_snapshot!(refused(&plain(), &found, Claim::TakeOver), @"VMID 8010 on node pve is taken by copy, which is not VM 8010 k3s-dev-worker-1 of this environment: it has the UUID of this VM, but its em-infra marker is gone and no state holds it. It is left untouched. If it is yours, put its notes back from a backup or remove it yourself; else give this node another VMID.");
}

#[test]
fn a_copy_of_ours() {
    let mut original = plain();
    original.key.vmid = "8020".parse().expect("a VMID");
    let found = with(
        &plain(),
        "description",
        &original.marker(attempt(1)).print(),
    );
    insta::assert_snapshot!(refused(&plain(), &found, Claim::InState), @"VMID 8010 on node pve holds a copy of VM 8020: it carries the marker of that VM. It is left untouched. Remove the copy or give this node another VMID.");
}

#[test]
fn something_out_of_sight() {
    insta::assert_snapshot!(refused(&plain(), &Observed::Hidden, Claim::Create), @"VMID 8010 is taken by something that these credentials may not see: a VM without VM.Audit, a container, or a guest of another node. Grant VM.Audit on /vms/8010 or give this node another VMID.");
}

#[test]
fn a_vm_that_another_run_made_meanwhile() {
    let wanted = plain();
    let mut again = mandate(Claim::Create, Consent::Withheld);
    again.attempt = attempt(2);
    let next = next_step(&wanted, &made(&wanted), again);
    let Next::Refuse(refusal) = next else {
        panic!("{next:?}")
    };
    insta::assert_snapshot!(refusal.explain(&wanted.key), @"VM 8010 k3s-dev-worker-1 did not exist when the plan was made and exists now: another run made it. Plan again to take it over.");
}

#[test]
fn a_vm_that_is_gone() {
    insta::assert_snapshot!(refused(&plain(), &Observed::Absent, Claim::InState), @"VM 8010 k3s-dev-worker-1 existed when the plan was made and is gone now. Plan again to create it.");
}

#[test]
fn a_clone_that_was_killed() {
    let found = Observed::Cloning(CloneTask::Gone);
    insta::assert_snapshot!(refused(&plain(), &found, Claim::Create), @r#"
    VMID 8010 is locked by a clone that no longer runs, and no API token can lift that lock. If nobody is cloning to it, run on node pve as root:
      qm unlock 8010
      qm destroy 8010 --purge 1 --destroy-unreferenced-disks 1
    and apply again.
    "#);
}

#[test]
fn a_suspended_vm() {
    let found = with(&plain(), "lock", "suspended");
    insta::assert_snapshot!(refused(&plain(), &found, Claim::InState), @"VM 8010 k3s-dev-worker-1 is locked (suspended). Let that operation end in Proxmox (a suspended VM: resume it), then apply again.");
}

#[test]
fn a_vm_that_became_a_template() {
    let found = with(&plain(), "template", "1");
    insta::assert_snapshot!(refused(&plain(), &found, Claim::InState), @"VM 8010 k3s-dev-worker-1 was turned into a template and can neither run nor change. Give this node another VMID, or remove the template yourself.");
}

#[test]
fn a_disk_that_would_shrink() {
    let mut wanted = plain();
    wanted.shape.disk = Some(GiB(1).into());
    let found = made(&plain());
    insta::assert_snapshot!(refused(&wanted, &found, Claim::InState), @"the disk of VM 8010 k3s-dev-worker-1 has 1246M and Proxmox cannot shrink a disk to 1G. Set disk_gb to at least 2.");
}

#[test]
fn a_disk_that_would_move() {
    let mut wanted = plain();
    wanted.shape.storage = "local".parse().ok();
    insta::assert_snapshot!(refused(&wanted, &made(&plain()), Claim::InState), @"the disk of VM 8010 k3s-dev-worker-1 is on storage local-lvm and em-infra does not move disks to local. Move it in Proxmox (VM, Hardware, Disk Action, Move Storage), then plan again.");
}

#[test]
fn a_vm_without_a_disk() {
    let mut wanted = plain();
    let Observed::Present(mut present) = made(&wanted) else {
        panic!("it was made")
    };
    let mut config = options(&present.config);
    config.remove("scsi0");
    present.config = config.into_iter().collect();
    wanted.shape.disk = Some(GiB(10).into());
    let found = Observed::Present(present);
    insta::assert_snapshot!(refused(&wanted, &found, Claim::InState), @"VM 8010 k3s-dev-worker-1 has no disk that Proxmox would boot from. Its template must hold a Talos disk image, by custom as scsi0.");
}

#[test]
fn a_restart_without_consent() {
    let mut wanted = plain();
    wanted.shape.memory = Some(MiB(4096));
    wanted.shape.cores = Some(2);
    insta::assert_snapshot!(refused(&wanted, &made(&plain()), Claim::InState), @"VM 8010 k3s-dev-worker-1 runs and would have to be restarted for: cores 4 -> 2, memory 2048 -> 4096. Set allow_restart = true in the provider block for this run, or stop the VM first.");
}

#[test]
fn a_stop_of_a_vm_whose_power_is_not_managed() {
    let mut wanted = plain();
    let found = made(&wanted);
    wanted.shape.memory = Some(MiB(4096));
    wanted.shape.started = None;
    insta::assert_snapshot!(refused(&wanted, &found, Claim::InState), @"VM 8010 k3s-dev-worker-1 runs and would have to be stopped for: memory 2048 -> 4096. Whether it runs is not managed: set started = true, or stop it yourself.");
}

#[test]
fn notes_without_room_for_the_marker() {
    let found = with(&plain(), "description", &"x".repeat(8192));
    insta::assert_snapshot!(refused(&plain(), &found, Claim::InState), @"the notes of VM 8010 k3s-dev-worker-1 would have 8544 characters with the em-infra marker; Proxmox takes 8192. Shorten them, then apply again.");
}

#[test]
fn an_option_that_nobody_can_read() {
    let found = with(&plain(), "net0", "warp,bridge=vmbr0");
    insta::assert_snapshot!(refused(&plain(), &found, Claim::InState), @"an option of VM 8010 k3s-dev-worker-1 cannot be understood, so it is left untouched: net0: `warp` is not a network device model: expected one of e1000, e1000-82540em, e1000-82544gc, e1000-82545em, e1000e, i82551, i82557b, i82559er, ne2k_isa, ne2k_pci, pcnet, rtl8139, virtio, vmxnet3. Mend it in Proxmox, then plan again.");
}

#[test]
fn a_step_that_changes_nothing_is_not_taken_twice() {
    let wanted = plain();
    let mut reconcile = Reconcile::default();
    let create = mandate(Claim::Create, Consent::Withheld);
    let first = reconcile.next(&wanted, &Observed::Absent, create);
    assert!(matches!(first, Next::Step(Step::Clone { .. })), "{first:?}");
    let second = reconcile.next(&wanted, &Observed::Absent, create);
    let Next::Refuse(refusal) = second else {
        panic!("{second:?}")
    };
    insta::assert_snapshot!(refusal.explain(&wanted.key), @"Proxmox accepted to clone for VM 8010 k3s-dev-worker-1 and it is as before; it is not tried again. Either somebody else, perhaps another apply, changes this VM just now, or the task log of the VM says why. Then apply again.");
}

#[test]
fn a_lost_answer_allows_the_step_once_more() {
    let wanted = plain();
    let mut reconcile = Reconcile::default();
    let create = mandate(Claim::Create, Consent::Withheld);
    let first = reconcile.next(&wanted, &Observed::Absent, create);
    reconcile.take_back();
    assert_eq!(reconcile.next(&wanted, &Observed::Absent, create), first);
}
