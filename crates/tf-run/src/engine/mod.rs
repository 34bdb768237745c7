//! Which Terraform is used, and where it comes from.
//!
//! The order is fixed: the path the user gave, `EM_INFRA_TERRAFORM`, a new enough `terraform` on
//! `PATH`, a new enough `tofu` on `PATH`, the pinned Terraform from PyPI. A path that the user gave
//! is never passed over in silence: what is wrong with it is an error.

mod cache;
mod error;
mod find;
mod install;
mod launcher;
mod pinned;
mod version;

pub use error::{EngineError, THREE_WAYS};
pub use find::{Choice, Engine, Origin, PATH_VARIABLE};
pub use install::Notice;
pub use pinned::{Pinned, Wheel};
pub use version::{Product, Release};
