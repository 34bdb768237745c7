//! The document from what the topology says and Terraform made.

use serde::Deserialize;

use super::SCHEMA_VERSION;
use super::document::{
    AssignedBy, BootstrapContract, ClusterFacts, GpuFacts, Identity, Image, InstallDisk, NodeFacts,
    Platform,
};
use super::schematic::Schematic;
use crate::topology::{Cluster, Gpu, Node, Role, Topology};
use crate::value::Value;

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
        schema_version: SCHEMA_VERSION.to_owned(),
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
    let image = image(cluster, &node);
    let extensions = image.extensions.as_deref().unwrap_or_default();
    NodeFacts {
        role: node.role,
        assigned_by: match node.address_mode {
            AddressMode::Static => AssignedBy::CloudInit,
            AddressMode::DhcpReserved => AssignedBy::DhcpReservation,
        },
        // The nocloud image boots with `net.ifnames=0`; the metal one has predictable names, found by MAC.
        link: (image.platform == Platform::Nocloud).then(|| "eth0".to_owned()),
        install_disk: InstallDisk {
            path: DiskBus::Scsi.install_disk().to_owned(),
        },
        gpu: (!node.gpus.is_empty()).then(|| GpuFacts {
            count: node.gpus.len(),
            vendor: super::schematic::vendor(extensions),
        }),
        image,
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
    let schematic_id = if node.gpus.is_empty() {
        &cluster.schematic_id
    } else {
        &cluster.gpu_schematic_id
    };
    let platform = Platform::named(&cluster.platform);
    Image {
        platform,
        arch: "amd64".to_owned(),
        schematic_id: schematic_id.clone(),
        extensions: Schematic::known(schematic_id).map(Schematic::extensions),
        secure_boot: false,
        boot: "disk_image".to_owned(),
        installer: installer(platform, schematic_id, &node.talos_version),
    }
}

/// Installers by platform came with Talos 1.10; older releases have the one name.
fn installer(platform: Platform, schematic_id: &str, version: &str) -> String {
    let by_platform = crate::text::versions::version(version)
        .map_or(true, |version| version >= semver::Version::new(1, 10, 0));
    let name = if by_platform {
        format!("{}-installer", platform.as_str())
    } else {
        "installer".to_owned()
    };
    format!("factory.talos.dev/{name}/{schematic_id}:{version}")
}

/// The document of nodes that are planned but not made, from the inputs alone.
pub fn of_topology(topology: &Topology) -> BootstrapContract {
    let made: Vec<MadeNode> = topology.nodes.iter().map(MadeNode::planned).collect();
    bootstrap_contract(&topology.cluster, &made)
}

impl MadeNode {
    /// What the resource's arguments will be.
    fn planned(node: &Node) -> Self {
        let node = node.clone();
        Self {
            role: node.role,
            vmid: node.vmid,
            node: node.node,
            mac: node.mac,
            uuid: node.uuid,
            address: node.address,
            prefix_length: node.prefix_length,
            gateway: node.gateway,
            address_mode: if node.address_mode == "dhcp_reserved" {
                AddressMode::DhcpReserved
            } else {
                AddressMode::Static
            },
            gpus: node.gpus,
            talos_version: node.talos_version,
            name: node.name,
        }
    }
}
