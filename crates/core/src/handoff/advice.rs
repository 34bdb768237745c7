//! The way out of each trouble with a node, by how the node comes by its address.

use contract::handoff::{AssignedBy, NodeFacts, Platform};

use super::probe::Trouble;

/// What to look at next.
pub(super) fn way_out(trouble: &Trouble, node: &NodeFacts) -> String {
    match trouble {
        Trouble::NoRoute => format!(
            "nothing leads from here to {address}: run this from the node's network, and compare bridge and VLAN of VM \
             {vmid} with it; {assigned}",
            address = node.address,
            vmid = node.identity.vmid,
            assigned = assigned(node),
        ),
        Trouble::NoAnswer => format!(
            "VM {vmid} does not run, is in another VLAN, has another address, or a firewall drops TCP 50000; its console \
             shows the address it has; {assigned}",
            vmid = node.identity.vmid,
            assigned = assigned(node),
        ),
        Trouble::Refused => format!(
            "something has the address {address} and does not listen on TCP 50000: Talos still starts (`--wait 5m`), or \
             the address is another machine's (`ip neigh show {address}` should say {mac})",
            address = node.address,
            mac = node.hardware_address(),
        ),
        Trouble::Silent => {
            "a firewall or a proxy takes the connection and passes nothing on: allow TCP 50000 through to the node".to_owned()
        }
        Trouble::NotTls | Trouble::OtherService => format!(
            "another service answers at {address}: find out who has the address (`ip neigh show {address}` should say \
             {mac}), or give the node another one",
            address = node.address,
            mac = node.hardware_address(),
        ),
        Trouble::Other(_) => format!("look at the console of VM {}", node.identity.vmid),
    }
}

/// How the address should have got to the node, and what commonly goes wrong with that.
fn assigned(node: &NodeFacts) -> String {
    match (node.assigned_by, node.image.platform) {
        (AssignedBy::CloudInit, Platform::Nocloud) => {
            "the address comes from the cloud-init drive, which only Talos' nocloud image reads: a template made from the \
             metal image takes an address from DHCP instead"
                .to_owned()
        }
        (AssignedBy::CloudInit, Platform::Metal) => {
            "the metal image does not read the cloud-init drive: make the template from the nocloud image".to_owned()
        }
        (AssignedBy::DhcpReservation, _) => format!(
            "the address needs a reservation for {} in the DHCP server (`em-infra handoff --format dhcp-dnsmasq`)",
            node.hardware_address()
        ),
    }
}

#[cfg(test)]
mod tests {
    use contract::{example_values, handoff, topology};

    use super::*;

    fn node(inputs: &[(&str, &str)]) -> NodeFacts {
        let topology = topology(&example_values(inputs)).unwrap();
        handoff::of_topology(&topology).nodes.remove(0)
    }

    #[test]
    fn the_way_out_follows_from_who_assigns_the_address() {
        let by_drive = node(&[]);
        let by_server = node(&[
            ("address_mode", r#""dhcp_reserved""#),
            ("talos_platform", r#""metal""#),
        ]);
        let mut metal = by_drive.clone();
        metal.image.platform = Platform::Metal;
        let told = [&by_drive, &by_server, &metal].map(|node| way_out(&Trouble::NoAnswer, node));
        insta::assert_snapshot!(told.join("\n"), @r"
        VM 8001 does not run, is in another VLAN, has another address, or a firewall drops TCP 50000; its console shows the address it has; the address comes from the cloud-init drive, which only Talos' nocloud image reads: a template made from the metal image takes an address from DHCP instead
        VM 8001 does not run, is in another VLAN, has another address, or a firewall drops TCP 50000; its console shows the address it has; the address needs a reservation for bc:24:11:61:a2:0c in the DHCP server (`em-infra handoff --format dhcp-dnsmasq`)
        VM 8001 does not run, is in another VLAN, has another address, or a firewall drops TCP 50000; its console shows the address it has; the metal image does not read the cloud-init drive: make the template from the nocloud image
        ");
    }

    #[test]
    fn no_route_asks_for_bridge_and_vlan() {
        let told = way_out(&Trouble::NoRoute, &node(&[]));
        insta::assert_snapshot!(told, @"nothing leads from here to 192.168.1.11: run this from the node's network, and compare bridge and VLAN of VM 8001 with it; the address comes from the cloud-init drive, which only Talos' nocloud image reads: a template made from the metal image takes an address from DHCP instead");
    }
}
