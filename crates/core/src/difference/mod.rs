//! Why a value differs: rules that explain what is known to be noise, as data.
//!
//! Owns the rules and their matching. A rule looks at structure only: provider and version, resource type,
//! path, both values, what the configuration sets and who uses the attribute; never at printed text. What a
//! rule explains is *said* to be explained: it is no pass. Some things no rule may explain ([`NEVER`]):
//! the list is asked first. Our own provider has no rules: a difference of ours is a fault of ours.

mod classify;
mod condition;
mod configured;
mod leaf;
mod never;
mod path;
mod rule;
mod rules;

pub use classify::{Context, Difference, Judged, Objection, classify, write_only};
pub use condition::Condition;
pub use never::{NEVER, Never};
pub use path::{Path, Pattern};
pub use rule::{Class, Rule};
pub use rules::RULES;
