//! What a plan does to one object.

use std::fmt;

use serde::de::{Deserialize, Deserializer};

/// The actions of one change. Two-step actions are one value here, in Terraform's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actions {
    /// Nothing.
    NoOp,
    /// Make it.
    Create,
    /// Read it during apply (data sources).
    Read,
    /// Change it in place.
    Update,
    /// Delete it.
    Delete,
    /// Delete it, then make it again.
    DeleteThenCreate,
    /// Make it again, then delete the old one.
    CreateThenDelete,
    /// Drop it from the state, keep the real object.
    Forget,
    /// Drop the old one from the state and make a new one.
    CreateThenForget,
    /// What this em-infra does not know; never taken for nothing.
    Other(Vec<String>),
}

impl Actions {
    fn from_words(words: Vec<String>) -> Self {
        match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
            ["no-op"] => Self::NoOp,
            ["create"] => Self::Create,
            ["read"] => Self::Read,
            ["update"] => Self::Update,
            ["delete"] => Self::Delete,
            ["delete", "create"] => Self::DeleteThenCreate,
            ["create", "delete"] => Self::CreateThenDelete,
            ["forget"] => Self::Forget,
            ["create", "forget"] => Self::CreateThenForget,
            _ => Self::Other(words),
        }
    }

    /// Whether nothing is done.
    pub fn is_no_op(&self) -> bool {
        *self == Self::NoOp
    }

    /// Whether the real object is deleted, for good or to be made again. What is not known counts.
    pub fn deletes(&self) -> bool {
        match self {
            Self::Delete | Self::DeleteThenCreate | Self::CreateThenDelete | Self::Other(_) => true,
            Self::NoOp
            | Self::Create
            | Self::Read
            | Self::Update
            | Self::Forget
            | Self::CreateThenForget => false,
        }
    }
}

impl<'de> Deserialize<'de> for Actions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from_words(Vec::deserialize(deserializer)?))
    }
}

impl fmt::Display for Actions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoOp => "no-op",
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::DeleteThenCreate => "replace (delete, then create)",
            Self::CreateThenDelete => "replace (create, then delete)",
            Self::Forget => "forget",
            Self::CreateThenForget => "create and forget the old one",
            Self::Other(words) => return f.write_str(&words.join(", ")),
        })
    }
}
