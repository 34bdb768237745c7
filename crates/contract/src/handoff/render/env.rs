//! Assignments for a POSIX shell: `. ./cluster.env`.
//!
//! Every name is always there, empty where there is nothing, so that scripts can run under `set -u`.

use super::shell::quoted;
use crate::handoff::document::{BootstrapContract, NodeFacts};
use crate::topology::Role;

pub(super) fn text(document: &BootstrapContract) -> String {
    let cluster = &document.cluster;
    let bootstrap = document.bootstrap_node();
    let assignments = [
        ("TALOS_CLUSTER_NAME", cluster.name.clone()),
        ("TALOS_CLUSTER_ENDPOINT", cluster.endpoint.clone()),
        ("TALOS_CLUSTER_VIP", cluster.vip.clone().unwrap_or_default()),
        ("TALOS_VERSION", cluster.talos_version.clone()),
        ("KUBERNETES_VERSION", cluster.kubernetes_version.clone()),
        ("TALOS_POD_CIDRS", cluster.pod_cidrs.join(",")),
        ("TALOS_SERVICE_CIDRS", cluster.service_cidrs.join(",")),
        ("TALOS_BOOTSTRAP_NODE", cluster.bootstrap_node.clone()),
        (
            "TALOS_BOOTSTRAP_ADDRESS",
            bootstrap
                .map(|node| node.address.clone())
                .unwrap_or_default(),
        ),
        (
            "TALOS_CONTROL_PLANE_NODES",
            addresses(document.of_role(Role::Controlplane)),
        ),
        (
            "TALOS_WORKER_NODES",
            addresses(document.of_role(Role::Worker)),
        ),
    ];
    let lines = assignments.map(|(name, value)| format!("{name}={}\n", quoted(&value)));
    format!(
        "# Of the Talos bootstrap contract {}. Lists are separated by commas, as talosctl takes them.\n{}",
        document.schema_version,
        lines.concat()
    )
}

/// The addresses, as one argument of talosctl.
pub(super) fn addresses<'a>(nodes: impl Iterator<Item = &'a NodeFacts>) -> String {
    let addresses: Vec<&str> = nodes.map(|node| node.address.as_str()).collect();
    addresses.join(",")
}
