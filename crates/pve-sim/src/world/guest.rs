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
    /// What `network-get-interfaces` of the agent reports: its JSON list. Unset, it follows from the
    /// machine's network cards and static addresses.
    pub interfaces: Option<Value>,
    /// An error the agent gives instead, as its JSON object.
    pub error: Option<Value>,
    /// Whether the guest ignores the power button.
    pub ignores_shutdown: bool,
}

impl Guest {
    /// What is inside of a copy of the disk: the same system, with a network of its own.
    pub(crate) fn copied(&self) -> Self {
        Self {
            interfaces: None,
            ..self.clone()
        }
    }
}
