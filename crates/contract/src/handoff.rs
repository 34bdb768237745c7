//! The output contract: what the bootstrap step is handed.
//!
//! Made from the cluster and from nodes that exist in the plan; nothing is handed over that was not made. Absent
//! is absent: the document holds no null. Addresses are said with who assigns them, never asked of a guest agent.

mod schema;

use serde::{Deserialize, Serialize};

pub use schema::json_schema;

use crate::topology::{Cluster, Gpu, Role, plain};
use crate::value::Value;

/// Version of the document. A field more is a minor step; one that goes, changes its name or its meaning a major one.
pub const SCHEMA_VERSION: &str = "1.0";

/// A node as the resource's arguments describe it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MadeNode {
    /// Name of node and VM.
    pub name: String,
    /// Role in Talos.
    pub role: Role,
    /// VMID.
    pub vmid: i64,
    /// Proxmox node.
    pub node: String,
    /// MAC address.
    pub mac: String,
    /// SMBIOS UUID.
    pub uuid: String,
    /// Address without its size.
    pub address: String,
    /// Size of the node network.
    pub prefix_length: u8,
    /// Gateway.
    pub gateway: Option<String>,
    /// Who assigns the address.
    pub address_mode: AddressMode,
    /// PCI devices passed through.
    pub gpus: Vec<Gpu>,
    /// Talos version of the template's image.
    pub talos_version: String,
}

/// How a node comes by its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressMode {
    /// The cloud-init drive says it.
    Static,
    /// A reservation in the DHCP server says it.
    DhcpReserved,
}

/// The canonical document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BootstrapContract {
    schema_version: &'static str,
    cluster: ClusterFacts,
    nodes: Vec<NodeFacts>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ClusterFacts {
    name: String,
    endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    vip: Option<String>,
    talos_version: String,
    kubernetes_version: String,
    pod_cidrs: Vec<String>,
    service_cidrs: Vec<String>,
    node_cidr: String,
    bootstrap_node: String,
    nameservers: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct NodeFacts {
    name: String,
    role: Role,
    address: String,
    prefix_length: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    gateway: Option<String>,
    assigned_by: AssignedBy,
    mac: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<&'static str>,
    install_disk: InstallDisk,
    image: Image,
    #[serde(skip_serializing_if = "Option::is_none")]
    gpu: Option<GpuFacts>,
    identity: Identity,
}

/// Who gives a node its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum AssignedBy {
    CloudInit,
    DhcpReservation,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct InstallDisk {
    path: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Image {
    platform: String,
    arch: &'static str,
    schematic_id: String,
    secure_boot: bool,
    boot: &'static str,
    installer: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct GpuFacts {
    count: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Identity {
    vmid: i64,
    proxmox_node: String,
    smbios_uuid: String,
}

impl BootstrapContract {
    /// The document as an object without nulls; its keys differ from node to node, so its type is dynamic.
    pub fn to_value(&self) -> Value {
        plain(self)
    }
}

/// The bus that the VM's disk hangs on, and so its name in the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskBus {
    /// `scsi0`, and `sata0` alike.
    Scsi,
    /// `virtio0`.
    Virtio,
}

impl DiskBus {
    /// The path of the first disk on this bus.
    pub fn install_disk(self) -> &'static str {
        match self {
            Self::Scsi => "/dev/sda",
            Self::Virtio => "/dev/vda",
        }
    }
}

/// The document for `cluster` and the nodes that were made, whatever their order.
pub fn bootstrap_contract(cluster: &Cluster, made: &[MadeNode]) -> BootstrapContract {
    let mut nodes: Vec<NodeFacts> = made.iter().map(|node| node_facts(cluster, node)).collect();
    nodes.sort_by(|a, b| a.name.cmp(&b.name));
    BootstrapContract {
        schema_version: SCHEMA_VERSION,
        cluster: cluster_facts(cluster),
        nodes,
    }
}

/// The same from the two arguments of the provider's function.
pub fn bootstrap_contract_value(cluster: &Value, nodes: &Value) -> Result<Value, HandoffError> {
    let cluster = read("cluster", cluster)?;
    let nodes: Vec<MadeNode> = read("nodes", nodes)?;
    Ok(bootstrap_contract(&cluster, &nodes).to_value())
}

fn read<T: serde::de::DeserializeOwned>(
    argument: &'static str,
    value: &Value,
) -> Result<T, HandoffError> {
    serde_json::from_value(value.to_json()).map_err(|source| HandoffError {
        argument,
        reason: source.to_string(),
    })
}

/// An argument of `bootstrap_contract` that is not of its shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoffError {
    /// `cluster` or `nodes`.
    pub argument: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

impl std::fmt::Display for HandoffError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "`{}` is not what `topology` and the nodes give: {}",
            self.argument, self.reason
        )
    }
}

impl std::error::Error for HandoffError {}

fn cluster_facts(cluster: &Cluster) -> ClusterFacts {
    let cluster = cluster.clone();
    ClusterFacts {
        name: cluster.name,
        endpoint: cluster.endpoint,
        vip: cluster.vip,
        talos_version: cluster.talos_version,
        kubernetes_version: cluster.kubernetes_version,
        pod_cidrs: cluster.pod_cidrs,
        service_cidrs: cluster.service_cidrs,
        node_cidr: cluster.node_cidr,
        bootstrap_node: cluster.bootstrap_node,
        nameservers: cluster.nameservers,
    }
}

fn node_facts(cluster: &Cluster, node: &MadeNode) -> NodeFacts {
    let node = node.clone();
    NodeFacts {
        role: node.role,
        assigned_by: match node.address_mode {
            AddressMode::Static => AssignedBy::CloudInit,
            AddressMode::DhcpReserved => AssignedBy::DhcpReservation,
        },
        // The nocloud image boots with `net.ifnames=0`; the metal one has predictable names, found by MAC.
        link: (cluster.platform == "nocloud").then_some("eth0"),
        install_disk: InstallDisk {
            path: DiskBus::Scsi.install_disk(),
        },
        image: image(cluster, &node),
        gpu: (!node.gpus.is_empty()).then_some(GpuFacts {
            count: node.gpus.len(),
        }),
        name: node.name,
        address: node.address,
        prefix_length: node.prefix_length,
        gateway: node.gateway,
        mac: node.mac,
        identity: Identity {
            vmid: node.vmid,
            proxmox_node: node.node,
            smbios_uuid: node.uuid,
        },
    }
}

/// The installer is of the image's own platform and schematic: another would drop static addresses or drivers at
/// the first upgrade (siderolabs/talos#10949, #10564).
fn image(cluster: &Cluster, node: &MadeNode) -> Image {
    let Cluster {
        platform,
        schematic_id,
        gpu_schematic_id,
        ..
    } = cluster;
    let schematic_id = if node.gpus.is_empty() {
        schematic_id
    } else {
        gpu_schematic_id
    };
    Image {
        platform: platform.clone(),
        arch: "amd64",
        schematic_id: schematic_id.clone(),
        secure_boot: false,
        boot: "disk_image",
        installer: installer(platform, schematic_id, &node.talos_version),
    }
}

/// Installers by platform came with Talos 1.10; older releases have the one name.
fn installer(platform: &str, schematic_id: &str, version: &str) -> String {
    let by_platform = crate::text::versions::version(version)
        .map_or(true, |version| version >= semver::Version::new(1, 10, 0));
    let name = if by_platform {
        format!("{platform}-installer")
    } else {
        "installer".to_owned()
    };
    format!("factory.talos.dev/{name}/{schematic_id}:{version}")
}
