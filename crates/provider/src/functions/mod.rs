//! The provider's functions: what the contract says, reachable from Terraform.

mod bootstrap_contract;
mod input_error;
mod topology;
mod translate;

pub use bootstrap_contract::BootstrapContract;
pub use input_error::InputError;
pub use topology::Topology;
