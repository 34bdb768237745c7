//! Where the live host disagrees with what the configuration wants and the state says.

use std::fmt;

use serde::Serialize;

/// One disagreement about one VM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mismatch {
    /// Its number.
    pub vmid: u32,
    /// The VM, in words.
    pub machine: String,
    /// What is wrong with it.
    #[serde(flatten)]
    pub what: Wrong,
}

/// What is wrong with a VM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "wrong", rename_all = "kebab-case")]
pub enum Wrong {
    /// The state holds it, and the host does not have it.
    Gone,
    /// The inputs want it, and neither state nor host has it.
    NotMade,
    /// The state holds it, and the inputs do not want it.
    NotWanted,
    /// It is ours and complete, and no state row holds it.
    NotInState,
    /// Its creation was cut off.
    Unfinished,
    /// What stands on its VMID is not it.
    Another {
        /// How that is known.
        why: String,
    },
    /// Its marker was edited away.
    MarkerLost,
    /// These credentials cannot see it.
    Hidden,
    /// An argument of it is not as the inputs want it.
    Differs {
        /// The argument.
        argument: String,
        /// As it is on the host.
        is: Option<String>,
        /// As the inputs want it.
        shall_be: Option<String>,
    },
    /// Its options cannot be understood.
    Unreadable {
        /// Why.
        why: String,
    },
}

impl Wrong {
    /// What the next apply does about it.
    pub const fn apply(&self) -> Apply {
        match self {
            Self::Gone | Self::NotMade => Apply::Makes,
            Self::NotWanted => Apply::Removes,
            Self::NotInState | Self::Unfinished => Apply::TakesOver,
            Self::MarkerLost | Self::Differs { .. } => Apply::Reverts,
            Self::Another { .. } | Self::Hidden | Self::Unreadable { .. } => Apply::Refuses,
        }
    }
}

/// What the next apply does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Apply {
    /// It makes the VM.
    Makes,
    /// It removes the VM.
    Removes,
    /// It takes the VM over.
    TakesOver,
    /// It puts it back as the inputs want it.
    Reverts,
    /// It refuses, already at plan.
    Refuses,
}

impl fmt::Display for Apply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Makes => "apply makes it",
            Self::Removes => "apply removes it",
            Self::TakesOver => "apply takes it over",
            Self::Reverts => "apply reverts it",
            Self::Refuses => "plan refuses",
        })
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.machine, self.what)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |value: &Option<String>| match value {
            Some(text) if text.is_empty() => "nothing".to_owned(),
            Some(text) => text.clone(),
            None => "nothing".to_owned(),
        };
        match self {
            Self::Gone => f.write_str("is gone from the host"),
            Self::NotMade => f.write_str("was not made yet"),
            Self::NotWanted => f.write_str("is in the state, and the inputs do not want it"),
            Self::NotInState => f.write_str("exists, and no state holds it"),
            Self::Unfinished => f.write_str("exists, and its creation was cut off"),
            Self::Another { why } => write!(f, "is another VM: {why}"),
            Self::MarkerLost => f.write_str("has lost its marker"),
            Self::Hidden => f.write_str("cannot be seen with these credentials"),
            Self::Differs {
                argument,
                is,
                shall_be,
            } => write!(
                f,
                "has {argument} {}, and the inputs want {}",
                text(is),
                text(shall_be)
            ),
            Self::Unreadable { why } => write!(f, "cannot be understood: {why}"),
        }
    }
}
