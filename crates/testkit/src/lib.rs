//! What tests share: the pinned Terraform, a hermetic environment, waiting.
//!
//! For development only; nothing that ships depends on it.

mod engine;
mod wait;

pub use engine::{engine, engine_version, env};
pub use wait::wait_until;
