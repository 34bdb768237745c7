//! From inputs to nodes: the only place where counts become names, VMIDs and addresses.
//!
//! Pure and deterministic. A node's name, VMID, MAC address, UUID and address follow from its own line and the
//! environment alone, so that no other node can move them.

mod build;
mod derive;
mod gpu;
mod roster;
mod rules;
mod shape;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use derive::{mac, uuid};
pub use roster::Group;
pub use shape::{CLUSTER, Field, MADE_NODE, NODE, Shape, TOPOLOGY};

use crate::across;
use crate::finding::{Finding, Severity};
use crate::reading::Reading;
use crate::value::{InputValues, Value};

/// One node to be made, with everything that is known of it before it exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Node {
    /// Host name of the node and name of its VM: its identity.
    pub name: String,
    /// What Talos makes of it.
    pub role: Role,
    /// The group of the outputs it belongs to.
    pub group: Group,
    /// Its place in the VMID and address ranges; none where both are given.
    pub slot: Option<i64>,
    /// VMID.
    pub vmid: i64,
    /// Proxmox node.
    pub node: String,
    /// Template by name or VMID.
    pub template: String,
    /// `full` or `linked`.
    pub clone: String,
    /// Proxmox resource pool.
    pub pool: Option<String>,
    /// CPU cores.
    pub cores: i64,
    /// Memory in MiB.
    pub memory: i64,
    /// CPU type.
    pub cpu_type: String,
    /// Machine type; PCI devices need `q35`.
    pub machine: String,
    /// Firmware, where it differs from the template's.
    pub bios: Option<String>,
    /// Disk in GiB.
    pub disk_gb: i64,
    /// Storage of the disk.
    pub storage: String,
    /// Bridge or vnet.
    pub bridge: String,
    /// VLAN tag.
    pub vlan: Option<i64>,
    /// MAC address, upper case.
    pub mac: String,
    /// SMBIOS UUID, lower case.
    pub uuid: String,
    /// Address without its size.
    pub address: String,
    /// Size of the node network.
    pub prefix_length: u8,
    /// Gateway of the node network.
    pub gateway: Option<String>,
    /// Name servers.
    pub nameservers: Vec<String>,
    /// `static` or `dhcp_reserved`.
    pub address_mode: String,
    /// PCI devices passed through.
    pub gpus: Vec<Gpu>,
    /// Tags of the VM, sorted.
    pub tags: Vec<String>,
    /// Whether the VM starts with the host.
    pub onboot: bool,
    /// Place in the host's start order.
    pub startup_order: Option<i64>,
    /// Whether Proxmox refuses to remove the VM.
    pub protection: bool,
    /// Talos version of the template's image.
    pub talos_version: String,
}

/// The two roles that Talos knows. A GPU is an attribute of a node, not a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Runs etcd and the Kubernetes API.
    Controlplane,
    /// Runs workloads.
    Worker,
}

/// One PCI device: a mapping that exists, or an address with the mapping that is made for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gpu {
    /// PCI address.
    pub bdf: Option<String>,
    /// Id of a Proxmox PCI resource mapping.
    pub mapping: Option<String>,
}

/// What all nodes share, as the bootstrap step needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cluster {
    /// Name of the Talos cluster.
    pub name: String,
    /// URL of the Kubernetes API.
    pub endpoint: String,
    /// Address that the control planes share.
    pub vip: Option<String>,
    /// With a leading `v`.
    pub talos_version: String,
    /// With a leading `v`.
    pub kubernetes_version: String,
    /// Networks of the pods.
    pub pod_cidrs: Vec<String>,
    /// Networks of the services.
    pub service_cidrs: Vec<String>,
    /// Network of the nodes.
    pub node_cidr: String,
    /// The control plane that is bootstrapped: the first by name.
    pub bootstrap_node: String,
    /// Name servers of the nodes.
    pub nameservers: Vec<String>,
    /// Platform of the image: `nocloud` or `metal`.
    pub platform: String,
    /// Schematic of the image.
    pub schematic_id: String,
    /// Schematic of the image of GPU workers.
    pub gpu_schematic_id: String,
}

/// All nodes of an environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// The nodes, sorted by name.
    pub nodes: Vec<Node>,
    /// What they share.
    pub cluster: Cluster,
    /// Warnings about the inputs.
    pub findings: Vec<Finding>,
}

impl Topology {
    /// The object that Terraform gets, of the shape [`TOPOLOGY`].
    pub fn to_value(&self) -> Value {
        let nodes = self
            .nodes
            .iter()
            .map(|node| (node.name.clone(), plain(node)))
            .collect();
        let warnings = self
            .findings
            .iter()
            .map(|finding| Value::String(finding.to_string()));
        Value::Map(BTreeMap::from([
            ("nodes".to_owned(), Value::Map(nodes)),
            ("cluster".to_owned(), plain(&self.cluster)),
            (
                "pci_mappings".to_owned(),
                Value::Map(gpu::mappings(&self.nodes)),
            ),
            ("warnings".to_owned(), Value::List(warnings.collect())),
        ]))
    }
}

pub(crate) fn plain(data: &impl Serialize) -> Value {
    let json = serde_json::to_value(data);
    Value::from_json(json.expect("structs of text, numbers and lists are JSON"))
}

/// The nodes that the inputs ask for, or everything that is wrong with the inputs.
pub fn topology(values: &InputValues) -> Result<Topology, Vec<Finding>> {
    match evaluate(values) {
        (Some(topology), _) => Ok(topology),
        (None, findings) => Err(findings),
    }
}

/// Everything that is found in the inputs: errors, warnings and notes, in the order of the table and the rules.
pub fn check(values: &InputValues) -> Vec<Finding> {
    evaluate(values).1
}

/// Both at once: the nodes, where the inputs have no error, and everything that is found in them.
pub fn evaluate(values: &InputValues) -> (Option<Topology>, Vec<Finding>) {
    let mut findings = Vec::new();
    let reading = Reading::new(values, &mut findings);
    let mut skipped = across::apply(&reading, &mut findings);
    let drafts = roster::draft(&reading);
    skipped.extend(rules::apply(&drafts, &reading, &mut findings));
    findings.extend(across::not_evaluated(&skipped));
    if findings.iter().any(Finding::is_error) {
        return (None, findings);
    }
    let warnings = findings
        .iter()
        .filter(|finding| finding.severity == Severity::Warning);
    let topology = build::topology(&drafts, &reading, warnings.cloned().collect());
    (topology, findings)
}
