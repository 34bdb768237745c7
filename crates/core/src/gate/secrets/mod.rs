//! Secrets, and keeping them out of everything a run leaves behind.
//!
//! What is secret is known by structure: inputs that the configuration declares sensitive or ephemeral,
//! credentials in the environment, and every value that a plan marks sensitive. What is written is
//! swept for these values, since sensitivity does not cross a provider: a computed copy of a secret
//! input is printed in clear. Values shorter than six characters are not swept for: they would be
//! found everywhere.

mod forms;
mod given;
mod marked;
mod redactor;

pub(super) use given::given;
pub(super) use marked::marked;
pub(super) use redactor::{Learnt, Redactor};
