//! Names, slots, VMIDs, MAC addresses and UUIDs: every node has its own.

use std::collections::BTreeSet;

use super::{NodeRule, duplicates};
use crate::code::Code;
use crate::finding::Finding;
use crate::path::Path;
use crate::reading::Reading;
use crate::suggest::nearest;
use crate::topology::build;
use crate::topology::roster::{Draft, Group, slot_of};
use crate::value::Value;

/// How many unknown names are compared with those of the nodes. A slip is among the first of them; of thousands none is one.
const COMPARED_MAX: usize = 50;

pub(super) const RULES: &[NodeRule] = &[
    NodeRule {
        code: Code::NodeNameDuplicate,
        reads: &[],
        check: names_differ,
    },
    NodeRule {
        code: Code::NodeNameTooLong,
        reads: &[],
        check: names_fit,
    },
    NodeRule {
        code: Code::OverrideUnknownNode,
        reads: &[],
        check: overrides_name_nodes,
    },
    NodeRule {
        code: Code::SlotMissing,
        reads: &[],
        check: slots_follow,
    },
    NodeRule {
        code: Code::SlotOutOfRange,
        reads: &[],
        check: slots_in_range,
    },
    NodeRule {
        code: Code::VmidDuplicate,
        reads: &["vmid_start"],
        check: vmids_differ,
    },
    NodeRule {
        code: Code::VmidIsTemplate,
        reads: &[
            "vmid_start",
            "control_plane_template",
            "worker_template",
            "gpu_worker_template",
        ],
        check: vmids_are_no_templates,
    },
    NodeRule {
        code: Code::MacDuplicate,
        reads: &[],
        check: macs_differ,
    },
    NodeRule {
        code: Code::UuidDuplicate,
        reads: &[],
        check: uuids_differ,
    },
];

fn names_differ(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    for pair in drafts.windows(2) {
        let [first, second] = pair else { continue };
        if first.name == second.name {
            let message = format!("two lines make a node named `{}`", second.name);
            let help = "rename one of them, or lower the count that makes the other";
            let at = second.source.clone();
            let finding = Finding::new(Code::NodeNameDuplicate, at, message, help);
            findings.push(finding.with_related(first.source.clone(), "the other line"));
        }
    }
}

fn names_fit(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    let too_long = drafts.iter().find(|draft| draft.name.len() > 63);
    if let Some(draft) = too_long {
        let message = format!(
            "`{}` has {} characters, and a host name label at most 63",
            draft.name,
            draft.name.len()
        );
        let help = "shorten `env_name` or the key";
        let finding = Finding::new(Code::NodeNameTooLong, draft.source.clone(), message, help);
        findings.push(finding.with_related(Path::input("env_name"), "every name starts with this"));
    }
}

fn overrides_name_nodes(drafts: &[Draft], reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let named = reading.value("node_overrides").and_then(Value::as_map);
    let names = named.into_iter().flatten().map(|(key, _)| key.as_str());
    let unknown = names.filter(|name| find(name, drafts).is_none());
    let env = reading.text("env_name").unwrap_or_default();
    for (index, key) in unknown.enumerate() {
        let near = || nearest(key, drafts.iter().map(|draft| draft.name.as_str()));
        // A short name in place of the full one is the slip this sees most.
        let meant = find(&format!("{env}-{key}"), drafts)
            .or_else(|| (index < COMPARED_MAX).then(near).flatten());
        let help = match meant {
            Some(name) => format!("did you mean `{name}`?"),
            None => "remove the entry, or make the node".to_owned(),
        };
        let at = Path::input("node_overrides").key(key);
        let message = format!("there is no node named `{key}`");
        findings.push(Finding::new(Code::OverrideUnknownNode, at, message, help));
    }
}

/// Drafts are sorted by name.
fn find<'a>(name: &str, drafts: &'a [Draft]) -> Option<&'a str> {
    let at = drafts.binary_search_by(|draft| draft.name.as_str().cmp(name));
    at.ok().map(|at| drafts[at].name.as_str())
}

/// Whether the node's place does not depend on a slot.
fn is_placed(draft: &Draft) -> bool {
    draft.slot.is_some() || (draft.whole("vmid").is_some() && draft.text("address").is_some())
}

fn slots_follow(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    let free = FreeSlots::of(drafts);
    for draft in drafts
        .iter()
        .filter(|draft| !is_placed(draft) && draft.number.is_none())
    {
        let message = format!(
            "the name of `{}` ends in no number, so its slot is not known",
            draft.name
        );
        let help = format!("give it one: `slot = {}`", free.slot(draft.group));
        findings.push(Finding::new(
            Code::SlotMissing,
            draft.source.clone(),
            message,
            help,
        ));
    }
}

fn slots_in_range(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    let free = FreeSlots::of(drafts);
    for draft in drafts.iter().filter(|draft| !is_placed(draft)) {
        let Some(number) = draft.number else { continue };
        let message = format!(
            "the number {number} in `{}` gives no slot of its group",
            draft.name
        );
        let help = format!("give it one: `slot = {}`", free.slot(draft.group));
        findings.push(Finding::new(
            Code::SlotOutOfRange,
            draft.source.clone(),
            message,
            help,
        ));
    }
}

/// The first slot of each group that no node has. Suggestions only; nothing is ever placed by them.
struct FreeSlots {
    control_plane: i64,
    workers: i64,
    gpu_workers: i64,
}

impl FreeSlots {
    fn of(drafts: &[Draft]) -> Self {
        let taken: BTreeSet<i64> = drafts.iter().filter_map(|draft| draft.slot).collect();
        let first = |group| {
            let mut slots = (0..900).filter_map(|number| slot_of(group, number));
            slots.find(|slot| !taken.contains(slot)).unwrap_or(999)
        };
        Self {
            control_plane: first(Group::ControlPlane),
            workers: first(Group::Workers),
            gpu_workers: first(Group::GpuWorkers),
        }
    }

    const fn slot(&self, group: Group) -> i64 {
        match group {
            Group::ControlPlane => self.control_plane,
            Group::Workers => self.workers,
            Group::GpuWorkers => self.gpu_workers,
        }
    }
}

fn vmids_differ(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    let free = FreeSlots::of(drafts);
    let say = |draft: &Draft, first: &Draft| {
        let vmid = draft.vmid.unwrap_or_default();
        let message = format!(
            "`{}` and `{}` would both have VMID {vmid}",
            draft.name, first.name
        );
        (message, another_slot(draft, &free))
    };
    duplicates(
        drafts,
        Code::VmidDuplicate,
        "vmid",
        |draft| draft.vmid,
        say,
        findings,
    );
}

/// One new slot mends VMID and address together; a VMID that is given is mended where it stands.
fn another_slot(draft: &Draft, free: &FreeSlots) -> String {
    match draft.whole("vmid") {
        Some(_) => "remove this `vmid`, or give another".to_owned(),
        None => super::override_line(draft, "slot", &free.slot(draft.group).to_string()),
    }
}

fn vmids_are_no_templates(drafts: &[Draft], reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let templates: BTreeSet<i64> = drafts
        .iter()
        .filter_map(|draft| build::template(draft, reading)?.parse().ok())
        .collect();
    for draft in drafts {
        let Some(vmid) = draft.vmid.filter(|vmid| templates.contains(vmid)) else {
            continue;
        };
        let message = format!(
            "`{}` would have VMID {vmid}, which is a template's",
            draft.name
        );
        let help = "change `vmid_start`, or give the node a `vmid`";
        findings.push(Finding::new(
            Code::VmidIsTemplate,
            draft.place("vmid"),
            message,
            help,
        ));
    }
}

fn macs_differ(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    let say = |draft: &Draft, first: &Draft| {
        let message = format!(
            "`{}` and `{}` would both have MAC address `{}`",
            draft.name, first.name, draft.mac
        );
        (
            message,
            super::override_line(draft, "mac", "\"BC:24:11:…\""),
        )
    };
    let key = |draft: &Draft| Some(draft.mac.clone());
    duplicates(drafts, Code::MacDuplicate, "mac", key, say, findings);
}

fn uuids_differ(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    let say = |draft: &Draft, first: &Draft| {
        let message = format!(
            "`{}` and `{}` would both have UUID `{}`",
            draft.name, first.name, draft.uuid
        );
        (
            message,
            "remove `uuid` from one of them: each has one by derivation".to_owned(),
        )
    };
    let key = |draft: &Draft| Some(draft.uuid.clone());
    duplicates(drafts, Code::UuidDuplicate, "uuid", key, say, findings);
}
