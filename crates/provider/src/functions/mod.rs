//! The provider's functions: what the contract says, reachable from Terraform.

mod bootstrap_contract;
mod input_error;
mod topology;
mod translate;

#[cfg(test)]
pub(crate) use translate::from_plain;

pub use bootstrap_contract::BootstrapContract;
pub use input_error::InputError;
pub use topology::Topology;
