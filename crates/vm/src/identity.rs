//! Whose VM is this? The one table that answers, asked before every write.
//!
//! A VMID is recycled by Proxmox, a name is not unique, a marker is copied by every clone and a
//! UUID by every restore: each alone is never proof.

use std::fmt;

use pve_api::{SystemUuid, VmId};

use crate::marker::{AttemptId, Found};
use crate::{Power, Present, Wanted};

/// Whether a state row of this run holds the VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InState {
    /// A row of the state says that this VM was made or imported.
    Yes,
    /// No row says so.
    No,
}

/// What the marker of a VM says about one wanted VM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MarkerSays {
    /// There is no marker.
    Nothing,
    /// There is one that is not believed.
    Damaged(&'static str),
    /// Only a newer version can read it.
    Newer(u32),
    /// It names another environment or another VM.
    Other {
        /// The environment it names.
        env_name: String,
        /// The VM it names.
        name: String,
    },
    /// It names the wanted VM, under this VMID.
    Ours {
        /// The VMID it names.
        vmid: VmId,
        /// The attempt that made the VM.
        attempt: AttemptId,
    },
}

impl MarkerSays {
    /// Compares what a description holds with the VM that is wanted.
    pub fn of(found: &Found, wanted: &Wanted) -> Self {
        match found {
            Found::Nothing => Self::Nothing,
            Found::Damaged(why) => Self::Damaged(why),
            Found::Newer(format) => Self::Newer(*format),
            Found::Marker(marker) if marker.key.names(&wanted.key) => Self::Ours {
                vmid: marker.key.vmid,
                attempt: marker.attempt,
            },
            Found::Marker(marker) => Self::Other {
                env_name: marker.key.env_name.clone(),
                name: marker.key.name.clone(),
            },
        }
    }
}

/// How the SMBIOS UUID compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UuidSays {
    /// It is the wanted one.
    Match,
    /// It is another one, or there is none.
    Differ,
}

impl UuidSays {
    /// Compares the UUID of a VM with the one that is wanted.
    pub fn of(actual: Option<&SystemUuid>, wanted: Option<&SystemUuid>) -> Self {
        if actual.is_some() && actual == wanted {
            Self::Match
        } else {
            Self::Differ
        }
    }
}

/// Whose VM it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// Ours.
    Ours {
        /// The attempt that made it.
        attempt: AttemptId,
    },
    /// Ours, but the marker was edited away and has to be written again.
    OursRepairMarker,
    /// Ours and not finished: the marker of the clone call is there, the UUID of the first
    /// configuration is not.
    InterruptedCreate {
        /// The attempt that began it.
        attempt: AttemptId,
    },
    /// A copy of our VM, which carries its marker under another VMID.
    CloneOfOurs {
        /// The VMID of the original.
        original: VmId,
    },
    /// Not ours.
    Stranger(Why),
}

/// Why a VM is not ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing about it points to us.
    NoMarker,
    /// The UUID is ours and no state row holds the VM, but the marker is gone or damaged.
    UuidOnly,
    /// The marker was edited and the UUID is not ours.
    DamagedMarker(&'static str),
    /// The marker needs a newer version of this program.
    NewerMarker(u32),
    /// The marker names another environment or VM.
    OtherVm {
        /// The environment it names.
        env_name: String,
        /// The VM it names.
        name: String,
    },
    /// Marker and VMID are ours, but it runs with another UUID, which an unfinished creation never
    /// does: a copy that was put in the place of ours.
    RunningCopy,
}

/// Decides whose VM stands on `vmid`.
pub fn identify(
    marker: MarkerSays,
    vmid: VmId,
    uuid: UuidSays,
    in_state: InState,
    power: Power,
) -> Identity {
    use Identity::{CloneOfOurs, InterruptedCreate, Ours, OursRepairMarker, Stranger};
    use MarkerSays as M;
    use UuidSays::{Differ, Match};
    match (marker, uuid, in_state, power) {
        (M::Newer(format), _, _, _) => Stranger(Why::NewerMarker(format)),
        (M::Other { env_name, name }, _, _, _) => Stranger(Why::OtherVm { env_name, name }),
        (M::Ours { vmid: original, .. }, _, _, _) if original != vmid => CloneOfOurs { original },
        (M::Ours { attempt, .. }, Match, _, _)
        | (M::Ours { attempt, .. }, Differ, InState::Yes, _) => Ours { attempt },
        (M::Ours { attempt, .. }, Differ, InState::No, Power::Stopped) => {
            InterruptedCreate { attempt }
        }
        (M::Ours { .. }, Differ, InState::No, Power::Running) => Stranger(Why::RunningCopy),
        (M::Nothing | M::Damaged(_), Match, InState::Yes, _) => OursRepairMarker,
        (M::Nothing | M::Damaged(_), Match, InState::No, _) => Stranger(Why::UuidOnly),
        (M::Nothing, Differ, _, _) => Stranger(Why::NoMarker),
        (M::Damaged(why), Differ, _, _) => Stranger(Why::DamagedMarker(why)),
    }
}

/// Decides whose VM was observed in the place of the wanted one.
pub fn identity_of(present: &Present, wanted: &Wanted, in_state: InState) -> Identity {
    let marker = MarkerSays::of(&present.marker(), wanted);
    let uuid = UuidSays::of(present.uuid().as_ref(), wanted.shape.uuid.as_ref());
    identify(marker, wanted.key.vmid, uuid, in_state, present.power)
}

impl Why {
    /// Says what to do about it.
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::NewerMarker(_) => "Use that version of em-infra.",
            Self::UuidOnly => {
                "If it is yours, put its notes back from a backup or remove it yourself; else give this node \
                 another VMID."
            }
            Self::NoMarker | Self::DamagedMarker(_) | Self::OtherVm { .. } | Self::RunningCopy => {
                "Give this node another VMID, or remove that VM yourself."
            }
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoMarker => out.write_str("it carries no em-infra marker and another UUID"),
            Self::UuidOnly => out.write_str(
                "it has the UUID of this VM, but its em-infra marker is gone and no state holds it",
            ),
            Self::DamagedMarker(why) => {
                write!(
                    out,
                    "its em-infra marker is not believed ({why}) and its UUID is another"
                )
            }
            Self::NewerMarker(format) => write!(
                out,
                "its em-infra marker has format {format}, which needs a newer version of em-infra"
            ),
            Self::OtherVm { env_name, name } => {
                write!(
                    out,
                    "its em-infra marker says {name} of environment {env_name}"
                )
            }
            Self::RunningCopy => out.write_str(
                "it carries the marker of this VM but runs with another UUID: a copy in its place",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const VMID: u32 = 8010;

    fn vmid(number: u32) -> VmId {
        VmId::new(number).expect("in range")
    }

    fn ours(number: u32) -> MarkerSays {
        MarkerSays::Ours {
            vmid: vmid(number),
            attempt: AttemptId(Uuid::nil()),
        }
    }

    fn short(identity: &Identity) -> &'static str {
        match identity {
            Identity::Ours { .. } => "ours",
            Identity::OursRepairMarker => "repair",
            Identity::InterruptedCreate { .. } => "resume",
            Identity::CloneOfOurs { .. } => "copy",
            Identity::Stranger(_) => "stranger",
        }
    }

    /// Columns: in state and running, in state and stopped, not in state and running, not in state
    /// and stopped.
    #[test]
    fn the_table() {
        let other = || MarkerSays::Other {
            env_name: "lab".into(),
            name: "lab-worker-1".into(),
        };
        let table = [
            (
                ours(VMID),
                UuidSays::Match,
                ["ours", "ours", "ours", "ours"],
            ),
            (
                ours(VMID),
                UuidSays::Differ,
                ["ours", "ours", "stranger", "resume"],
            ),
            (
                ours(9999),
                UuidSays::Match,
                ["copy", "copy", "copy", "copy"],
            ),
            (
                ours(9999),
                UuidSays::Differ,
                ["copy", "copy", "copy", "copy"],
            ),
            (other(), UuidSays::Match, ["stranger"; 4]),
            (other(), UuidSays::Differ, ["stranger"; 4]),
            (MarkerSays::Newer(2), UuidSays::Match, ["stranger"; 4]),
            (MarkerSays::Newer(2), UuidSays::Differ, ["stranger"; 4]),
            (
                MarkerSays::Damaged("x"),
                UuidSays::Match,
                ["repair", "repair", "stranger", "stranger"],
            ),
            (MarkerSays::Damaged("x"), UuidSays::Differ, ["stranger"; 4]),
            (
                MarkerSays::Nothing,
                UuidSays::Match,
                ["repair", "repair", "stranger", "stranger"],
            ),
            (MarkerSays::Nothing, UuidSays::Differ, ["stranger"; 4]),
        ];
        let columns = [
            (InState::Yes, Power::Running),
            (InState::Yes, Power::Stopped),
            (InState::No, Power::Running),
            (InState::No, Power::Stopped),
        ];
        for (marker, uuid, expected) in table {
            let row = columns.map(|(in_state, power)| {
                short(&identify(marker.clone(), vmid(VMID), uuid, in_state, power))
            });
            assert_eq!(row, expected, "{marker:?} {uuid:?}");
        }
    }

    #[test]
    fn an_absent_uuid_never_matches() {
        assert_eq!(UuidSays::of(None, None), UuidSays::Differ);
    }
}
