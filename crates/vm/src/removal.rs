//! The next step towards a VM that is gone.

use pve_api::ConfigChange;

use crate::identity::InState;
use crate::observed::{CloneTask, Observed, Power, Present};
use crate::step::{locked, proven};
use crate::{Next, Refusal, Step, Wait, Wanted};

/// What to do about a VM that Proxmox protects from removal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Leave it.
    Respect,
    /// Lift the protection first: the user consented for this run.
    Lift,
}

/// Returns the next step towards removing the VM that the state holds as `held`.
pub fn next_removal(held: &Wanted, observed: &Observed, protection: Protection) -> Next {
    match observed {
        Observed::Absent => Next::Done,
        Observed::Hidden => Next::Refuse(Refusal::Hidden),
        Observed::Cloning(CloneTask::Running) => Next::Wait(Wait::Clone),
        Observed::Cloning(CloneTask::Gone) => Next::Refuse(Refusal::AbandonedClone),
        Observed::Present(present) => match proven(held, present, InState::Yes) {
            Ok(_) => remove(present, protection),
            Err(refusal) => Next::Refuse(refusal),
        },
    }
}

fn remove(present: &Present, protection: Protection) -> Next {
    if let Some(next) = locked(present) {
        return next;
    }
    match (present.config.is_protected(), protection, present.power) {
        (true, Protection::Respect, _) => Next::Refuse(Refusal::Protected),
        (true, Protection::Lift, _) => Next::Step(Step::SetConfig(
            ConfigChange::default().delete("protection"),
        )),
        (false, _, Power::Running) => Next::Step(Step::Stop),
        (false, _, Power::Stopped) => Next::Step(Step::Destroy),
    }
}
