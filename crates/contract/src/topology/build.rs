//! From drafts without faults to nodes: every setting filled in from the node, its role or the environment.

use core::net::Ipv4Addr;

use ipnet::Ipv4Net;

use crate::finding::Finding;
use crate::reading::{Reading, as_text};
use crate::releases;
use crate::topology::gpu;
use crate::topology::roster::{Draft, Group};
use crate::topology::{Cluster, Node, Role, Topology};
use crate::value::Value;

/// Port of the Kubernetes API.
const API_PORT: u16 = 6443;

/// `None` only where an input cannot be used, which the caller has ruled out.
pub(super) fn topology(
    drafts: &[Draft],
    reading: &Reading<'_>,
    findings: Vec<Finding>,
) -> Option<Topology> {
    let net = reading.network("cluster_network_cidr")?;
    let nodes: Option<Vec<Node>> = drafts
        .iter()
        .map(|draft| node(draft, net, reading))
        .collect();
    let nodes = nodes?;
    let cluster = cluster(&nodes, net, reading)?;
    Some(Topology {
        nodes,
        cluster,
        findings,
    })
}

fn node(draft: &Draft, net: Ipv4Net, reading: &Reading<'_>) -> Option<Node> {
    let defaults = Defaults::of(draft.group);
    let text = |attribute, input| draft.text(attribute).or_else(|| reading.text(input));
    let whole = |attribute, input| draft.whole(attribute).or_else(|| reading.whole(input));
    let flag = |attribute| match draft.options.get(attribute) {
        Some(Value::Bool(flag)) => Some(*flag),
        _ => None,
    };
    Some(Node {
        name: draft.name.clone(),
        role: defaults.role,
        group: draft.group,
        slot: draft.slot,
        vmid: draft.vmid?,
        node: text("node", "node")?,
        template: template(draft, reading)?,
        clone: text("clone_mode", "clone_mode")?,
        pool: text("pool", "proxmox_pool"),
        cores: whole("cores", defaults.cores)?,
        memory: whole("memory_mb", defaults.memory_mb)?,
        cpu_type: text("cpu_type", "cpu_type")?,
        machine: "q35".to_owned(),
        bios: draft.text("bios"),
        disk_gb: whole("disk_gb", defaults.disk_gb)?,
        storage: text("disk_pool", "disk_pool")?,
        bridge: text("network_bridge", "network_bridge")?,
        vlan: whole("network_vlan", "network_vlan"),
        mac: draft.mac.clone(),
        uuid: draft.uuid.clone(),
        address: draft.address?.to_string(),
        prefix_length: net.prefix_len(),
        gateway: reading.text("network_gateway"),
        nameservers: reading.texts("nameservers"),
        address_mode: reading.text("address_mode")?,
        gpus: gpu::named(draft),
        tags: tags(draft, defaults.tag, reading)?,
        onboot: flag("onboot").unwrap_or(true),
        startup_order: draft.whole("startup_order"),
        protection: flag("protection").unwrap_or(false),
        talos_version: releases::with_v(&reading.version("talos_version")?),
    })
}

/// What a node is without settings of its own: the inputs of its role.
struct Defaults {
    role: Role,
    tag: &'static str,
    template: &'static str,
    cores: &'static str,
    memory_mb: &'static str,
    disk_gb: &'static str,
}

impl Defaults {
    fn of(group: Group) -> Self {
        match group {
            Group::ControlPlane => Self {
                role: Role::Controlplane,
                tag: "control-plane",
                template: "control_plane_template",
                cores: "control_plane_cores",
                memory_mb: "control_plane_memory_mb",
                disk_gb: "control_plane_disk_gb",
            },
            Group::Workers => Self {
                role: Role::Worker,
                tag: "worker",
                template: "worker_template",
                cores: "worker_cores",
                memory_mb: "worker_memory_mb",
                disk_gb: "worker_disk_gb",
            },
            Group::GpuWorkers => Self {
                role: Role::Worker,
                tag: "gpu-worker",
                template: "gpu_worker_template",
                cores: "gpu_worker_cores",
                memory_mb: "gpu_worker_memory_mb",
                disk_gb: "gpu_worker_disk_gb",
            },
        }
    }
}

/// The template of a node: a worker without one of its own or its role's is cloned from the control planes'.
pub(super) fn template(draft: &Draft, reading: &Reading<'_>) -> Option<String> {
    let own = draft
        .text("template")
        .or_else(|| reading.text(Defaults::of(draft.group).template));
    match draft.group {
        Group::ControlPlane | Group::GpuWorkers => own,
        Group::Workers => own.or_else(|| reading.text("control_plane_template")),
    }
}

/// Sorted and without doubles, as Proxmox stores them.
fn tags(draft: &Draft, role: &str, reading: &Reading<'_>) -> Option<Vec<String>> {
    let own = draft.options.get("tags").and_then(Value::as_list);
    let mut tags = match own {
        Some(tags) => tags.iter().filter_map(as_text).collect(),
        None => vec![
            "em-infra".to_owned(),
            reading.text("env_name")?,
            role.to_owned(),
        ],
    };
    tags.sort_unstable();
    tags.dedup();
    Some(tags)
}

fn cluster(nodes: &[Node], net: Ipv4Net, reading: &Reading<'_>) -> Option<Cluster> {
    let bootstrap = nodes.iter().find(|node| node.role == Role::Controlplane)?;
    let vip = reading
        .address("cluster_vip")
        .as_ref()
        .map(Ipv4Addr::to_string);
    let host = vip.as_ref().unwrap_or(&bootstrap.address);
    let talos = reading.version("talos_version")?;
    let brought = || releases::of(&talos).and_then(|release| release.brought.clone());
    let schematic_id = reading.text("talos_schematic_id")?;
    Some(Cluster {
        name: reading.text("env_name")?,
        endpoint: format!("https://{host}:{API_PORT}"),
        talos_version: releases::with_v(&talos),
        kubernetes_version: releases::with_v(
            &reading.version("kubernetes_version").or_else(brought)?,
        ),
        pod_cidrs: vec![reading.text("cluster_cidr")?],
        service_cidrs: vec![reading.text("service_cidr")?],
        node_cidr: net.to_string(),
        bootstrap_node: bootstrap.name.clone(),
        nameservers: reading.texts("nameservers"),
        platform: reading.text("talos_platform")?,
        gpu_schematic_id: reading
            .text("gpu_schematic_id")
            .unwrap_or_else(|| schematic_id.clone()),
        schematic_id,
        vip,
    })
}
