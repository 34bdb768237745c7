//! What tests share: the corpus of bad inputs, the pinned Terraform, a hermetic environment, waiting, samples of
//! proofs.
//!
//! For development only; nothing that ships depends on it.

mod awkward;
mod corpus;
mod engine;
pub mod proof;
mod wait;

pub use awkward::{AWKWARD, awkward_mirror};
pub use corpus::{Case, Expected, Marked, Terraform, corpus};
pub use engine::{engine, engine_version, env};
pub use wait::wait_until;
