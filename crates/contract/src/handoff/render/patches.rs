//! Patches of the machine configuration, in the form of the cluster's Talos minor.
//!
//! Network settings became documents of their own with Talos 1.12, Kubernetes' networks and kernel modules with 1.14
//! (`pkg/machinery/config/contract.go`). A newer minor than any known gets the newest form.

use super::talconfig::{interface, vip_of};
use super::yaml::{self, Entry, Yaml, entry, texts};
use crate::handoff::Vendor;
use crate::handoff::document::{AssignedBy, BootstrapContract, ClusterFacts, NodeFacts};

/// First minor with `HostnameConfig`, `LinkConfig`, `Layer2VIPConfig` and their like.
const NETWORK_DOCUMENTS: u64 = 12;

/// First minor with `KubeNetworkConfig` and `KernelModuleConfig`.
const KUBERNETES_DOCUMENTS: u64 = 14;

/// Name that a network card gets where the platform's own name cannot be known.
const ALIAS: &str = "net0";

/// What all nodes get: the cluster's networks.
pub fn cluster(document: &BootstrapContract) -> String {
    let cluster = &document.cluster;
    let subnets = vec![
        entry("podSubnets", texts(&cluster.pod_cidrs)),
        entry("serviceSubnets", texts(&cluster.service_cidrs)),
    ];
    let patch = if cluster.talos_minor() >= KUBERNETES_DOCUMENTS {
        kind("KubeNetworkConfig", subnets)
    } else {
        vec![entry("cluster", vec![entry("network", subnets)])].into()
    };
    yaml::text(&patch)
}

/// What one node gets: its name, its address, the VIP, its kernel modules.
pub fn node(document: &BootstrapContract, node: &NodeFacts) -> String {
    let cluster = &document.cluster;
    let mut patches = kernel_modules(node, cluster.talos_minor());
    if cluster.talos_minor() >= NETWORK_DOCUMENTS {
        patches.extend(network_documents(node, cluster));
    } else {
        patches.push(machine_network(node, cluster));
    }
    yaml::documents(&patches)
}

/// A document of its own kind.
fn kind(kind: &str, entries: Vec<Entry>) -> Yaml {
    let mut document = vec![entry("apiVersion", "v1alpha1"), entry("kind", kind)];
    document.extend(entries);
    document.into()
}

fn machine_network(node: &NodeFacts, cluster: &ClusterFacts) -> Yaml {
    let interface = interface(node, vip_of(node, cluster));
    let mut network = vec![
        entry("hostname", node.name.as_str()),
        entry("interfaces", Yaml::List(vec![interface.into()])),
    ];
    if !cluster.nameservers.is_empty() {
        network.push(entry("nameservers", texts(&cluster.nameservers)));
    }
    vec![entry("machine", vec![entry("network", network)])].into()
}

fn network_documents(node: &NodeFacts, cluster: &ClusterFacts) -> Vec<Yaml> {
    let link = node.link.as_deref().unwrap_or(ALIAS);
    let mut documents = vec![hostname(node)];
    if node.link.is_none() {
        documents.push(alias(node));
    }
    documents.push(match node.assigned_by {
        AssignedBy::CloudInit => static_address(node, link),
        AssignedBy::DhcpReservation => dhcp(link),
    });
    if !cluster.nameservers.is_empty() {
        documents.push(resolver(&cluster.nameservers));
    }
    documents.extend(vip_of(node, cluster).map(|vip| vip_document(vip, link)));
    documents
}

/// The generated configuration says `auto: stable`, and a name beside that is refused (siderolabs/talos#12541).
fn hostname(node: &NodeFacts) -> Yaml {
    let entries = vec![
        entry("hostname", node.name.as_str()),
        entry("auto", "off").because("Quoted: a bare word would be read as false."),
    ];
    kind("HostnameConfig", entries)
}

/// Predictable names depend on the PCI slot; the MAC address is known.
fn alias(node: &NodeFacts) -> Yaml {
    let matches = format!(
        "mac(link.permanent_addr) == \"{}\"",
        node.hardware_address()
    );
    let selector = vec![entry("match", matches)];
    kind(
        "LinkAliasConfig",
        vec![entry("name", ALIAS), entry("selector", selector)],
    )
}

/// The same address that the cloud-init drive says: Talos adds up layers, and equal addresses are one.
fn static_address(node: &NodeFacts, link: &str) -> Yaml {
    let address = vec![entry("address", node.interface_address())];
    let mut entries = vec![
        entry("name", link),
        entry("addresses", Yaml::List(vec![address.into()])),
    ];
    if let Some(gateway) = node.gateway.as_deref() {
        let route = vec![entry("gateway", gateway)];
        entries.push(entry("routes", Yaml::List(vec![route.into()])));
    }
    kind("LinkConfig", entries)
}

/// Said outright: a card that the configuration names elsewhere gets no DHCP by default.
fn dhcp(link: &str) -> Yaml {
    kind(
        "DHCPv4Config",
        vec![entry("name", link), entry("clientIdentifier", "mac")],
    )
}

fn resolver(nameservers: &[String]) -> Yaml {
    let addresses = nameservers
        .iter()
        .map(|address| vec![entry("address", address.as_str())].into());
    kind(
        "ResolverConfig",
        vec![entry("nameservers", Yaml::List(addresses.collect()))],
    )
}

fn vip_document(vip: &str, link: &str) -> Yaml {
    kind(
        "Layer2VIPConfig",
        vec![entry("name", vip), entry("link", link)],
    )
}

fn kernel_modules(node: &NodeFacts, minor: u64) -> Vec<Yaml> {
    let vendor = node.gpu.as_ref().and_then(|gpu| gpu.vendor);
    let modules = vendor.map(Vendor::kernel_modules).unwrap_or_default();
    let named = |name: &&str| vec![entry("name", *name)];
    if modules.is_empty() {
        return Vec::new();
    }
    if minor >= KUBERNETES_DOCUMENTS {
        let document = |name| kind("KernelModuleConfig", named(name));
        return modules.iter().map(document).collect();
    }
    let modules = Yaml::List(modules.iter().map(|name| named(name).into()).collect());
    let kernel = vec![entry("kernel", vec![entry("modules", modules)])];
    vec![vec![entry("machine", kernel)].into()]
}
