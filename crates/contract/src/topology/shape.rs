//! The Terraform types of what goes to and comes from the provider's functions, described once as plain data.

/// A type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Number,
    /// Text.
    String,
    /// A list of one shape.
    List(&'static Self),
    /// A map of one shape.
    Map(&'static Self),
    /// An object with exactly these attributes.
    Object(&'static [Field]),
}

/// An attribute of an object. It is always there; one that `may_be_null` can hold nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub shape: Shape,
    /// Whether it can hold nothing.
    pub may_be_null: bool,
}

const fn field(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        may_be_null: false,
    }
}

const fn nullable(name: &'static str, shape: Shape) -> Field {
    Field {
        name,
        shape,
        may_be_null: true,
    }
}

const TEXTS: Shape = Shape::List(&Shape::String);

const GPUS: Shape = Shape::List(&Shape::Object(&[
    nullable("bdf", Shape::String),
    nullable("mapping", Shape::String),
]));

/// What `topology` returns.
pub const TOPOLOGY: Shape = Shape::Object(&[
    field("nodes", Shape::Map(&NODE)),
    field("cluster", CLUSTER),
    field("pci_mappings", Shape::Map(&PCI_MAPPING)),
    field("warnings", TEXTS),
]);

/// One node of it.
pub const NODE: Shape = Shape::Object(&[
    field("name", Shape::String),
    field("role", Shape::String),
    field("group", Shape::String),
    nullable("slot", Shape::Number),
    field("vmid", Shape::Number),
    field("node", Shape::String),
    field("template", Shape::String),
    field("clone", Shape::String),
    nullable("pool", Shape::String),
    field("cores", Shape::Number),
    field("memory", Shape::Number),
    field("cpu_type", Shape::String),
    field("machine", Shape::String),
    nullable("bios", Shape::String),
    field("disk_gb", Shape::Number),
    field("storage", Shape::String),
    field("bridge", Shape::String),
    nullable("vlan", Shape::Number),
    field("mac", Shape::String),
    field("uuid", Shape::String),
    field("address", Shape::String),
    field("prefix_length", Shape::Number),
    nullable("gateway", Shape::String),
    field("nameservers", TEXTS),
    field("address_mode", Shape::String),
    field("gpus", GPUS),
    field("tags", TEXTS),
    field("onboot", Shape::Bool),
    nullable("startup_order", Shape::Number),
    field("protection", Shape::Bool),
    field("talos_version", Shape::String),
]);

/// One PCI resource mapping to be made for a device that is given by address.
const PCI_MAPPING: Shape = Shape::Object(&[
    field("node", Shape::String),
    field("bdf", Shape::String),
    field("vm", Shape::String),
]);

/// What all nodes share: part of what `topology` returns, first argument of `bootstrap_contract`.
pub const CLUSTER: Shape = Shape::Object(&[
    field("name", Shape::String),
    field("endpoint", Shape::String),
    nullable("vip", Shape::String),
    field("talos_version", Shape::String),
    field("kubernetes_version", Shape::String),
    field("pod_cidrs", TEXTS),
    field("service_cidrs", TEXTS),
    field("node_cidr", Shape::String),
    field("bootstrap_node", Shape::String),
    field("nameservers", TEXTS),
    field("platform", Shape::String),
    field("schematic_id", Shape::String),
    field("gpu_schematic_id", Shape::String),
]);

/// One made node: the elements of the second argument of `bootstrap_contract`.
pub const MADE_NODE: Shape = Shape::Object(&[
    field("name", Shape::String),
    field("role", Shape::String),
    field("vmid", Shape::Number),
    field("node", Shape::String),
    field("mac", Shape::String),
    field("uuid", Shape::String),
    field("address", Shape::String),
    field("prefix_length", Shape::Number),
    nullable("gateway", Shape::String),
    field("address_mode", Shape::String),
    field("gpus", GPUS),
    field("talos_version", Shape::String),
]);
