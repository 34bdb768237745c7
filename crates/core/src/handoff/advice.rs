//! The way out of each trouble with a node, by how the node comes by its address.

use contract::handoff::{AssignedBy, NodeFacts, Platform};

use super::machine::{Machine, MachineTrouble};
use super::probe::Trouble;

/// What to look at next. What is wrong with the VM explains what the network says, so that goes first and alone.
pub(super) fn ways_out(
    machine: &Machine,
    trouble: Option<&Trouble>,
    node: &NodeFacts,
) -> Vec<String> {
    let troubles = machine.troubles();
    if troubles.is_empty() {
        return trouble
            .map(|trouble| of_network(trouble, machine, node))
            .into_iter()
            .collect();
    }
    troubles
        .iter()
        .map(|wrong| of_machine(wrong, node))
        .collect()
}

fn of_machine(trouble: &MachineTrouble, node: &NodeFacts) -> String {
    let vmid = node.identity.vmid;
    match trouble {
        MachineTrouble::Missing => format!(
            "VM {vmid} was not made or is gone: `em-infra gate` makes it; a document older than the cluster is made anew by \
             `em-infra handoff`"
        ),
        MachineTrouble::Hidden => format!(
            "the token needs VM.Audit on /vms/{vmid}: `em-infra token` prints the lines that grant it"
        ),
        MachineTrouble::Unfinished => format!(
            "VM {vmid} has no configuration before the clone ends: wait (`--wait 5m`); if no clone runs any more, \
             `em-infra gate` says how to get rid of what is left"
        ),
        MachineTrouble::Other { name } => format!(
            "VM {vmid} is `{name}` and not made by this environment: the document is another cluster's, or the VMID was \
             given away; `em-infra check` shows the VMIDs of this one"
        ),
        MachineTrouble::OtherMac { .. } => format!(
            "the document says {}: `em-infra gate` puts the VM right, `em-infra handoff` the document; a change of a running \
             VM takes effect when it is stopped and started",
            node.hardware_address()
        ),
        MachineTrouble::Unplugged => format!(
            "untick `Disconnect` at the network device of VM {vmid}, or take `link_down` out of its options"
        ),
        MachineTrouble::OtherAddress { .. } => format!(
            "the document says {}: `em-infra gate` puts the cloud-init drive right, and Talos reads it when the VM starts",
            node.address
        ),
        MachineTrouble::Stopped => format!(
            "start it: `qm start {vmid}` on `{}`; if it stops again, the VM's task log says why",
            node.identity.proxmox_node
        ),
        MachineTrouble::Unread(_) => {
            "Proxmox VE has to answer before anything can be said of the VM".to_owned()
        }
    }
}

fn of_network(trouble: &Trouble, machine: &Machine, node: &NodeFacts) -> String {
    let vmid = node.identity.vmid;
    match trouble {
        Trouble::NoRoute => match machine {
            Machine::Runs(card) => format!(
                "VM {vmid} runs with this MAC address on {card}: run this from that network; {}",
                assigned(node)
            ),
            Machine::NotAsked | Machine::Wrong(_) => format!(
                "nothing leads from here to {}: run this from the node's network, and compare bridge and VLAN of VM {vmid} \
                 with it; {}",
                node.address,
                assigned(node)
            ),
        },
        Trouble::NoAnswer => match machine {
            Machine::Runs(card) => format!(
                "VM {vmid} runs with this MAC address on {card}: that is the wrong network, it has another address (its console \
                 shows which), or a firewall drops TCP 50000; {}",
                assigned(node)
            ),
            Machine::NotAsked | Machine::Wrong(_) => format!(
                "VM {vmid} does not run, is in another VLAN, has another address, or a firewall drops TCP 50000; its console \
                 shows the address it has; {}",
                assigned(node)
            ),
        },
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
        Trouble::Other(_) => format!("look at the console of VM {vmid}"),
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
    use crate::handoff::Card;

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
        let told = [&by_drive, &by_server, &metal]
            .map(|node| of_network(&Trouble::NoAnswer, &Machine::NotAsked, node));
        insta::assert_snapshot!(told.join("\n"), @r"
        VM 8001 does not run, is in another VLAN, has another address, or a firewall drops TCP 50000; its console shows the address it has; the address comes from the cloud-init drive, which only Talos' nocloud image reads: a template made from the metal image takes an address from DHCP instead
        VM 8001 does not run, is in another VLAN, has another address, or a firewall drops TCP 50000; its console shows the address it has; the address needs a reservation for bc:24:11:61:a2:0c in the DHCP server (`em-infra handoff --format dhcp-dnsmasq`)
        VM 8001 does not run, is in another VLAN, has another address, or a firewall drops TCP 50000; its console shows the address it has; the metal image does not read the cloud-init drive: make the template from the nocloud image
        ");
    }

    #[test]
    fn no_route_asks_for_bridge_and_vlan() {
        let told = of_network(&Trouble::NoRoute, &Machine::NotAsked, &node(&[]));
        insta::assert_snapshot!(told, @"nothing leads from here to 192.168.1.11: run this from the node's network, and compare bridge and VLAN of VM 8001 with it; the address comes from the cloud-init drive, which only Talos' nocloud image reads: a template made from the metal image takes an address from DHCP instead");
    }

    #[test]
    fn a_vm_that_runs_narrows_it_down() {
        let card = Card {
            bridge: Some("vmbr0".to_owned()),
            vlan: Some(20),
        };
        let runs = Machine::Runs(card);
        let told = ways_out(&runs, Some(&Trouble::NoAnswer), &node(&[]));
        insta::assert_snapshot!(told.join("\n"), @"VM 8001 runs with this MAC address on vmbr0 with VLAN 20: that is the wrong network, it has another address (its console shows which), or a firewall drops TCP 50000; the address comes from the cloud-init drive, which only Talos' nocloud image reads: a template made from the metal image takes an address from DHCP instead");
    }

    #[test]
    fn what_is_wrong_with_the_vm_is_told_instead_of_what_follows_from_it() {
        let node = node(&[]);
        let troubles = vec![
            MachineTrouble::Missing,
            MachineTrouble::Hidden,
            MachineTrouble::Unfinished,
            MachineTrouble::Other {
                name: "nas".to_owned(),
            },
            MachineTrouble::OtherMac { found: Vec::new() },
            MachineTrouble::Unplugged,
            MachineTrouble::OtherAddress {
                found: "192.168.1.99".to_owned(),
            },
            MachineTrouble::Stopped,
            MachineTrouble::Unread("busy".to_owned()),
        ];
        let told = ways_out(&Machine::Wrong(troubles), Some(&Trouble::NoAnswer), &node);
        insta::assert_snapshot!(told.join("\n"), @r"
        VM 8001 was not made or is gone: `em-infra gate` makes it; a document older than the cluster is made anew by `em-infra handoff`
        the token needs VM.Audit on /vms/8001: `em-infra token` prints the lines that grant it
        VM 8001 has no configuration before the clone ends: wait (`--wait 5m`); if no clone runs any more, `em-infra gate` says how to get rid of what is left
        VM 8001 is `nas` and not made by this environment: the document is another cluster's, or the VMID was given away; `em-infra check` shows the VMIDs of this one
        the document says bc:24:11:61:a2:0c: `em-infra gate` puts the VM right, `em-infra handoff` the document; a change of a running VM takes effect when it is stopped and started
        untick `Disconnect` at the network device of VM 8001, or take `link_down` out of its options
        the document says 192.168.1.11: `em-infra gate` puts the cloud-init drive right, and Talos reads it when the VM starts
        start it: `qm start 8001` on `pve`; if it stops again, the VM's task log says why
        Proxmox VE has to answer before anything can be said of the VM
        ");
    }
}
