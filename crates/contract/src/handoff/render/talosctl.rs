//! A POSIX shell script around `talosctl`: from nodes in maintenance mode to a cluster.
//!
//! Secrets are made where the script runs and are in none of its text. One configuration is generated per class of nodes (role
//! and installer), so that talosctl itself writes disk and installer in the form of its version; what belongs to one
//! node is a patch.

use super::env::addresses;
use super::patches;
use super::shell::word;
use crate::handoff::document::{BootstrapContract, NodeFacts};
use crate::topology::Role;

pub(super) fn text(document: &BootstrapContract) -> String {
    [
        head(document),
        config(document),
        apply(document),
        bootstrap(document),
        kubeconfig(document),
        health(document),
        TAIL.to_owned(),
    ]
    .join("\n")
}

fn head(document: &BootstrapContract) -> String {
    let cluster = &document.cluster;
    format!(
        r"#!/bin/sh
# From fresh nodes to the cluster {name}: Talos {talos}, Kubernetes {kubernetes}.
#
# Without arguments it runs all its steps in order: config, apply, bootstrap, kubeconfig, health. Any of them can be
# given as arguments instead, `sh bootstrap.sh config apply` for one. Run it in a directory of its own and keep that
# private: secrets.yaml, talosconfig and the configurations that it writes there are the keys of the cluster.
# talosctl has to be of Talos {talos} or newer.
set -eu
umask 077

TALOSCONFIG=./talosconfig
export TALOSCONFIG
",
        name = cluster.name,
        talos = cluster.talos_version,
        kubernetes = cluster.kubernetes_version,
    )
}

fn config(document: &BootstrapContract) -> String {
    let cluster = &document.cluster;
    let classes = Class::all(document);
    let generated: String = classes.iter().map(Class::generate).collect();
    let patched: String = document
        .nodes
        .iter()
        .map(|node| patch_node(document, node, class_of(&classes, node)))
        .collect();
    format!(
        r#"# The cluster's secrets once, then a configuration for each class of nodes and a patched one for each node.
config() {{
  mkdir -p nodes
  [ -e secrets.yaml ] || talosctl gen secrets --output-file secrets.yaml --talos-version {talos}
  cat > cluster.patch.yaml <<'PATCH'
{cluster_patch}PATCH
{generated}  generate talosconfig talosconfig
  # Control planes only, and never the VIP: it answers only while etcd has a quorum.
  talosctl config endpoint {endpoints}
  talosctl config node {bootstrap}
{patched}}}

# generate TYPE FILE [OPTION...]
generate() {{
  type=$1 file=$2
  shift 2
  talosctl gen config {name} {endpoint} --with-secrets secrets.yaml \
    --talos-version {talos} --kubernetes-version {kubernetes} --config-patch @cluster.patch.yaml \
    --with-docs=false --with-examples=false --force --output-types "$type" --output "$file" "$@"
}}
"#,
        name = word(&cluster.name),
        endpoint = word(&cluster.endpoint),
        talos = word(&cluster.talos_version),
        kubernetes = word(cluster.kubernetes_version.trim_start_matches('v')),
        cluster_patch = patches::cluster(document),
        endpoints = addresses(document.of_role(Role::Controlplane)).replace(',', " "),
        bootstrap = bootstrap_address(document),
    )
}

/// Nodes that share role, disk and installer.
struct Class<'a> {
    name: String,
    role: Role,
    disk: &'a str,
    installer: &'a str,
}

impl<'a> Class<'a> {
    /// In the order of their first nodes.
    fn all(document: &'a BootstrapContract) -> Vec<Self> {
        let mut classes: Vec<Self> = Vec::new();
        for node in &document.nodes {
            if !classes.iter().any(|class| class.has(node)) {
                let name = free_name(&classes, node);
                classes.push(Self {
                    name,
                    role: node.role,
                    disk: &node.install_disk.path,
                    installer: &node.image.installer,
                });
            }
        }
        classes
    }

    fn has(&self, node: &NodeFacts) -> bool {
        self.role == node.role
            && self.disk == node.install_disk.path
            && self.installer == node.image.installer
    }

    fn generate(&self) -> String {
        format!(
            "  generate {} {}.yaml --install-disk {} --install-image {}\n",
            role_word(self.role),
            self.name,
            word(self.disk),
            word(self.installer)
        )
    }
}

fn free_name(taken: &[Class<'_>], node: &NodeFacts) -> String {
    let gpu = if node.gpu.is_some() { "-gpu" } else { "" };
    let base = format!("{}{gpu}", role_word(node.role));
    let is_free = |name: &String| taken.iter().all(|class| class.name != *name);
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let mut names = std::iter::once(base.clone()).chain(numbered);
    names.find(is_free).unwrap_or(base)
}

fn class_of<'a>(classes: &'a [Class<'_>], node: &NodeFacts) -> &'a str {
    let class = classes.iter().find(|class| class.has(node));
    class.map_or("worker", |class| class.name.as_str())
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Controlplane => "controlplane",
        Role::Worker => "worker",
    }
}

fn patch_node(document: &BootstrapContract, node: &NodeFacts, class: &str) -> String {
    format!(
        "\n  cat > nodes/{name}.patch.yaml <<'PATCH'\n{patch}PATCH\n  talosctl machineconfig patch {class}.yaml --patch @nodes/{name}.patch.yaml --output nodes/{name}.yaml\n",
        name = word(&node.name),
        patch = patches::node(document, node),
    )
}

fn apply(document: &BootstrapContract) -> String {
    let line = |node: &NodeFacts| {
        format!(
            "  talosctl apply-config --insecure --nodes {} --file nodes/{}.yaml
",
            word(&node.address),
            word(&node.name)
        )
    };
    let lines = document.nodes.iter().map(line).collect::<Vec<_>>().concat();
    format!(
        "# In maintenance mode a node has a certificate of its own making, so the first contact is --insecure. Compare the\n\
         # fingerprint on the node's console where the network is not trusted.\napply() {{\n{lines}}}\n"
    )
}

fn bootstrap(document: &BootstrapContract) -> String {
    format!(
        "# Once ever, and on this one node only: a second bootstrap makes a second etcd.\n\
         bootstrap() {{\n  tries=0\n  until talosctl --nodes {address} --endpoints {address} version > /dev/null 2>&1; do\n    \
         tries=$((tries + 1))\n    [ \"$tries\" -lt 60 ] || {{ echo {give_up} >&2; return 1; }}\n    sleep 5\n  done\n  \
         talosctl bootstrap --nodes {address} --endpoints {address}\n}}\n",
        address = bootstrap_address(document),
        give_up = super::shell::quoted(&format!(
            "{} does not answer with the new configuration after 5 minutes",
            document.cluster.bootstrap_node
        )),
    )
}

fn kubeconfig(document: &BootstrapContract) -> String {
    format!(
        "kubeconfig() {{\n  talosctl kubeconfig ./kubeconfig --force --nodes {address} --endpoints {address}\n}}\n",
        address = bootstrap_address(document),
    )
}

fn health(document: &BootstrapContract) -> String {
    let workers = addresses(document.of_role(Role::Worker));
    let workers = if workers.is_empty() {
        String::new()
    } else {
        format!(" \\\n    --worker-nodes {}", word(&workers))
    };
    format!(
        "health() {{\n  talosctl health --nodes {address} --endpoints {address} --wait-timeout 20m \\\n    \
         --control-plane-nodes {control_planes}{workers}\n}}\n",
        address = bootstrap_address(document),
        control_planes = word(&addresses(document.of_role(Role::Controlplane))),
    )
}

fn bootstrap_address(document: &BootstrapContract) -> String {
    let address = document.bootstrap_node().map(|node| node.address.as_str());
    word(address.unwrap_or_default())
}

const TAIL: &str = r#"[ $# -gt 0 ] || set -- config apply bootstrap kubeconfig health
for step in "$@"; do
  case $step in
    config | apply | bootstrap | kubeconfig | health) ;;
    *) echo "no such step: $step" >&2; exit 2 ;;
  esac
done
for step in "$@"; do
  echo "== $step" >&2
  "$step"
done
"#;
