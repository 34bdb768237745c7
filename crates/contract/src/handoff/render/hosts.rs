//! Lines for `/etc/hosts`. The VIP has none: it is no node, and answers only after the bootstrap.

use crate::handoff::document::BootstrapContract;

pub(super) fn text(document: &BootstrapContract) -> String {
    let lines = document
        .nodes
        .iter()
        .map(|node| format!("{}\t{}\n", node.address, node.name));
    let head = format!("# Nodes of {}\n", document.cluster.name);
    std::iter::once(head).chain(lines).collect()
}
