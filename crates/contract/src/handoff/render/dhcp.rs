//! Reservations for DHCP servers.
//!
//! All nodes are in it, also those whose cloud-init drive gives the address: a reservation keeps the server from
//! lending it to somebody else.

use serde_json::json;

use crate::handoff::document::{BootstrapContract, NodeFacts};

/// `dhcp-host` lines, for a file in `/etc/dnsmasq.d/`.
pub(super) fn dnsmasq(document: &BootstrapContract) -> String {
    lines(document, |node| {
        format!(
            "dhcp-host={},{},{}\n",
            node.hardware_address(),
            node.address,
            node.name
        )
    })
}

/// `host` declarations, for an `include` in `dhcpd.conf`.
pub(super) fn isc(document: &BootstrapContract) -> String {
    lines(document, |node| {
        format!(
            "host {name} {{\n  hardware ethernet {mac};\n  fixed-address {address};\n  option host-name \"{name}\";\n}}\n",
            name = node.name,
            mac = node.hardware_address(),
            address = node.address
        )
    })
}

/// The `reservations` of a `subnet4`.
pub(super) fn kea(document: &BootstrapContract) -> String {
    let reservation = |node: &NodeFacts| {
        json!({
            "hw-address": node.hardware_address(),
            "ip-address": node.address,
            "hostname": node.name,
        })
    };
    let reservations: Vec<_> = document.nodes.iter().map(reservation).collect();
    format!("{:#}\n", json!({ "reservations": reservations }))
}

fn lines(document: &BootstrapContract, line: impl Fn(&NodeFacts) -> String) -> String {
    let head = format!(
        "# Reservations of {} in {}\n",
        document.cluster.name, document.cluster.node_cidr
    );
    let lines = document.nodes.iter().map(line);
    std::iter::once(head).chain(lines).collect()
}
