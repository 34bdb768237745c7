//! The loop around [`next_step`](crate::next_step): it remembers what was taken, so that no step
//! that changed nothing is ever taken again.

use crate::{Mandate, Next, Observed, Protection, Refusal, Step, Wanted, next_removal, next_step};

/// The steps of one run on one VM.
#[derive(Debug, Default)]
pub struct Reconcile {
    taken: Vec<Step>,
}

impl Reconcile {
    /// Returns what to do next towards the wanted VM.
    pub fn next(&mut self, wanted: &Wanted, observed: &Observed, mandate: Mandate) -> Next {
        self.once(next_step(wanted, observed, mandate))
    }

    /// Returns what to do next towards its removal.
    pub fn next_removal(
        &mut self,
        held: &Wanted,
        observed: &Observed,
        protection: Protection,
    ) -> Next {
        self.once(next_removal(held, observed, protection))
    }

    /// Allows the last step once more: it was not taken, or its answer was lost and nobody knows.
    pub fn take_back(&mut self) {
        self.taken.pop();
    }

    /// Returns the steps that were given out, in order.
    pub fn taken(&self) -> &[Step] {
        &self.taken
    }

    fn once(&mut self, next: Next) -> Next {
        match next {
            Next::Step(step) if self.taken.contains(&step) => {
                Next::Refuse(Refusal::NoEffect(Box::new(step)))
            }
            Next::Step(step) => {
                self.taken.push(step.clone());
                Next::Step(step)
            }
            other => other,
        }
    }
}
