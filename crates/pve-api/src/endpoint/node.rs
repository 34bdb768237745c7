//! Nodes: `/nodes`, `/nodes/{node}/status`.

use serde::Deserialize;

use crate::NodeName;
use crate::lenient;
use crate::request::{Method, Request};

/// A node of the cluster. Listed for everybody.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Node {
    /// The name.
    pub node: NodeName,
    /// `online`, `offline` or `unknown`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub status: String,
}

impl Node {
    /// Returns whether the node is up.
    pub fn is_online(&self) -> bool {
        self.status == "online"
    }
}

/// Asks for the nodes.
pub fn nodes() -> Request<Vec<Node>> {
    Request::new(Method::Get, ["nodes"])
}

/// What a node has.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NodeStatus {
    /// The processor.
    pub cpuinfo: CpuInfo,
    /// The memory.
    pub memory: MemoryUse,
    /// The manager's version, as in `pve-manager/9.2.11/abcdef`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub pveversion: String,
}

/// The processor of a node.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CpuInfo {
    /// Logical CPUs. A VM with more does not start.
    #[serde(deserialize_with = "lenient::value")]
    pub cpus: u32,
    /// The model's name.
    #[serde(default, deserialize_with = "lenient::text")]
    pub model: String,
    /// The flags, separated by blanks.
    #[serde(default, deserialize_with = "lenient::text")]
    pub flags: String,
}

/// Memory in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MemoryUse {
    /// All there is.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub total: u64,
    /// In use.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub used: u64,
    /// Not in use.
    #[serde(default, deserialize_with = "lenient::whole")]
    pub free: u64,
    /// What could be used without swapping; since 9.0.
    #[serde(default, deserialize_with = "lenient::maybe_whole")]
    pub available: Option<u64>,
}

/// Asks what a node has. Needs Sys.Audit on `/nodes/{node}`.
pub fn status(node: &NodeName) -> Request<NodeStatus> {
    Request::new(Method::Get, ["nodes", node.as_str(), "status"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_with_the_types_of_a_recording() {
        let text = r#"{"boot-info":{"mode":"efi"},"cpu":0.01,"cpuinfo":{"cores":4,"cpus":8,"flags":"fpu sse",
            "hvm":"1","mhz":"3600.0","model":"Some CPU","sockets":1,"user_hz":100},"ksm":{"shared":0},
            "loadavg":["0.10","0.20","0.30"],"memory":{"available":30,"free":10,"total":32,"used":"22"},
            "pveversion":"pve-manager/9.2.11/abc","uptime":12}"#;
        let status: NodeStatus = serde_json::from_str(text).expect("a status");
        assert_eq!(status.cpuinfo.cpus, 8);
        assert_eq!(
            status.memory,
            MemoryUse {
                total: 32,
                used: 22,
                free: 10,
                available: Some(30)
            }
        );
    }

    #[test]
    fn a_node_without_numbers_is_listed() {
        let text = r#"[{"id":"node/pve","node":"pve","ssl_fingerprint":"AA","status":"online","type":"node"}]"#;
        let nodes: Vec<Node> = serde_json::from_str(text).expect("a recorded answer");
        assert!(nodes[0].is_online() && nodes[0].node.as_str() == "pve");
    }
}
