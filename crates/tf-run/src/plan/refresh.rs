//! The proof that a plan looked at the real objects.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Plan;

/// How much of the state was read from the real objects.
///
/// With `-refresh=false`, from wherever it comes, nothing is read, and a plan without changes means
/// nothing. The stream's `refresh_complete` events are the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refresh {
    /// Managed objects in the state.
    pub expected: usize,
    /// Those of them that were read.
    pub completed: usize,
    /// Addresses that were not read.
    pub missing: Vec<String>,
}

impl Refresh {
    /// Compares what the plan's state holds with what was `refreshed` (address, how often).
    pub fn of(plan: &Plan, refreshed: &BTreeMap<String, u32>) -> Self {
        let mut left = refreshed.clone();
        let mut missing = Vec::new();
        let mut expected = 0;
        for resource in plan.prior_state.values.managed() {
            expected += 1;
            // A deposed object is read under the address of the object that replaced it.
            match left.get_mut(&resource.address).filter(|count| **count > 0) {
                Some(count) => *count -= 1,
                None => missing.push(resource.address.clone()),
            }
        }
        Self {
            expected,
            completed: expected - missing.len(),
            missing,
        }
    }

    /// Whether every managed object was read.
    pub fn is_proven(&self) -> bool {
        self.missing.is_empty()
    }
}
