//! The Terraform provider `eminfra`: Talos VMs on Proxmox VE.
//!
//! Translates between Terraform's values and the domain of `vm`, and carries out the steps that
//! `vm` decides on. The invariants: only an apply writes to the host; every write is preceded by a
//! look that proves whose VM it is; nothing is ever created twice because an answer was lost.
//!
//! The environment of the process is passed in by the executable; nothing here reads it.

mod block;
mod functions;
mod host_data;
mod notices;
mod patience;
mod pci_mapping;
mod policy;
mod report;
mod session;
mod settings;
mod sight;
mod talos_vm;

use std::sync::Arc;

use host::Environment;
use tf_plugin::Plugin;

pub use block::Block;
pub use functions::{BootstrapContract, InputError, Topology};
pub use host_data::HostData;
pub use notices::Notices;
pub use pci_mapping::PciMapping;
pub use session::Session;
pub use talos_vm::TalosVm;

/// Puts the provider together.
pub fn plugin(environment: Environment) -> Plugin {
    let session = Arc::new(Session::new(environment));
    Plugin::new(Block::new(Arc::clone(&session)))
        .resource(TalosVm::new(Arc::clone(&session)))
        .resource(PciMapping::new(Arc::clone(&session)))
        .data_source(HostData::new(session))
        .data_source(Notices)
        .function(Topology)
        .function(InputError)
        .function(BootstrapContract)
}
