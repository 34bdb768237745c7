//! Rules about networks: where addresses may be, and what the endpoint is.

use core::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::{Breach, Rule, breach};
use crate::handoff::document::{BootstrapContract, ClusterFacts};
use crate::topology::Role;

pub(super) fn breaches(document: &BootstrapContract) -> Vec<Breach> {
    let cluster = &document.cluster;
    let mut found = overlaps(cluster);
    let Ok(network) = cluster.node_cidr.parse::<Ipv4Net>() else {
        let message = format!("`{}` is no network", cluster.node_cidr);
        found.push(breach(
            Rule::NodeNetwork,
            "/cluster/node_cidr",
            message,
            "write address and size, as in 192.168.1.0/24",
        ));
        return found;
    };
    found.extend(nodes(document, network));
    found.extend(gateways(document, network));
    found.extend(vip(document, network));
    found.extend(endpoint(document));
    found
}

fn overlaps(cluster: &ClusterFacts) -> Vec<Breach> {
    let named = |name: &'static str, cidrs: &[String]| -> Vec<(String, Option<Ipv4Net>)> {
        let place = |index: usize| format!("/cluster/{name}/{index}");
        let read = cidrs.iter().map(|cidr| cidr.parse().ok());
        read.enumerate()
            .map(|(index, net)| (place(index), net))
            .collect()
    };
    let mut networks = vec![(
        "/cluster/node_cidr".to_owned(),
        cluster.node_cidr.parse().ok(),
    )];
    networks.extend(named("pod_cidrs", &cluster.pod_cidrs));
    networks.extend(named("service_cidrs", &cluster.service_cidrs));
    let mut found = Vec::new();
    for (index, (place, network)) in networks.iter().enumerate() {
        let Some(network) = network else { continue };
        for (other, taken) in networks.iter().take(index) {
            let Some(taken) = taken else { continue };
            if network.contains(taken) || taken.contains(network) {
                found.push(breach(
                    Rule::NetworksApart,
                    place,
                    format!("`{network}` overlaps `{taken}` of {other}"),
                    "give each its own range: Talos drops node addresses that lie in pod or service networks",
                ));
            }
        }
    }
    found
}

/// What is wrong with an address of the node network, as the end of a sentence.
fn unusable(address: &str, network: Ipv4Net) -> Option<String> {
    let Ok(address) = address.parse::<Ipv4Addr>() else {
        return Some("is no address".to_owned());
    };
    if !network.contains(&address) {
        return Some(format!("is not in {network}"));
    }
    let reserved = network.prefix_len() < 31
        && (address == network.network() || address == network.broadcast());
    reserved.then(|| format!("is the network's own or its broadcast address in {network}"))
}

fn nodes(document: &BootstrapContract, network: Ipv4Net) -> Vec<Breach> {
    let mut found = Vec::new();
    for (index, node) in document.nodes.iter().enumerate() {
        if let Some(wrong) = unusable(&node.address, network) {
            found.push(breach(
                Rule::NodeNetwork,
                format!("/nodes/{index}/address"),
                format!("`{}` {wrong}", node.address),
                "give the node a free address of the node network",
            ));
        }
        if node.prefix_length != network.prefix_len() {
            found.push(breach(
                Rule::NodeNetwork,
                format!("/nodes/{index}/prefix_length"),
                format!("{} is not the size of {network}", node.prefix_length),
                format!("write {}", network.prefix_len()),
            ));
        }
    }
    found
}

fn gateways(document: &BootstrapContract, network: Ipv4Net) -> Vec<Breach> {
    let mut found = Vec::new();
    for (index, node) in document.nodes.iter().enumerate() {
        let Some(gateway) = &node.gateway else {
            continue;
        };
        let taken = holder(document, gateway).map(|name| format!("is the address of `{name}`"));
        if let Some(wrong) = unusable(gateway, network).or(taken) {
            found.push(breach(
                Rule::Gateway,
                format!("/nodes/{index}/gateway"),
                format!("`{gateway}` {wrong}"),
                "name the router of the node network",
            ));
        }
    }
    found
}

fn holder<'a>(document: &'a BootstrapContract, address: &str) -> Option<&'a str> {
    let node = document.nodes.iter().find(|node| node.address == address);
    node.map(|node| node.name.as_str())
}

fn vip(document: &BootstrapContract, network: Ipv4Net) -> Option<Breach> {
    let vip = document.cluster.vip.as_deref()?;
    let is_gateway = || {
        let gateways = document
            .nodes
            .iter()
            .filter_map(|node| node.gateway.as_deref());
        gateways.into_iter().any(|gateway| gateway == vip)
    };
    let wrong = unusable(vip, network)
        .or_else(|| holder(document, vip).map(|name| format!("is the address of `{name}`")))
        .or_else(|| is_gateway().then(|| "is the gateway".to_owned()))?;
    Some(breach(
        Rule::VipFree,
        "/cluster/vip",
        format!("`{vip}` {wrong}"),
        "take a free address of the node network: the control planes share it",
    ))
}

fn endpoint(document: &BootstrapContract) -> Option<Breach> {
    let cluster = &document.cluster;
    let host = cluster.endpoint.strip_prefix("https://")?;
    let host = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let wrong = match &cluster.vip {
        Some(vip) if host != vip && host.parse::<Ipv4Addr>().is_ok() => {
            format!("does not lead to the VIP `{vip}`")
        }
        _ => {
            let worker = document
                .of_role(Role::Worker)
                .find(|node| node.address == host)?;
            format!("leads to the worker `{}`", worker.name)
        }
    };
    Some(breach(
        Rule::Endpoint,
        "/cluster/endpoint",
        format!("`{}` {wrong}", cluster.endpoint),
        "name the VIP, a load balancer or a control plane",
    ))
}
