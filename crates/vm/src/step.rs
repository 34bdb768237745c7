//! The next step towards what is wanted, from what is there: a pure function.
//!
//! Create, update, resume and repair are this one function, asked again after every step. It keeps
//! no memory, so it does not matter who was interrupted where. Every step is safe to repeat.

use std::fmt;

use pve_api::{ConfigChange, DiskSize, DiskSlot};

use crate::identity::{Identity, InState, identity_of};
use crate::marker::{self, AttemptId};
use crate::observed::{CloneTask, Observed, Power, Present};
use crate::work::Work;
use crate::{Refusal, Wanted};

/// One call that changes the host.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Clones the template to the VMID, with these notes.
    Clone {
        /// The description, which holds the marker.
        notes: String,
    },
    /// Writes options.
    SetConfig(ConfigChange),
    /// Grows a disk.
    Resize {
        /// The disk.
        slot: DiskSlot,
        /// Its new size.
        size: DiskSize,
    },
    /// Starts the VM.
    Start,
    /// Asks the guest to shut down, and ends the machine process if it does not.
    Shutdown,
    /// Ends the machine process.
    Stop,
    /// Removes the VM with its disks, also those that its configuration does not name.
    Destroy,
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clone { .. } => out.write_str("clone"),
            Self::SetConfig(change) => {
                let keys = change
                    .settings()
                    .map(|(key, _)| key)
                    .chain(change.deletions());
                write!(out, "set {}", keys.collect::<Vec<_>>().join(", "))
            }
            Self::Resize { slot, size } => write!(out, "resize {slot} to {size}"),
            Self::Start => out.write_str("start"),
            Self::Shutdown => out.write_str("shut down"),
            Self::Stop => out.write_str("stop"),
            Self::Destroy => out.write_str("destroy"),
        }
    }
}

/// What to do now.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Take this step, then look again.
    Step(Step),
    /// Look again later.
    Wait(Wait),
    /// Everything is as wanted.
    Done,
    /// Leave the VM as it is.
    Refuse(Refusal),
}

/// What is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wait {
    /// A clone that makes the VM.
    Clone,
    /// A lock that another task holds.
    Lock(String),
}

/// By what right a run writes to the VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// The plan said that the VM does not exist.
    Create,
    /// The plan said that the VM exists, is ours and will be taken over.
    TakeOver,
    /// The state holds the VM.
    InState,
}

/// Whether the user agreed to something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// Yes, for this run.
    Given,
    /// No.
    Withheld,
}

/// What one run may do to one VM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mandate {
    /// By what right.
    pub claim: Claim,
    /// The id of this attempt, for the marker.
    pub attempt: AttemptId,
    /// Whether a running VM may be restarted.
    pub restart: Consent,
}

/// Returns the next step towards the wanted VM.
pub fn next_step(wanted: &Wanted, observed: &Observed, mandate: Mandate) -> Next {
    match observed {
        Observed::Absent => begin(wanted, mandate),
        Observed::Hidden => Next::Refuse(Refusal::Hidden),
        Observed::Cloning(task) => cloning(*task),
        Observed::Present(present) => may_write(wanted, present, mandate)
            .and_then(|identity| advance(wanted, present, mandate, &identity))
            .unwrap_or_else(Next::Refuse),
    }
}

fn begin(wanted: &Wanted, mandate: Mandate) -> Next {
    match mandate.claim {
        Claim::TakeOver | Claim::InState => Next::Refuse(Refusal::Vanished),
        Claim::Create => match marker::embed("", &wanted.marker(mandate.attempt)) {
            Ok(notes) => Next::Step(Step::Clone { notes }),
            Err(long) => Next::Refuse(Refusal::NotesTooLong {
                characters: long.characters,
            }),
        },
    }
}

const fn cloning(task: CloneTask) -> Next {
    match task {
        CloneTask::Running => Next::Wait(Wait::Clone),
        CloneTask::Gone => Next::Refuse(Refusal::AbandonedClone),
    }
}

/// Decides whether this run may write to the VM at all.
fn may_write(wanted: &Wanted, present: &Present, mandate: Mandate) -> Result<Identity, Refusal> {
    let in_state = match mandate.claim {
        Claim::InState => InState::Yes,
        Claim::Create | Claim::TakeOver => InState::No,
    };
    let identity = proven(wanted, present, in_state)?;
    match (&identity, mandate.claim) {
        (Identity::Ours { attempt } | Identity::InterruptedCreate { attempt }, Claim::Create)
            if *attempt != mandate.attempt =>
        {
            Err(Refusal::AppearedSincePlan)
        }
        _ => Ok(identity),
    }
}

/// Returns the identity of a VM that is ours.
pub(crate) fn proven(
    wanted: &Wanted,
    present: &Present,
    in_state: InState,
) -> Result<Identity, Refusal> {
    let identity = identity_of(present, wanted, in_state);
    match identity {
        Identity::Stranger(why) => Err(Refusal::Stranger {
            name: present.name().to_owned(),
            why,
        }),
        Identity::CloneOfOurs { original } => Err(Refusal::CloneOfOurs { original }),
        _ if present.config.is_template() => Err(Refusal::IsTemplate),
        _ => Ok(identity),
    }
}

/// Returns what a lock on the VM means for us, if it holds one.
pub(crate) fn locked(present: &Present) -> Option<Next> {
    present.config.lock().map(|lock| match lock {
        // These end only by the hand of a user.
        "suspended" | "create" => Next::Refuse(Refusal::Locked(lock.to_owned())),
        _ => Next::Wait(Wait::Lock(lock.to_owned())),
    })
}

fn advance(
    wanted: &Wanted,
    present: &Present,
    mandate: Mandate,
    identity: &Identity,
) -> Result<Next, Refusal> {
    if let Some(next) = locked(present) {
        return Ok(next);
    }
    let attempt = match identity {
        Identity::Ours { attempt } | Identity::InterruptedCreate { attempt } => *attempt,
        _ => mandate.attempt,
    };
    let work = Work::between(wanted, present, attempt)?;
    let running = present.power == Power::Running;
    if running && wanted.shape.started == Some(false) {
        return Ok(Next::Step(Step::Shutdown));
    }
    if running && work.interrupts() {
        return interrupt(wanted, work, mandate);
    }
    Ok(match (work.into_step(), wanted.shape.started) {
        (Some(step), _) => Next::Step(step),
        (None, Some(true)) if !running => Next::Step(Step::Start),
        (None, _) => Next::Done,
    })
}

/// The VM is shut down **before** its options are written. An interruption then always leaves
/// something to see: an option that differs, or a VM that should run and does not. Options written
/// first would be pending, look as wanted, and nobody would ever finish.
fn interrupt(wanted: &Wanted, work: Work, mandate: Mandate) -> Result<Next, Refusal> {
    let reasons = || work.interrupting();
    match (wanted.shape.started, mandate.restart) {
        (None, _) => Err(Refusal::PowerNotManaged(reasons())),
        (Some(_), Consent::Withheld) => Err(Refusal::RestartNotAllowed(reasons())),
        (Some(_), Consent::Given) => Ok(Next::Step(Step::Shutdown)),
    }
}
