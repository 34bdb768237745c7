//! Puts the running executable where `terraform init` finds it as the provider, without configuration.
//!
//! Terraform searches an implied mirror below HOME. Two things it does not forgive shape this module: a rebuild under
//! a version that a lock file knows is refused by `init` and by `init -upgrade` alike, so every build gets a version
//! of its own and an installed one is never overwritten; and without `-upgrade` it stays at the locked version, so
//! [`LockFile::forget_provider`] mends the one block that is ours.

mod lock_file;
mod mirror;

pub use lock_file::{LockFile, LockFileError, Mended};
pub use mirror::{InstallError, Installation, Installed, Mirror, Outcome};

/// The provider's source address, as `required_providers` names it.
pub const PROVIDER_SOURCE: &str = "terraform.local/em-infra/eminfra";
