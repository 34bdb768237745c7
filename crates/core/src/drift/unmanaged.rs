//! VMs that no row of the state holds, and what each is to this environment. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;

use pve_api::{SystemUuid, VmId};
use serde::Serialize;
use vm::marker::Found;
use vm::{Identity, InState, MarkerSays, Power, Present, UuidSays, Why, identify};

/// What counts as ours.
#[derive(Debug, Clone)]
pub struct Territory<'a> {
    /// The environment.
    pub env_name: &'a str,
    /// The VMIDs that its nodes get.
    pub vmids: RangeInclusive<u32>,
    /// The VMIDs in the state.
    pub held: &'a BTreeSet<VmId>,
    /// UUIDs that the configuration sets itself, by name of the node; all others are derived.
    pub uuids: &'a BTreeMap<String, SystemUuid>,
}

/// A VM that no row of the state holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unmanaged {
    /// Its number.
    pub vmid: u32,
    /// The node that it stands on.
    pub node: String,
    /// Its name.
    pub name: String,
    /// Whether it runs.
    pub running: bool,
    /// What it is to us.
    #[serde(flatten)]
    pub kind: Kind,
}

/// What a VM outside the state is to this environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Kind {
    /// Made by this environment to the end: the next apply takes it over if the inputs still name it.
    Finished {
        /// The node that it was made for.
        made_for: String,
    },
    /// Its creation by this environment was cut off.
    Interrupted {
        /// The node that it was made for.
        made_for: String,
    },
    /// A clone is making it, or was killed on the host while it did.
    Cloning,
    /// A copy of one of our VMs, which carries its marker.
    Copy {
        /// The VMID in the marker.
        original: u32,
    },
    /// It stands on a VMID that is meant for us, and is another's.
    Stranger {
        /// How that is known.
        why: String,
    },
}

impl Kind {
    /// Whether this environment made it and has forgotten it.
    pub const fn is_leftover(&self) -> bool {
        match self {
            Self::Finished { .. } | Self::Interrupted { .. } => true,
            Self::Cloning | Self::Copy { .. } | Self::Stranger { .. } => false,
        }
    }
}

/// Every VM in `host` that carries this environment's marker or stands on one of its VMIDs, and that no
/// row of the state holds; by VMID. Templates on other VMIDs are nobody's business.
pub fn unmanaged(host: &[Present], territory: &Territory<'_>) -> Vec<Unmanaged> {
    let mut found: Vec<Unmanaged> = host
        .iter()
        .filter(|vm| !territory.held.contains(&vm.vmid))
        .filter_map(|vm| judge(vm, territory))
        .collect();
    found.sort_by_key(|vm| vm.vmid);
    found
}

/// Those of [`unmanaged`] that this environment made: what a cleanup may remove, or the next apply takes
/// over. Never a copy, a stranger, or anything whose marker is not believed.
pub fn leftovers(host: &[Present], territory: &Territory<'_>) -> Vec<Unmanaged> {
    let mut found = unmanaged(host, territory);
    found.retain(|vm| vm.kind.is_leftover());
    found
}

fn judge(vm: &Present, territory: &Territory<'_>) -> Option<Unmanaged> {
    let in_range = territory.vmids.contains(&vm.vmid.get());
    let kind = match vm.marker() {
        _ if vm.config.is_being_cloned() => in_range.then_some(Kind::Cloning),
        Found::Marker(marker) if marker.key.env_name == territory.env_name => {
            let says = MarkerSays::Ours {
                vmid: marker.key.vmid,
                attempt: marker.attempt,
            };
            Some(kind(vm, &marker.key.name, says, territory))
        }
        Found::Marker(marker) => in_range.then(|| Kind::Stranger {
            why: format!(
                "its marker says {} of environment {}",
                marker.key.name, marker.key.env_name
            ),
        }),
        Found::Nothing => in_range.then(|| stranger(&Why::NoMarker)),
        Found::Damaged(why) => in_range.then(|| Kind::Stranger {
            why: format!("its marker is not believed: {why}"),
        }),
        Found::Newer(format) => in_range.then(|| stranger(&Why::NewerMarker(format))),
    };
    Some(Unmanaged {
        vmid: vm.vmid.get(),
        node: vm.node.to_string(),
        name: vm.name().to_owned(),
        running: vm.power == Power::Running,
        kind: kind?,
    })
}

fn kind(vm: &Present, made_for: &str, says: MarkerSays, territory: &Territory<'_>) -> Kind {
    let made_for = made_for.to_owned();
    let uuid = UuidSays::of(
        vm.uuid().as_ref(),
        expected_uuid(&made_for, territory).as_ref(),
    );
    match identify(says, vm.vmid, uuid, InState::No, vm.power) {
        Identity::Ours { .. } | Identity::OursRepairMarker => Kind::Finished { made_for },
        Identity::InterruptedCreate { .. } => Kind::Interrupted { made_for },
        Identity::CloneOfOurs { original } => Kind::Copy {
            original: original.get(),
        },
        Identity::Stranger(why) => stranger(&why),
    }
}

fn expected_uuid(name: &str, territory: &Territory<'_>) -> Option<SystemUuid> {
    let set = territory.uuids.get(name).cloned();
    set.or_else(|| contract::uuid(territory.env_name, name).parse().ok())
}

fn stranger(why: &Why) -> Kind {
    Kind::Stranger {
        why: why.to_string(),
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finished { made_for } => {
                write!(f, "made for {made_for}, and no state holds it")
            }
            Self::Interrupted { made_for } => {
                write!(f, "the creation of {made_for} was cut off")
            }
            Self::Cloning => f.write_str("a clone that is being made, or was cut off on the host"),
            Self::Copy { original } => write!(f, "a copy of VM {original}, with its marker"),
            Self::Stranger { why } => write!(f, "not ours: {why}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use pve_api::NodeName;
    use vm::{AttemptId, CloneMode, Marker, Origin, marker};

    use super::*;

    fn vmid(number: u32) -> VmId {
        VmId::new(number).unwrap()
    }

    fn notes(env_name: &str, name: &str, number: u32) -> String {
        let marker = Marker {
            key: marker::MarkerKey {
                env_name: env_name.to_owned(),
                name: name.to_owned(),
                vmid: vmid(number),
            },
            attempt: AttemptId("00000000-0000-0000-0000-00000000002a".parse().unwrap()),
            origin: Origin {
                template: "9000".to_owned(),
                clone: Some(CloneMode::Full),
                pool: None,
                role: None,
                talos_version: None,
            },
            reserved: None,
            managed: BTreeSet::new(),
            devices: std::collections::BTreeMap::default(),
        };
        marker::embed("", &marker).unwrap()
    }

    fn vm(number: u32, options: &[(&str, &str)], power: Power) -> Present {
        Present {
            vmid: vmid(number),
            node: NodeName::new("pve").unwrap(),
            config: options.iter().copied().collect(),
            power,
        }
    }

    fn smbios(name: &str) -> String {
        format!("uuid={}", contract::uuid("lab", name))
    }

    fn judged(host: &[Present], held: &[u32], uuids: &[(&str, &str)]) -> Vec<(u32, String, bool)> {
        let held = held.iter().map(|number| vmid(*number)).collect();
        let uuids = uuids
            .iter()
            .map(|(name, uuid)| ((*name).to_owned(), uuid.parse().unwrap()))
            .collect();
        let territory = Territory {
            env_name: "lab",
            vmids: 8001..=8999,
            held: &held,
            uuids: &uuids,
        };
        unmanaged(host, &territory)
            .into_iter()
            .map(|vm| (vm.vmid, vm.kind.to_string(), vm.kind.is_leftover()))
            .collect()
    }

    #[test]
    fn each_kind_of_vm_is_told_apart_and_only_our_own_making_is_a_leftover() {
        let (running, stopped) = (Power::Running, Power::Stopped);
        let ours = notes("lab", "lab-worker-1", 8010);
        let full = smbios("lab-worker-1");
        let foreign = notes("other", "other-worker-1", 8011);
        let edited = ours.replace("8010", "8011");
        let table: [(Present, Option<(&str, bool)>); 11] = [
            (
                vm(8010, &[("description", &ours), ("smbios1", &full)], running),
                Some(("made for lab-worker-1, and no state holds it", true)),
            ),
            (
                vm(8010, &[("description", &ours)], stopped),
                Some(("the creation of lab-worker-1 was cut off", true)),
            ),
            (
                vm(8010, &[("description", &ours)], running),
                Some((
                    "not ours: it carries the marker of this VM but runs with another UUID: a copy in its place",
                    false,
                )),
            ),
            (
                vm(300, &[("description", &ours), ("smbios1", &full)], stopped),
                Some(("a copy of VM 8010, with its marker", false)),
            ),
            (
                vm(8011, &[("description", &foreign)], running),
                Some((
                    "not ours: its marker says other-worker-1 of environment other",
                    false,
                )),
            ),
            (vm(300, &[("description", &foreign)], running), None),
            (
                vm(8011, &[], running),
                Some((
                    "not ours: it carries no em-infra marker and another UUID",
                    false,
                )),
            ),
            (vm(300, &[], running), None),
            (
                vm(8011, &[("lock", "clone")], stopped),
                Some((
                    "a clone that is being made, or was cut off on the host",
                    false,
                )),
            ),
            (vm(300, &[("lock", "clone")], stopped), None),
            (
                vm(8011, &[("description", &edited)], stopped),
                Some((
                    "not ours: its marker is not believed: it was edited: its check sum does not match",
                    false,
                )),
            ),
        ];
        for (present, expected) in table {
            let number = present.vmid.get();
            let expected: Vec<_> = expected
                .map(|(text, leftover)| (number, text.to_owned(), leftover))
                .into_iter()
                .collect();
            assert_eq!(judged(&[present], &[], &[]), expected);
        }
    }

    #[test]
    fn what_the_state_holds_is_not_unmanaged() {
        let ours = notes("lab", "lab-worker-1", 8010);
        let host = [vm(8010, &[("description", &ours)], Power::Stopped)];
        assert_eq!(judged(&host, &[8010], &[]), []);
    }

    #[test]
    fn a_uuid_of_the_configuration_goes_before_the_derived_one() {
        let own = "11111111-2222-4333-8444-555555555555";
        let ours = notes("lab", "lab-worker-1", 8010);
        let smbios = format!("uuid={own}");
        let options = [("description", ours.as_str()), ("smbios1", &smbios)];
        let host = [vm(8010, &options, Power::Running)];
        assert!(judged(&host, &[], &[("lab-worker-1", own)])[0].2);
        assert!(!judged(&host, &[], &[])[0].2);
    }
}
