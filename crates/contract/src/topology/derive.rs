//! MAC address and UUID of a node, derived from environment and name.
//!
//! Both are promises: a DHCP reservation and the identity of a made VM rest on them. Golden vectors below.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Proxmox's own prefix, so that a derived address looks like one that Proxmox gave.
const PREFIX: &str = "BC:24:11";

/// The namespace of all UUIDs of this project. Never to be changed.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f3b_6f5e_52c4_4d0b_9a43_1c1d_7e7a_c0de);

/// The MAC address of a node.
pub fn mac(env_name: &str, node_name: &str) -> String {
    let digest = Sha256::digest(format!("em-infra/mac/1\0{env_name}\0{node_name}"));
    format!(
        "{PREFIX}:{:02X}:{:02X}:{:02X}",
        digest[0], digest[1], digest[2]
    )
}

/// The SMBIOS UUID of a node.
pub fn uuid(env_name: &str, node_name: &str) -> String {
    let name = format!("em-infra/uuid/1\0{env_name}\0{node_name}");
    Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string()
}
