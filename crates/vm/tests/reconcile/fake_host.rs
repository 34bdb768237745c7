//! What a step makes of what is observed: just enough of Proxmox to close the loop, written
//! without the code under test.

use std::collections::BTreeMap;

use pve_api::{VmConfig, VmId};
use uuid::Uuid;
use vm::{AttemptId, CloneTask, Observed, Power, Present, Step, Wanted};

pub(crate) type Options = BTreeMap<String, String>;

pub(crate) fn attempt(number: u128) -> AttemptId {
    AttemptId(Uuid::from_u128(number))
}

pub(crate) fn vmid(number: u32) -> VmId {
    VmId::new(number).expect("in range")
}

/// The options of the template, but for what every clone gets anew.
fn template() -> Options {
    [
        ("boot", "order=scsi0;net0"),
        ("cores", "2"),
        ("sockets", "2"),
        ("memory", "2048"),
        (
            "net0",
            "virtio=BC:24:11:AA:AA:AA,bridge=vmbr0,firewall=1,tag=7",
        ),
        ("ostype", "l26"),
        ("scsi0", "local-lvm:vm-8010-disk-0,size=1246M"),
        ("smbios1", "uuid=11111111-1111-4111-8111-111111111111"),
        ("tags", "golden"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

pub(crate) fn options(config: &VmConfig) -> Options {
    config
        .options()
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

pub(crate) fn apply(step: &Step, wanted: &Wanted, observed: &Observed) -> Observed {
    match (step, observed) {
        (Step::Clone { notes }, Observed::Absent) => {
            let mut config = template();
            config.insert("name".into(), wanted.key.name.clone());
            config.insert("description".into(), notes.trim_end().into());
            Observed::Present(Box::new(Present {
                vmid: wanted.key.vmid,
                node: wanted.key.node.clone(),
                config: config.into_iter().collect(),
                power: Power::Stopped,
            }))
        }
        (Step::Destroy, Observed::Present(present)) => {
            assert_eq!(
                present.power,
                Power::Stopped,
                "Proxmox destroys no running VM"
            );
            assert!(
                !present.config.is_protected(),
                "Proxmox destroys no protected VM"
            );
            Observed::Absent
        }
        (step, Observed::Present(present)) => Observed::Present(Box::new(change(step, present))),
        (step, observed) => panic!("{step:?} on {observed:?}"),
    }
}

fn change(step: &Step, present: &Present) -> Present {
    assert!(
        present.config.lock().is_none(),
        "Proxmox changes no locked VM"
    );
    let mut after = present.clone();
    let mut config = options(&present.config);
    match step {
        Step::SetConfig(change) => {
            for key in change.deletions() {
                config.remove(key);
            }
            for (key, value) in change.settings() {
                config.insert(key.to_owned(), stored(key, value));
            }
        }
        Step::Resize { slot, size } => {
            let disk = config.get_mut(&slot.to_string()).expect("the disk exists");
            let keys = disk.split(',').filter(|key| !key.starts_with("size="));
            *disk = keys
                .map(str::to_owned)
                .chain([format!("size={size}")])
                .collect::<Vec<_>>()
                .join(",");
        }
        Step::Start => {
            assert_eq!(present.power, Power::Stopped, "VM already running");
            after.power = Power::Running;
        }
        Step::Shutdown | Step::Stop => after.power = Power::Stopped,
        Step::Clone { .. } | Step::Destroy => panic!("{step:?} is no change"),
    }
    after.config = config.into_iter().collect();
    after
}

/// What Proxmox stores for what it is sent.
fn stored(key: &str, value: &str) -> String {
    match key {
        "description" => value.trim_end().to_owned(),
        "tags" => {
            let mut tags: Vec<String> = value.split([';', ',']).map(str::to_lowercase).collect();
            tags.sort();
            tags.join(";")
        }
        _ => value.replace(":cloudinit,", ":vm-8010-cloudinit,"),
    }
}

pub(crate) fn finish_waiting(observed: Observed) -> Observed {
    match observed {
        Observed::Cloning(CloneTask::Running) => Observed::Absent,
        Observed::Present(mut present) => {
            let mut config = options(&present.config);
            config.remove("lock");
            present.config = config.into_iter().collect();
            Observed::Present(present)
        }
        other => other,
    }
}
