//! Making a state anew from what is on the host, where no usable one is left.
//!
//! Terraform's own import does it: a plan that imports every object and changes nothing is the proof that nothing is
//! created, changed or destroyed, and applying it calls no provider. All of it works on a state in a directory of its
//! own. Only when Terraform finds nothing to do with that one is it kept in the vault and put in place of the live
//! state, in the way of a restore; so whatever dies on the way leaves the old state or the new one.

mod candidate;
mod execute;
mod import_file;
mod kind;
mod plan;
mod proof;

pub use candidate::{Candidate, Doubt};
pub use execute::Rebuilt;
pub(super) use import_file::left_imports;
pub use kind::{Kind, OURS};
pub use plan::{RebuildError, RebuildPlan, RebuildRequest, Snapshots, plan};
