//! talhelper's `talconfig.yaml`, of its version 3.
//!
//! `talosImageURL` is the contract's installer, so that no request to the factory decides it; `schematic` says what is in
//! it wherever that is known. talhelper itself turns interfaces into the documents of each Talos version.

use super::yaml::{self, Entry, Yaml, entry, texts};
use crate::handoff::document::{AssignedBy, BootstrapContract, ClusterFacts, NodeFacts};
use crate::topology::Role;

pub(super) fn text(document: &BootstrapContract) -> String {
    let cluster = &document.cluster;
    let nodes = document.nodes.iter().map(|it| node(it, cluster).into());
    let config = Yaml::from(vec![
        entry("clusterName", cluster.name.as_str()),
        entry("talosVersion", cluster.talos_version.as_str()),
        entry("kubernetesVersion", cluster.kubernetes_version.as_str()),
        entry("endpoint", cluster.endpoint.as_str()),
        entry("clusterPodNets", texts(&cluster.pod_cidrs)),
        entry("clusterSvcNets", texts(&cluster.service_cidrs)),
        entry("nodes", Yaml::List(nodes.collect())),
    ]);
    format!(
        "# talhelper configuration of the Talos bootstrap contract {}. Own settings belong into patches of the groups\n\
         # `controlPlane` and `worker`; run `talosctl bootstrap` on {} only, once ever.\n{}",
        document.schema_version,
        cluster.bootstrap_node,
        yaml::text(&config)
    )
}

fn node(node: &NodeFacts, cluster: &ClusterFacts) -> Vec<Entry> {
    let mut entries = vec![
        entry("hostname", node.name.as_str()),
        entry("ipAddress", node.address.as_str()),
        entry("controlPlane", node.role == Role::Controlplane),
        entry("installDisk", node.install_disk.path.as_str()),
        entry("talosImageURL", without_tag(&node.image.installer)),
    ];
    entries.extend(schematic(node));
    entries.push(entry("machineSpec", machine_spec(node)));
    if !cluster.nameservers.is_empty() {
        entries.push(entry("nameservers", texts(&cluster.nameservers)));
    }
    let interface = interface(node, vip_of(node, cluster));
    entries.push(entry(
        "networkInterfaces",
        Yaml::List(vec![interface.into()]),
    ));
    entries.extend(kernel_modules(node));
    entries
}

/// talhelper adds the tag itself, from `talosVersion`.
fn without_tag(installer: &str) -> &str {
    installer
        .rsplit_once(':')
        .map_or(installer, |(name, _)| name)
}

fn schematic(node: &NodeFacts) -> Option<Entry> {
    let extensions = node.image.extensions.as_ref().filter(|it| !it.is_empty())?;
    let official = vec![entry("officialExtensions", texts(extensions))];
    let customization = vec![entry("systemExtensions", official)];
    Some(entry(
        "schematic",
        vec![entry("customization", customization)],
    ))
}

fn machine_spec(node: &NodeFacts) -> Vec<Entry> {
    let method = match node.image.boot.as_str() {
        "disk_image" => "disk-image",
        other => other,
    };
    vec![
        entry("mode", node.image.platform.as_str()),
        entry("arch", node.image.arch.as_str()),
        entry("secureboot", node.image.secure_boot),
        entry("bootMethod", method),
    ]
}

/// Only control planes may have the VIP: Talos rejects a worker with one.
pub(super) fn vip_of<'a>(node: &NodeFacts, cluster: &'a ClusterFacts) -> Option<&'a str> {
    match node.role {
        Role::Controlplane => cluster.vip.as_deref(),
        Role::Worker => None,
    }
}

/// One network card in the form of `machine.network.interfaces`. Found by its MAC address, so that no platform's way of
/// naming cards matters.
pub(super) fn interface(node: &NodeFacts, vip: Option<&str>) -> Vec<Entry> {
    let selector = vec![entry("hardwareAddr", node.hardware_address())];
    let mut entries = vec![entry("deviceSelector", selector)];
    match node.assigned_by {
        AssignedBy::DhcpReservation => entries.push(entry("dhcp", true)),
        AssignedBy::CloudInit => {
            entries.push(entry("dhcp", false));
            entries.push(entry("addresses", texts(&[node.interface_address()])));
            entries.extend(node.gateway.as_deref().map(default_route));
        }
    }
    entries.extend(vip.map(|vip| entry("vip", vec![entry("ip", vip)])));
    entries
}

fn default_route(gateway: &str) -> Entry {
    let route = vec![entry("network", "0.0.0.0/0"), entry("gateway", gateway)];
    entry("routes", Yaml::List(vec![route.into()]))
}

fn kernel_modules(node: &NodeFacts) -> Option<Entry> {
    let gpu = node.gpu.as_ref()?;
    let modules = gpu.vendor?.kernel_modules();
    let named = |name: &&str| Yaml::from(vec![entry("name", *name)]);
    (!modules.is_empty()).then(|| {
        entry(
            "kernelModules",
            Yaml::List(modules.iter().map(named).collect()),
        )
    })
}
