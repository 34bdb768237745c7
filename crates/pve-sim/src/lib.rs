//! An embedded Proxmox VE: one simulated host that answers the HTTP API as Proxmox does.
//!
//! A pure model of the host ([`World`]) is changed by handlers and by tasks that run on an explicit
//! clock; HTTP is a thin layer over it. It is strict: what Proxmox refuses is refused with its own
//! status, reason and body, and what is not modelled answers a 501 that says so. It depends on no
//! other crate of this workspace, so that a mistake in the client's codecs cannot hide here.
//!
//! What is modelled, against which version, and what proves it: see the crate's README.

mod acl;
#[expect(
    clippy::unnecessary_wraps,
    reason = "every handler has the signature of the endpoint table"
)]
mod api;
mod auth;
mod clock;
mod convert;
mod fail;
mod fault;
mod http;
mod job;
mod journal;
mod published;
mod roles;
mod scenario;
mod schema;
mod sim;
mod tls;
mod world;

pub use clock::{Clock, SimTime};
pub use fault::{ACTIONS as FAULT_ACTIONS, Fault, FaultAction, FaultError, FaultRule};
pub use journal::Entry;
pub use published::{Comparison, PublishedError, compare_with_schema};
#[cfg(feature = "schema")]
pub use scenario::scenario_schema;
pub use scenario::{Scenario, ScenarioError};
pub use sim::{Config, Sim, StartError};
pub use world::{
    Agent, Bridge, Guest, PciDevice, PciMapping, PveVersion, Storage, StorageKind, TaskView, Token,
    User, Vm, Volume, World,
};
