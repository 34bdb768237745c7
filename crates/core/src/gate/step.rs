//! The steps of the gate.

use serde::Serialize;

/// A step, in the order they are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The caller's own check of the inputs.
    Check,
    /// `terraform init`.
    Init,
    /// The plan that is applied.
    Plan,
    /// `terraform apply` of that plan.
    Apply,
    /// The caller's own read of the real objects.
    LiveRead,
    /// The plan that must be empty.
    SecondPlan,
    /// The same without reading the real objects: provider noise shows in only one of the two.
    PlanWithoutRefresh,
}

impl Step {
    /// Its name in file names and records; numbered, so that files sort as they came about.
    pub fn label(self) -> &'static str {
        match self {
            Self::Check => "0-check",
            Self::Init => "1-init",
            Self::Plan => "2-plan",
            Self::Apply => "3-apply",
            Self::LiveRead => "live-read",
            Self::SecondPlan => "4-second-plan",
            Self::PlanWithoutRefresh => "5-plan-without-refresh",
        }
    }
}
