//! What the gate says in the end.

use std::fmt;

use serde::{Deserialize, Serialize};
use tf_run::plan::Noise;

use super::OutputFault;
use crate::drift::Mismatch;

/// The verdict. Each has one exit code, so that scripts need not read prose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Nothing speaks against it; [`Level`] says how far that was looked into.
    Pass,
    /// There are differences, and each is one that a rule knows for noise. No pass, and no fault of this run.
    Explained,
    /// The second plan wants to change something.
    Changed,
    /// Real objects differ from the state, and the configuration does not mind.
    Drift,
    /// The second plan is empty, and a check fails or a promised output is not as promised.
    Unsettled,
    /// The second plan is empty and proves nothing: it did not look, or its ground moved.
    Blind,
    /// Terraform failed.
    Failed,
    /// Nothing was applied: a finding, a change of the inputs on the way, or a no.
    Refused,
    /// Somebody asked to stop.
    Interrupted,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 9] = [
        Self::Pass,
        Self::Explained,
        Self::Changed,
        Self::Drift,
        Self::Unsettled,
        Self::Blind,
        Self::Failed,
        Self::Refused,
        Self::Interrupted,
    ];

    /// The exit code of `em-infra gate`.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Explained => 10,
            Self::Changed => 20,
            Self::Drift => 21,
            Self::Unsettled => 22,
            Self::Blind => 30,
            Self::Failed => 40,
            Self::Refused => 50,
            Self::Interrupted => 130,
        }
    }

    /// What it means, for the table of exit codes.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Pass => "the second plan is empty and everything checked agrees",
            Self::Explained => "there are differences, and a rule explains each of them",
            Self::Changed => "the second plan wants to change something",
            Self::Drift => "real objects differ from the state",
            Self::Unsettled => "a check fails, or a promised output is not as promised",
            Self::Blind => "the second plan is empty and proves nothing",
            Self::Failed => "Terraform failed",
            Self::Refused => "stopped before apply",
            Self::Interrupted => "stopped on request",
        }
    }
}

/// How far a pass reaches. Each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Both plans after the apply are empty, and the first of them looked.
    Quiet,
    /// Also: no drift, every check passes, the promised outputs are as promised.
    Settled,
    /// Also: an independent read of the real objects agrees.
    Proved,
}

/// Where a difference was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// What the second plan would change.
    SecondPlan,
    /// What the plan that does not look would change.
    PlanWithoutRefresh,
    /// What the second plan found changed outside of Terraform.
    Drift,
}

/// One thing that speaks against a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A plan after the apply is not empty.
    Noise {
        /// Which plan.
        source: Source,
        /// What it wants.
        noise: Noise,
    },
    /// A real object differs from the state.
    Drift {
        /// Its address.
        address: String,
        /// What happened to it outside.
        what: String,
    },
    /// Every difference of a resource is one that a rule explains.
    Explained {
        /// Where it was seen.
        source: Source,
        /// The resource.
        address: String,
        /// The rules.
        rules: Vec<&'static str>,
    },
    /// The host, read without Terraform, disagrees.
    Live(Mismatch),
    /// A check fails or cannot be evaluated.
    Check {
        /// Its address.
        address: String,
        /// What it said.
        messages: Vec<String>,
    },
    /// A promised output is not as promised.
    Output(OutputFault),
    /// Objects in the state that the second plan did not read.
    NotRead {
        /// Their addresses.
        addresses: Vec<String>,
    },
    /// The state file changed while plans were made.
    StateMoved,
    /// Inputs changed on the way.
    InputsMoved {
        /// The files.
        files: Vec<String>,
    },
    /// Another gate works on this root module.
    Busy,
    /// The caller's check found something.
    Findings {
        /// How many errors.
        errors: usize,
    },
    /// Somebody saw the plan and said no.
    NotApproved,
    /// Terraform failed.
    Terraform {
        /// The chain of its failure.
        message: String,
    },
    /// Somebody asked to stop.
    Interrupted,
}

impl Reason {
    /// The verdict this reason leads to when it is the gravest.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Noise { .. } => Verdict::Changed,
            Self::Drift { .. } | Self::Live(_) => Verdict::Drift,
            Self::Explained { .. } => Verdict::Explained,
            Self::Check { .. } | Self::Output(_) => Verdict::Unsettled,
            Self::NotRead { .. } | Self::StateMoved | Self::InputsMoved { .. } => Verdict::Blind,
            Self::Busy | Self::Findings { .. } | Self::NotApproved => Verdict::Refused,
            Self::Terraform { .. } => Verdict::Failed,
            Self::Interrupted => Verdict::Interrupted,
        }
    }
}

impl Reason {
    /// Passes what was quoted from others through `reword`.
    pub(super) fn reword(&mut self, reword: &dyn Fn(&str) -> String) {
        match self {
            Self::Check { messages, .. } => {
                for message in messages {
                    *message = reword(message);
                }
            }
            Self::Terraform { message } => *message = reword(message),
            Self::Noise { .. }
            | Self::Drift { .. }
            | Self::Explained { .. }
            | Self::Live(_)
            | Self::Output(_)
            | Self::NotRead { .. }
            | Self::StateMoved
            | Self::InputsMoved { .. }
            | Self::Busy
            | Self::Findings { .. }
            | Self::NotApproved
            | Self::Interrupted => {}
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "passed",
            Self::Explained => "explained",
            Self::Changed => "changed",
            Self::Drift => "drift",
            Self::Unsettled => "unsettled",
            Self::Blind => "blind",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Quiet => "quiet",
            Self::Settled => "settled",
            Self::Proved => "proved",
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SecondPlan => "second plan",
            Self::PlanWithoutRefresh => "plan with -refresh=false",
            Self::Drift => "changed outside of Terraform",
        })
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Noise { source, noise } => write!(f, "{source}: {noise}"),
            Self::Drift { address, what } => write!(f, "{address}: {what} outside of Terraform"),
            Self::Explained {
                source,
                address,
                rules,
            } => write!(f, "{source}: {address}: explained by {}", rules.join(", ")),
            Self::Live(mismatch) => write!(f, "live: {mismatch}"),
            Self::Check { address, messages } if messages.is_empty() => {
                write!(f, "{address} does not hold")
            }
            Self::Check { address, messages } => write!(f, "{address}: {}", messages.join("; ")),
            Self::Output(fault) => fault.fmt(f),
            Self::NotRead { addresses } => {
                write!(f, "the second plan did not read {}", addresses.join(", "))
            }
            Self::StateMoved => f.write_str("the state file changed while plans were made"),
            Self::InputsMoved { files } => write!(f, "changed on the way: {}", files.join(", ")),
            Self::Busy => f.write_str("another gate works on this directory"),
            Self::Findings { errors: 1 } => f.write_str("the check found an error"),
            Self::Findings { errors } => write!(f, "the check found {errors} errors"),
            Self::NotApproved => f.write_str("the plan was not approved"),
            Self::Terraform { message } => f.write_str(message),
            Self::Interrupted => f.write_str("stopped on request"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verdict_has_an_exit_code_of_its_own() {
        let mut codes = Verdict::ALL.map(Verdict::exit_code).to_vec();
        codes.dedup();
        assert_eq!(codes, [0, 10, 20, 21, 22, 30, 40, 50, 130]);
    }
}
