//! What runs inside a machine, as far as the host can notice.

use serde_json::Value;

/// The guest agent inside a machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Agent {
    /// No agent, or one that does not answer.
    #[default]
    Silent,
    /// It answers.
    Answering,
}

/// The inside of a machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Guest {
    /// Whether an agent answers.
    pub agent: Agent,
    /// What `network-get-interfaces` of the agent reports: its JSON list.
    pub interfaces: Option<Value>,
    /// An error the agent gives instead, as its JSON object.
    pub error: Option<Value>,
    /// Whether the guest ignores the power button.
    pub ignores_shutdown: bool,
}
