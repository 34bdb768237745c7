//! The vault: immutable, dated copies of a state and of what belongs to it.
//!
//! ```text
//! index.jsonl                    a row per event; each carries the digest of the row before it
//! lock                           held while something is written
//! recipients                     public keys that states are sealed to, if any
//! snapshots/<time>-<serial>-<digest>/
//!     terraform.tfstate          the state, byte for byte (secrets in clear: 0600 in 0700)
//!     terraform.tfstate.age      instead of it where the vault has recipients
//!     .terraform.lock.hcl        the providers it was made with
//!     inputs/<file>.json         the variable files, without secret values
//!     manifest.json              what the others are, with their digests
//! ```
//! A set appears as a whole or not at all and never changes. The index is the record of what happened, and of which
//! sets count; what a crash left between the two is finished by the next writer. Everything is readable with `ls` and
//! `cp` alone.

mod copy;
mod index;
mod inputs;
mod keep;
mod manifest;
mod reader;
mod seal;
mod snapshot;
mod verify;
mod writer;

pub use copy::{Copied, CopyError};
pub use index::Event;
pub use keep::{Kept, NoPolicy, Policy, PrunePlan, Removed};
pub use manifest::{FileEntry, Manifest, Summary};
pub use reader::{NotFound, UnfinishedRestore, Vault, VaultError};
pub use seal::{Keys, Recipients, SealError};
pub use snapshot::{Snapshot, Standing};
pub use verify::{Fault, Verification};
pub use writer::{NewSet, Pin, Stored, VaultWriter};

/// The name of the state in a set.
pub(super) const STATE: &str = "terraform.tfstate";
/// The name of a sealed one.
pub(super) const SEALED: &str = "terraform.tfstate.age";
const INDEX: &str = "index.jsonl";
const MANIFEST: &str = "manifest.json";
const SNAPSHOTS: &str = "snapshots";
/// The beginning of the name of a set that is not finished.
const UNFINISHED: &str = ".new-";
