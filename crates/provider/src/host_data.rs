//! `eminfra_host`: what a node of the host offers, for configurations that choose by it.
//!
//! GET only, and every list is filtered by the privileges of the caller, as Proxmox does.

use std::sync::Arc;

use host::Unread;
use pve_api::pci::{PciDevice, PciMapping};
use pve_api::storage::Storage;
use pve_api::vm::VmSummary;
use pve_api::{NodeName, PciAddress};
use tf_plugin::{
    Attribute, DataSource, Diagnostic, Diagnostics, ReadDataRequest, ReadDataResponse, Schema,
    Type, ValidateRequest, Value,
};

use crate::session::{Run, Session};

/// The classes of display controllers and of processing accelerators.
const GPU_CLASSES: [&str; 2] = ["0x03", "0x12"];

/// The data source `eminfra_host`.
pub struct HostData {
    session: Arc<Session>,
}

impl HostData {
    /// The data source of a process.
    pub fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

impl DataSource for HostData {
    fn name(&self) -> String {
        "eminfra_host".to_owned()
    }

    fn schema(&self) -> Schema {
        let list = |name, attributes: &[(&str, Type)]| {
            let attributes = attributes.iter().cloned();
            Attribute::list(name, Type::object(attributes)).computed()
        };
        let text = || Type::String;
        Schema::new([
            Attribute::string("node")
                .describe("The node. May be left out where the host has one."),
            Attribute::string("version")
                .computed()
                .describe("The version of Proxmox VE."),
            list("nodes", &[("name", text()), ("online", Type::Bool)])
                .describe("The nodes of the cluster."),
            list("templates", &[("name", text()), ("vmid", Type::Number)])
                .describe("The templates of the node."),
            list(
                "storages",
                &[
                    ("name", text()),
                    ("type", text()),
                    ("takes_disks", Type::Bool),
                    ("available_gb", Type::Number),
                ],
            )
            .describe("The storages of the node that are switched on, with whole free GiB."),
            Attribute::list("bridges", Type::String)
                .computed()
                .describe("The bridges of the node."),
            list(
                "gpus",
                &[
                    ("bdf", text()),
                    ("name", text()),
                    ("iommu_group", Type::Number),
                    ("mapping", text()),
                ],
            )
            .describe(
                "Display controllers and accelerators of the node, each with its IOMMU group and the \
                 resource mapping that stands for it, if there is one. Null where the credentials may \
                 not see the hardware, which takes Sys.Audit on `/`.",
            ),
        ])
        .describe("What a node of the Proxmox VE host offers, as far as the credentials see it.")
    }

    async fn validate(&self, request: ValidateRequest) -> Result<Diagnostics, Diagnostics> {
        asked(&request.config)?;
        Ok(Diagnostics::new())
    }

    async fn read(&self, request: ReadDataRequest) -> Result<ReadDataResponse, Diagnostics> {
        let run = self.session.need_run()?;
        let node = node(&run, asked(&request.config)?).await?;
        Ok(ReadDataResponse::new(facts(&run, &node).await?))
    }
}

/// The node that the configuration names.
fn asked(config: &Value) -> Result<Option<NodeName>, Diagnostic> {
    let name = config.get("node").as_str();
    name.map(NodeName::new).transpose().map_err(|error| {
        Diagnostic::error("Invalid node")
            .detail(format!("{error}."))
            .at(tf_plugin::AttributePath::new("node"))
    })
}

async fn node(run: &Run, asked: Option<NodeName>) -> Result<NodeName, Diagnostic> {
    let nodes = fact(run, "list the nodes", run.facts.nodes().await)?;
    let names: Vec<String> = nodes.iter().map(|node| node.node.to_string()).collect();
    let unclear = |summary: String| {
        Diagnostic::error(summary)
            .detail(format!("Nodes of this host: {}.", names.join(", ")))
            .at(tf_plugin::AttributePath::new("node"))
    };
    match (asked, nodes.as_slice()) {
        (Some(asked), all) if all.iter().any(|node| node.node == asked) => Ok(asked),
        (Some(asked), _) => Err(unclear(format!("There is no node `{asked}`"))),
        (None, [only]) => Ok(only.node.clone()),
        (None, _) => Err(unclear("The host has several nodes: name one".to_owned())),
    }
}

async fn facts(run: &Run, node: &NodeName) -> Result<Value, Diagnostic> {
    let nodes = fact(run, "list the nodes", run.facts.nodes().await)?;
    let vms = fact(run, "list the VMs", run.facts.vms(node).await)?;
    let storages = fact(run, "list the storages", run.facts.storages(node).await)?;
    let bridges = fact(run, "list the bridges", run.facts.bridges(node).await)?;
    let nodes = nodes.iter().map(|node| {
        Value::object([("name", Value::from(node.node.as_str()))]).with("online", node.is_online())
    });
    let mut bridges: Vec<&str> = bridges.iter().map(|bridge| bridge.iface.as_str()).collect();
    bridges.sort_unstable();
    Ok(Value::object([
        ("node", Value::from(node.as_str())),
        ("version", Value::from(&run.version)),
        ("nodes", Value::list(nodes)),
        ("templates", templates(&vms)),
        ("storages", storages_of(&storages)),
        ("bridges", Value::list(bridges)),
        ("gpus", gpus(run, node).await?),
    ]))
}

fn fact<T>(run: &Run, what: &'static str, fact: host::Fact<T>) -> Result<Arc<T>, Diagnostic> {
    fact.map_err(|error| run.unread(&Unread { what, error }))
}

fn templates(vms: &[VmSummary]) -> Value {
    let mut templates: Vec<&VmSummary> = vms.iter().filter(|vm| vm.template).collect();
    templates.sort_by_key(|vm| vm.vmid);
    Value::list(templates.into_iter().map(|vm| {
        Value::object([
            ("name", Value::from(&vm.name)),
            ("vmid", vm.vmid.get().into()),
        ])
    }))
}

fn storages_of(storages: &[Storage]) -> Value {
    let mut usable: Vec<(&Storage, String)> = storages
        .iter()
        .filter(|storage| storage.enabled)
        .filter_map(|storage| Some((storage, storage.storage.as_ref()?.to_string())))
        .collect();
    usable.sort_by(|one, other| one.1.cmp(&other.1));
    Value::list(usable.into_iter().map(|(storage, name)| {
        Value::object([
            ("name", Value::from(name)),
            ("type", Value::from(&storage.kind)),
            ("takes_disks", storage.takes_images().into()),
            ("available_gb", (storage.avail >> 30).into()),
        ])
    }))
}

/// Null, not an empty list, where nobody may look: the two must not be mixed up.
async fn gpus(run: &Run, node: &NodeName) -> Result<Value, Diagnostic> {
    let devices = match run.facts.pci_devices(node).await {
        Err(error) if error.is_permission_denied() => return Ok(Value::Null),
        devices => fact(run, "list the PCI devices", devices)?,
    };
    let mappings = fact(run, "list the PCI mappings", run.facts.mappings().await)?;
    let is_gpu = |device: &&PciDevice| {
        GPU_CLASSES
            .iter()
            .any(|class| device.class.starts_with(class))
    };
    Ok(Value::list(devices.iter().filter(is_gpu).map(|device| {
        Value::object([
            ("bdf", Value::from(device.id.to_string())),
            ("name", device.device_name.clone().into()),
            ("iommu_group", device.iommu_group().into()),
            ("mapping", mapping_of(&mappings, node, device.id).into()),
        ])
    })))
}

fn mapping_of(mappings: &[PciMapping], node: &NodeName, address: PciAddress) -> Option<String> {
    let stands_for = |mapping: &&PciMapping| {
        let here = mapping.map.iter().filter(|device| device.node == *node);
        here.flat_map(|device| &device.path)
            .any(|path| path.overlaps(address))
    };
    let mapping = mappings.iter().find(stands_for)?;
    mapping.id.as_ref().map(ToString::to_string)
}
