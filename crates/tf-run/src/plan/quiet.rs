//! Is a plan quiet? Terraform's exit code alone does not say.
//!
//! `-detailed-exitcode` is 0 with `-target`, and looking at resource actions alone misses changed
//! outputs, imports and moves. A plan is quiet when all of its members and the exit code agree that
//! apply would do nothing.

use std::fmt;

use super::{Actions, Plan, ResourceChange};

/// The exit code of `plan -detailed-exitcode`, where planning succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanExit {
    /// 0: Terraform sees no changes.
    NoChanges,
    /// 2: Terraform sees changes.
    Changes,
}

/// One thing that makes a plan not quiet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noise {
    /// Planning failed.
    Errored,
    /// The plan leaves something out.
    Incomplete,
    /// A resource changes.
    Resource {
        /// Its address.
        address: String,
        /// What is done to it.
        actions: Actions,
        /// Why, in Terraform's word.
        reason: Option<String>,
    },
    /// A resource is imported.
    Import {
        /// Its address.
        address: String,
    },
    /// A resource gets another address.
    Move {
        /// Where it was.
        from: String,
        /// Where it goes.
        to: String,
    },
    /// A replaced object is still there.
    Deposed {
        /// Its address.
        address: String,
    },
    /// A root output changes.
    Output {
        /// Its name.
        name: String,
        /// What is done to it.
        actions: Actions,
    },
    /// Changes are put off to a later run.
    Deferred {
        /// How many.
        count: usize,
    },
    /// Apply would start actions.
    ActionInvocations {
        /// How many.
        count: usize,
    },
    /// The members show nothing, and Terraform says there are changes, or the other way round.
    Contradiction {
        /// What Terraform's exit code says.
        exit: PlanExit,
        /// What its `applyable` says.
        applyable: Option<bool>,
    },
}

/// Everything that makes `plan` not quiet; nothing where it is.
pub fn noise(plan: &Plan, exit: PlanExit) -> Vec<Noise> {
    let mut found: Vec<Noise> = plan
        .resource_changes
        .iter()
        .flat_map(resource_noise)
        .collect();
    found.extend(output_noise(plan));
    found.extend(put_off(plan));
    if plan.errored {
        found.push(Noise::Errored);
    }
    let acts = !found.is_empty();
    if plan.complete == Some(false) {
        found.push(Noise::Incomplete);
    }
    found.extend(contradiction(plan, exit, acts));
    found
}

fn resource_noise(resource: &ResourceChange) -> Vec<Noise> {
    let address = || resource.address.clone();
    let mut found = Vec::new();
    if resource.deposed.is_some() {
        found.push(Noise::Deposed { address: address() });
    } else if !resource.change.actions.is_no_op() {
        let actions = resource.change.actions.clone();
        let reason = resource.action_reason.clone();
        found.push(Noise::Resource {
            address: address(),
            actions,
            reason,
        });
    }
    if resource.change.importing.is_some() {
        found.push(Noise::Import { address: address() });
    }
    if let Some(from) = resource.previous_address.clone() {
        found.push(Noise::Move {
            from,
            to: address(),
        });
    }
    found
}

fn output_noise(plan: &Plan) -> impl Iterator<Item = Noise> {
    let changed = plan
        .output_changes
        .iter()
        .filter(|(_, change)| !change.actions.is_no_op());
    changed.map(|(name, change)| Noise::Output {
        name: name.clone(),
        actions: change.actions.clone(),
    })
}

fn put_off(plan: &Plan) -> impl Iterator<Item = Noise> {
    let deferred = plan.deferred_changes.len() + plan.deferred_action_invocations.len();
    let invocations = plan.action_invocations.len();
    let deferred = (deferred > 0).then_some(Noise::Deferred { count: deferred });
    let invocations = (invocations > 0).then_some(Noise::ActionInvocations { count: invocations });
    deferred.into_iter().chain(invocations)
}

fn contradiction(plan: &Plan, exit: PlanExit, acts: bool) -> Option<Noise> {
    let says = exit == PlanExit::Changes;
    let agreed = says == acts && plan.applyable.is_none_or(|applyable| applyable == acts);
    let failed = plan.errored;
    (!agreed && !failed).then_some(Noise::Contradiction {
        exit,
        applyable: plan.applyable,
    })
}

impl fmt::Display for Noise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Errored => f.write_str("planning failed"),
            Self::Incomplete => f.write_str("the plan leaves something out (-target?)"),
            Self::Resource {
                address,
                actions,
                reason: None,
            } => write!(f, "{address}: {actions}"),
            Self::Resource {
                address,
                actions,
                reason: Some(reason),
            } => {
                write!(f, "{address}: {actions} ({})", reason.replace('_', " "))
            }
            Self::Import { address } => write!(f, "{address}: import"),
            Self::Move { from, to } => write!(f, "{to}: moved from {from}"),
            Self::Deposed { address } => {
                write!(f, "{address}: a replaced object is still to be deleted")
            }
            Self::Output { name, actions } => write!(f, "output {name}: {actions}"),
            Self::Deferred { count } => write!(f, "{count} put off to a later run"),
            Self::ActionInvocations { count } => write!(f, "{count} actions to start"),
            Self::Contradiction { exit, applyable } => {
                let exit = match exit {
                    PlanExit::NoChanges => "no changes",
                    PlanExit::Changes => "changes",
                };
                let applyable = match applyable {
                    Some(true) => "something to apply",
                    Some(false) => "nothing to apply",
                    None => "no word on it",
                };
                write!(
                    f,
                    "Terraform contradicts itself: exit code {exit}, plan {applyable}"
                )
            }
        }
    }
}
