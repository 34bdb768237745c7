//! Reading a plan.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Actions, Change, CheckResult, FormatVersion, ResourceChange};
use crate::state::Values;
use crate::{FormatError, Json};

/// A plan. Its `timestamp` and planned values are not read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Plan {
    /// The version of the format.
    pub format_version: FormatVersion,
    /// The Terraform that made it.
    #[serde(default)]
    pub terraform_version: String,
    /// Every resource instance, unchanged ones included.
    #[serde(default)]
    pub resource_changes: Vec<ResourceChange>,
    /// What differs between the state and the real objects.
    #[serde(default)]
    pub resource_drift: Vec<ResourceChange>,
    /// Every root output, unchanged ones included.
    #[serde(default)]
    pub output_changes: BTreeMap<String, Change>,
    /// What was put off to a later run.
    #[serde(default)]
    pub deferred_changes: Vec<Json>,
    /// Actions that apply would start.
    #[serde(default)]
    pub action_invocations: Vec<Json>,
    /// Actions that were put off.
    #[serde(default)]
    pub deferred_action_invocations: Vec<Json>,
    /// The checks, as far as a plan can tell.
    #[serde(default)]
    pub checks: Vec<CheckResult>,
    /// Whether apply would do something; `OpenTofu` does not say.
    pub applyable: Option<bool>,
    /// Whether it covers everything (no `-target`); `OpenTofu` does not say.
    pub complete: Option<bool>,
    /// Whether planning failed.
    #[serde(default)]
    pub errored: bool,
    /// The state it was made from, after the refresh.
    #[serde(default)]
    pub prior_state: PriorState,
    /// The configuration, with expressions in place of values.
    #[serde(default)]
    pub configuration: Json,
    /// Attributes that Terraform thinks took part in what changed: a hint, never complete.
    #[serde(default)]
    pub relevant_attributes: Vec<RelevantAttribute>,
}

/// An attribute that took part in a change.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RelevantAttribute {
    /// The address of its resource.
    pub resource: String,
    /// Keys and indexes from the resource down to it.
    #[serde(default)]
    pub attribute: Vec<Json>,
}

/// The state a plan was made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PriorState {
    /// Its objects.
    #[serde(default)]
    pub values: Values,
}

impl Plan {
    /// Reads what `show -json PLANFILE` prints.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        crate::format::parse("plan", text)
    }

    /// How many resource instances each action touches.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for resource in &self.resource_changes {
            counts.take_in(resource);
        }
        counts.outputs = self
            .output_changes
            .values()
            .filter(|output| !output.actions.is_no_op())
            .count();
        counts
    }
}

/// How many objects a plan touches, by what it does to them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Made.
    pub create: usize,
    /// Changed in place.
    pub update: usize,
    /// Deleted.
    pub delete: usize,
    /// Deleted and made again.
    pub replace: usize,
    /// Read during apply.
    pub read: usize,
    /// Dropped from the state.
    pub forget: usize,
    /// Taken into the state.
    pub import: usize,
    /// Given another address.
    pub moved: usize,
    /// What this em-infra does not know.
    pub other: usize,
    /// Root outputs that change.
    pub outputs: usize,
}

impl Counts {
    fn take_in(&mut self, resource: &ResourceChange) {
        self.moved += usize::from(resource.previous_address.is_some());
        self.import += usize::from(resource.change.importing.is_some());
        match resource.change.actions {
            Actions::NoOp => {}
            Actions::Create => self.create += 1,
            Actions::Read => self.read += 1,
            Actions::Update => self.update += 1,
            Actions::Delete => self.delete += 1,
            Actions::DeleteThenCreate | Actions::CreateThenDelete => self.replace += 1,
            Actions::Forget => self.forget += 1,
            Actions::CreateThenForget => {
                self.create += 1;
                self.forget += 1;
            }
            Actions::Other(_) => self.other += 1,
        }
    }
}
