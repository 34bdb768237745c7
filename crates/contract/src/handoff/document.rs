//! The document as plain data.
//!
//! Unknown fields are ignored when it is read: whoever knows 1.0 reads 1.1 too.

use serde::{Deserialize, Serialize};

use super::schematic::Vendor;
use crate::topology::{Role, plain};
use crate::value::Value;

/// The canonical document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootstrapContract {
    /// Major and minor version of the document.
    pub schema_version: String,
    /// What all nodes share.
    pub cluster: ClusterFacts,
    /// Every node, sorted by name.
    pub nodes: Vec<NodeFacts>,
}

/// What all nodes share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterFacts {
    /// Name of the Talos cluster.
    pub name: String,
    /// URL of the Kubernetes API.
    pub endpoint: String,
    /// Address that the control planes share; answers only after the bootstrap.
    #[serde(skip_serializing_if = "Option::is_none")]
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
    /// The one control plane that is bootstrapped.
    pub bootstrap_node: String,
    /// Name servers of the nodes.
    pub nameservers: Vec<String>,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeFacts {
    /// Host name of the node and name of its VM.
    pub name: String,
    /// Role in Talos.
    pub role: Role,
    /// Address at which the node answers on TCP 50000.
    pub address: String,
    /// Size of the node network.
    pub prefix_length: u8,
    /// Gateway of the node network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Who gives the node its address.
    pub assigned_by: AssignedBy,
    /// MAC address of the network card that has the address.
    pub mac: String,
    /// Name of that network card; absent where it is found by its MAC address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The disk that Talos is on.
    pub install_disk: InstallDisk,
    /// The image the node was made from.
    pub image: Image,
    /// Present on nodes with passed-through GPUs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpu: Option<GpuFacts>,
    /// What Proxmox knows the node by.
    pub identity: Identity,
}

/// Who gives a node its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssignedBy {
    /// The cloud-init drive that Proxmox generates.
    CloudInit,
    /// A reservation in the operator's DHCP server.
    DhcpReservation,
}

/// The disk that Talos is on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstallDisk {
    /// Its path in the node.
    pub path: String,
}

/// The image that a node was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Talos platform; the installer is of the same.
    pub platform: Platform,
    /// Architecture.
    pub arch: String,
    /// Image Factory schematic.
    pub schematic_id: String,
    /// System extensions of the schematic, where em-infra knows the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extensions: Option<Vec<String>>,
    /// Whether the image is signed for secure boot.
    pub secure_boot: bool,
    /// How Talos came onto the disk.
    pub boot: String,
    /// Installer image for upgrades.
    pub installer: String,
}

/// A Talos platform, as far as Proxmox VMs have one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Reads the cloud-init drive; network cards are `eth0` and so on.
    Nocloud,
    /// Reads nothing; network cards have predictable names.
    Metal,
}

/// The GPUs of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GpuFacts {
    /// Number of devices.
    pub count: usize,
    /// Whose drivers the schematic carries, where em-infra knows the id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vendor: Option<Vendor>,
}

/// What Proxmox knows a node by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// VMID.
    pub vmid: i64,
    /// Proxmox node that runs the VM.
    pub proxmox_node: String,
    /// SMBIOS UUID.
    pub smbios_uuid: String,
}

impl BootstrapContract {
    /// The document as an object without nulls; its keys differ from node to node, so its type is dynamic.
    pub fn to_value(&self) -> Value {
        plain(self)
    }

    /// The nodes of one role, in the document's order.
    pub fn of_role(&self, role: Role) -> impl Iterator<Item = &NodeFacts> {
        self.nodes.iter().filter(move |node| node.role == role)
    }

    /// The node that is bootstrapped; none in a document that breaks its own rules.
    pub fn bootstrap_node(&self) -> Option<&NodeFacts> {
        let name = &self.cluster.bootstrap_node;
        self.nodes.iter().find(|node| node.name == *name)
    }
}

impl ClusterFacts {
    /// The minor of the Talos version. A version that cannot be read counts as the newest, whose forms are then used.
    pub(crate) fn talos_minor(&self) -> u64 {
        crate::text::versions::version(&self.talos_version)
            .map_or_else(|_| crate::releases::newest(), |version| version.minor)
    }
}

impl NodeFacts {
    /// Address and size of the network, as Talos writes it.
    pub(crate) fn interface_address(&self) -> String {
        format!("{}/{}", self.address, self.prefix_length)
    }

    /// The MAC address in lower case, as kernels print it and Talos compares it.
    pub fn hardware_address(&self) -> String {
        self.mac.to_ascii_lowercase()
    }
}

impl Platform {
    /// The platform's name in images and installers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nocloud => "nocloud",
            Self::Metal => "metal",
        }
    }

    /// The platform named `name`; anything but `metal` is the nocloud image that em-infra is made for.
    pub(crate) fn named(name: &str) -> Self {
        if name == "metal" {
            Self::Metal
        } else {
            Self::Nocloud
        }
    }
}
