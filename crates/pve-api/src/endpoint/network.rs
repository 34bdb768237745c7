//! Bridges: `/nodes/{node}/network`.

use serde::Deserialize;

use crate::NodeName;
use crate::lenient;
use crate::request::{Method, Request};

/// A bridge or virtual network that a VM can be attached to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Bridge {
    /// The name, as in `vmbr0`.
    pub iface: String,
    /// `bridge`, `OVSBridge` or `vnet`.
    #[serde(rename = "type", default, deserialize_with = "lenient::text")]
    pub kind: String,
    /// Whether it is up.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub active: bool,
    /// The host's address on it.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub cidr: Option<String>,
    /// Whether it takes VLAN tags.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub bridge_vlan_aware: bool,
}

/// Asks for bridges. Filtered: only those that the caller may audit or use.
pub fn bridges(node: &NodeName) -> Request<Vec<Bridge>> {
    Request::new(Method::Get, ["nodes", node.as_str(), "network"]).with("type", "any_bridge")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recorded_bridge() {
        let text = r#"[{"active":1,"address":"192.0.2.1","autostart":1,"bridge_fd":"0","bridge_ports":"",
            "bridge_stp":"off","cidr":"192.0.2.1/24","families":["inet"],"iface":"vmbr0",
            "method":"static","method6":"manual","netmask":"24","priority":3,"type":"bridge"}]"#;
        let expected = Bridge {
            iface: "vmbr0".to_owned(),
            kind: "bridge".to_owned(),
            active: true,
            cidr: Some("192.0.2.1/24".to_owned()),
            bridge_vlan_aware: false,
        };
        assert_eq!(
            serde_json::from_str::<Vec<Bridge>>(text).ok(),
            Some(vec![expected])
        );
    }
}
