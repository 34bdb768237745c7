//! The live host as every part of em-infra sees it: how to reach it, what is on it, whether it can
//! make what is wanted. Reads only.
//!
//! Provider and CLI use the same access rules, the same facts and the same preflight, so that
//! `check --live` and `terraform plan` cannot say different things.

mod access;
mod creation;
mod devices;
mod environment;
mod explain;
mod facts;
mod reach;
mod sight;
mod survey;
mod wanted;

pub use access::{Access, AccessError, Names, Settings, settle};
pub use creation::{Creation, creation, node_problem};
pub use devices::{Devices, address_needs_root};
pub use environment::Environment;
pub use explain::{explained, is_about_the_host, sentence, unusable};
pub use facts::{Fact, Facts, Unread};
pub use reach::{Host, Unreachable, reach};
pub use sight::{Sight, Unchanged, listed_power, look};
pub use survey::{Guest, survey};
pub use wanted::{NotAVm, gpu_mappings, wanted};
