//! The networks against each other, and what stands in the node network besides the nodes.

use core::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::across::AcrossRule;
use crate::code::Code;
use crate::finding::Finding;
use crate::inputs::find;
use crate::path::Path;
use crate::reading::Reading;
use crate::text::network::overlap;

const NODES: &str = "cluster_network_cidr";
const PODS: &str = "cluster_cidr";
const SERVICES: &str = "service_cidr";

pub(super) const RULES: &[AcrossRule] = &[
    AcrossRule {
        code: Code::NetworkOverlap,
        reads: &[NODES, PODS],
        check: |reading, findings| {
            overlaps(reading, PODS, NODES, findings);
        },
    },
    AcrossRule {
        code: Code::NetworkOverlap,
        reads: &[NODES, SERVICES],
        check: |reading, findings| {
            overlaps(reading, SERVICES, NODES, findings);
        },
    },
    AcrossRule {
        code: Code::NetworkOverlap,
        reads: &[PODS, SERVICES],
        check: |reading, findings| {
            overlaps(reading, SERVICES, PODS, findings);
        },
    },
    AcrossRule {
        code: Code::GatewayRequired,
        reads: &["network_gateway", "address_mode"],
        check: gateway_required,
    },
    AcrossRule {
        code: Code::AddressStartRequired,
        reads: &["node_address_start", NODES],
        check: start_required,
    },
    AcrossRule {
        code: Code::AddressOutsideNetwork,
        reads: &["network_gateway", NODES],
        check: |reading, findings| stands_in_network(reading, "network_gateway", findings),
    },
    AcrossRule {
        code: Code::AddressOutsideNetwork,
        reads: &["cluster_vip", NODES],
        check: |reading, findings| stands_in_network(reading, "cluster_vip", findings),
    },
    AcrossRule {
        code: Code::AddressOutsideNetwork,
        reads: &["node_address_start", NODES],
        check: start_in_network,
    },
    AcrossRule {
        code: Code::AddressTaken,
        reads: &["cluster_vip", "network_gateway"],
        check: vip_is_gateway,
    },
    AcrossRule {
        code: Code::NameserverInCluster,
        reads: &["nameservers", PODS, SERVICES],
        check: nameservers_outside,
    },
    AcrossRule {
        code: Code::StaticNeedsNocloud,
        reads: &["address_mode", "talos_platform"],
        check: static_needs_nocloud,
    },
];

fn overlaps(
    reading: &Reading<'_>,
    name: &'static str,
    other: &'static str,
    findings: &mut Vec<Finding>,
) {
    let (Some(net), Some(taken)) = (reading.network(name), reading.network(other)) else {
        return;
    };
    if !overlap(net, taken) {
        return;
    }
    // The operator can move what was typed; a default that is in the way is moved by typing it.
    let help = match free_range(net, reading) {
        Some(free) => format!("move one of them, for example `{name} = \"{free}\"`"),
        None => "move one of them".to_owned(),
    };
    let message = format!("`{net}` and `{other}` (`{taken}`) share addresses");
    let finding = Finding::new(Code::NetworkOverlap, Path::input(name), message, help);
    findings.push(finding.with_related(Path::input(other), "shares addresses with this"));
}

/// Where private networks are (RFC 1918).
const PRIVATE: [&str; 3] = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"];

/// The smallest network that is suggested: three networks cannot leave less than that free, if anything.
const SMALLEST: u8 = 24;

/// A private network that touches none of the three: of the size of `net` if there is one, else smaller.
fn free_range(net: Ipv4Net, reading: &Reading<'_>) -> Option<Ipv4Net> {
    let taken: Vec<Ipv4Net> = [NODES, PODS, SERVICES]
        .into_iter()
        .filter_map(|name| reading.network(name))
        .collect();
    let is_free = |candidate: &Ipv4Net| !taken.iter().any(|taken| overlap(*candidate, *taken));
    (net.prefix_len().min(SMALLEST)..=SMALLEST)
        .find_map(|size| private_networks(size).find(is_free))
}

/// The private networks of a size, those that Kubernetes is mostly given first.
fn private_networks(size: u8) -> impl Iterator<Item = Ipv4Net> {
    let usual = [PODS, SERVICES].into_iter().filter_map(move |name| {
        let default = find(name)?.default.value();
        let net: Ipv4Net = default.as_str()?.parse().ok()?;
        Some(Ipv4Net::new(net.network(), size).ok()?.trunc())
    });
    let all = PRIVATE.into_iter().filter_map(move |block| {
        let block: Ipv4Net = block.parse().ok()?;
        block.subnets(size).ok()
    });
    usual.chain(all.flatten())
}

fn gateway_required(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    if reading.is("address_mode", "static") && !reading.is_set("network_gateway") {
        let first = reading.network(NODES).and_then(|net| net.hosts().next());
        let example = first.unwrap_or(Ipv4Addr::new(192, 168, 1, 1));
        findings.push(Finding::new(
            Code::GatewayRequired,
            Path::input("network_gateway"),
            "`network_gateway` is required with static addresses".to_owned(),
            format!("add a line such as `network_gateway = \"{example}\"`"),
        ));
    }
}

fn start_required(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let Some(net) = reading.network(NODES) else {
        return;
    };
    if net.prefix_len() <= 24 || reading.is_set("node_address_start") {
        return;
    }
    let message = format!("`node_address_start` is required, since `{net}` is smaller than a /24");
    let help = format!(
        "add a line such as `node_address_start = \"{}\"`",
        net.network()
    );
    let at = Path::input("node_address_start");
    let finding = Finding::new(Code::AddressStartRequired, at, message, help);
    findings.push(finding.with_related(Path::input(NODES), "the network"));
}

/// An address of a machine: inside the node network, and neither its first nor its last.
fn stands_in_network(reading: &Reading<'_>, name: &'static str, findings: &mut Vec<Finding>) {
    let (Some(address), Some(net)) = (reading.address(name), reading.network(NODES)) else {
        return;
    };
    findings.extend(misplaced(address, net, &Path::input(name), ""));
}

/// The start is no machine's address, so it may be the network's first.
fn start_in_network(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let name = "node_address_start";
    let (Some(address), Some(net)) = (reading.address(name), reading.network(NODES)) else {
        return;
    };
    if !net.contains(&address) {
        findings.extend(misplaced(address, net, &Path::input(name), ""));
    }
}

/// What is wrong with `address` as one of a machine in `net`; `whose` begins the message.
pub(crate) fn misplaced(
    address: Ipv4Addr,
    net: Ipv4Net,
    at: &Path,
    whose: &str,
) -> Option<Finding> {
    let finding = |code, message, help| {
        let finding = Finding::new(code, at.clone(), message, help);
        Some(finding.with_related(Path::input(NODES), "the network"))
    };
    if !net.contains(&address) {
        let message = format!("{whose}`{address}` is outside `{net}`");
        let hosts = format!("`{}` to `{}`", first_host(net), last_host(net));
        return finding(
            Code::AddressOutsideNetwork,
            message,
            format!("use one of {hosts}"),
        );
    }
    let (edge, near) = match address {
        _ if address == net.network() => ("first", first_host(net)),
        _ if address == net.broadcast() => ("last", last_host(net)),
        _ => return None,
    };
    let message =
        format!("{whose}`{address}` is the {edge} address of `{net}`, which no machine can have");
    finding(
        Code::AddressUnusable,
        message,
        format!("use for example `{near}`"),
    )
}

fn first_host(net: Ipv4Net) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(net.network()).saturating_add(1))
}

fn last_host(net: Ipv4Net) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(net.broadcast()).saturating_sub(1))
}

fn vip_is_gateway(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let vip = reading.address("cluster_vip");
    if vip.is_some() && vip == reading.address("network_gateway") {
        let at = Path::input("cluster_vip");
        let message = "the VIP is the gateway's address".to_owned();
        let finding = Finding::new(
            Code::AddressTaken,
            at,
            message,
            "use an address that nothing else has",
        );
        findings.push(finding.with_related(Path::input("network_gateway"), "the gateway"));
    }
}

fn nameservers_outside(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    for (index, text) in reading.texts("nameservers").iter().enumerate() {
        let inside = [PODS, SERVICES].into_iter().find(|name| {
            let (net, server) = (reading.network(name), text.parse());
            matches!((net, server), (Some(net), Ok(server)) if net.contains::<&Ipv4Addr>(&server))
        });
        if let Some(name) = inside {
            let at = Path::input("nameservers").index(index);
            let message = format!("the name server `{text}` is inside `{name}`");
            let help = "name a server outside the cluster, such as your router";
            let finding = Finding::new(Code::NameserverInCluster, at, message, help);
            findings.push(finding.with_related(Path::input(name), "the network"));
        }
    }
}

fn static_needs_nocloud(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    if reading.is("address_mode", "static") && reading.is("talos_platform", "metal") {
        let at = Path::input("talos_platform");
        let message = "the `metal` image does not read static addresses".to_owned();
        let help = "use a `nocloud` image, or write `address_mode = \"dhcp_reserved\"`";
        let finding = Finding::new(Code::StaticNeedsNocloud, at, message, help);
        findings
            .push(finding.with_related(Path::input("address_mode"), "asks for static addresses"));
    }
}
