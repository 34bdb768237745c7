//! Results of `check` blocks, preconditions, postconditions and variable validations.

use serde::Deserialize;

/// One checked object of the configuration, with all its instances.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Wire")]
pub struct CheckResult {
    /// The address, e.g. `check.quorum`.
    pub address: String,
    /// The verdict over all instances.
    pub status: CheckStatus,
    /// The instances.
    pub objects: Vec<CheckObject>,
}

/// One instance of a checked object.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "WireObject")]
pub struct CheckObject {
    /// The address.
    pub address: String,
    /// Its verdict.
    pub status: CheckStatus,
    /// What it said.
    pub messages: Vec<String>,
}

/// How a check came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It could not be evaluated.
    Error,
    /// It rests on something known only after apply, or em-infra does not know the word.
    #[serde(other)]
    Unknown,
}

#[derive(Deserialize)]
struct Wire {
    address: Address,
    status: CheckStatus,
    #[serde(default)]
    instances: Vec<CheckObject>,
}

#[derive(Deserialize)]
struct WireObject {
    address: Address,
    status: CheckStatus,
    #[serde(default)]
    problems: Vec<Problem>,
}

#[derive(Deserialize)]
struct Address {
    to_display: String,
}

#[derive(Deserialize)]
struct Problem {
    #[serde(default)]
    message: String,
}

impl From<Wire> for CheckResult {
    fn from(wire: Wire) -> Self {
        Self {
            address: wire.address.to_display,
            status: wire.status,
            objects: wire.instances,
        }
    }
}

impl From<WireObject> for CheckObject {
    fn from(wire: WireObject) -> Self {
        let messages = wire
            .problems
            .into_iter()
            .map(|problem| problem.message)
            .collect();
        Self {
            address: wire.address.to_display,
            status: wire.status,
            messages,
        }
    }
}
