//! What em-infra does around Terraform, as a library: it never prints and never exits.

pub mod adopt;
pub mod check;
pub mod cleanup;
mod counted;
pub mod difference;
pub mod drift;
pub mod evidence;
pub mod gate;
pub mod handoff;
pub mod inputs;
pub mod live;
mod own_directory;
pub mod provider_install;
pub mod starter;
pub mod state;

pub use counted::counted;
