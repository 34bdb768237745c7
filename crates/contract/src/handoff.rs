//! The output contract: what the bootstrap step is handed.
//!
//! Made from the cluster and from nodes that exist in the plan; nothing is handed over that was not made. Absent
//! is absent: the document holds no null. Addresses are said with who assigns them, never asked of a guest agent.

mod document;
mod make;
mod render;
mod schema;
pub(crate) mod schematic;
mod validate;

pub use document::{
    AssignedBy, BootstrapContract, ClusterFacts, GpuFacts, Identity, Image, InstallDisk, NodeFacts,
    Platform,
};
pub use make::{
    AddressMode, DiskBus, HandoffError, MadeNode, bootstrap_contract, bootstrap_contract_value,
    of_topology,
};
pub use render::{Rendering, patches, render};
pub use schema::json_schema;
pub use schematic::{Schematic, Vendor};
pub use validate::{Breach, Rule, read, validate};

/// Version of the document. A field more is a minor step; one that goes, changes its name or its meaning a major one.
pub const SCHEMA_VERSION: &str = "1.0";
