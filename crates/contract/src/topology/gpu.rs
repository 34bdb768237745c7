//! The PCI devices of a node.

use std::collections::BTreeMap;

use crate::path::Path;
use crate::topology::roster::Draft;
use crate::topology::{Gpu, Node};
use crate::value::Value;

/// One entry of `gpus`, and where it stands.
pub(super) struct Device {
    pub(super) place: Path,
    pub(super) gpu: Gpu,
}

/// The `gpus` of a node that the shorthand list makes.
pub(super) fn by_address(bdf: &str) -> Value {
    let entry = BTreeMap::from([("bdf".to_owned(), Value::from(bdf))]);
    Value::List(vec![Value::Map(entry)])
}

pub(super) fn devices(draft: &Draft) -> Vec<Device> {
    let list = draft
        .options
        .get("gpus")
        .and_then(Value::as_list)
        .unwrap_or_default();
    let shorthand = draft.source.input == "gpu_worker_pci_bdfs";
    list.iter()
        .enumerate()
        .map(|(index, entry)| {
            let place = draft.place("gpus");
            let from_shorthand = shorthand && place.input == draft.source.input;
            Device {
                place: if from_shorthand {
                    draft.source.clone()
                } else {
                    place.index(index)
                },
                gpu: Gpu {
                    bdf: text(entry, "bdf"),
                    mapping: text(entry, "mapping"),
                },
            }
        })
        .collect()
}

/// The devices of a node, each with a mapping: one that is given by address gets a name of its own.
pub(super) fn named(draft: &Draft) -> Vec<Gpu> {
    let own = |(index, device): (usize, &Device)| Gpu {
        bdf: device.gpu.bdf.clone(),
        mapping: match &device.gpu.bdf {
            Some(_) => Some(mapping_id(&draft.name, index)),
            None => device.gpu.mapping.clone(),
        },
    };
    draft.devices.iter().enumerate().map(own).collect()
}

/// A mapping's name starts with a letter, which a DNS label need not; `_` is in no node's name, so that the second
/// device of one node never meets the first of another.
fn mapping_id(node: &str, index: usize) -> String {
    let letter = node.starts_with(|first: char| first.is_ascii_alphabetic());
    let prefix = if letter { "" } else { "gpu-" };
    match index {
        0 => format!("{prefix}{node}"),
        _ => format!("{prefix}{node}_{}", index + 1),
    }
}

/// The mappings that are made for the devices of these nodes, by name.
pub(super) fn mappings(nodes: &[Node]) -> BTreeMap<String, Value> {
    let mapping = |node: &Node, bdf: &str| {
        Value::Map(BTreeMap::from([
            ("node".to_owned(), Value::from(node.node.as_str())),
            ("bdf".to_owned(), Value::from(bdf)),
            ("vm".to_owned(), Value::from(node.name.as_str())),
        ]))
    };
    let by_address = |gpu: &Gpu| gpu.mapping.clone().zip(gpu.bdf.clone());
    nodes
        .iter()
        .flat_map(|node| node.gpus.iter().map(move |gpu| (node, gpu)))
        .filter_map(|(node, gpu)| {
            let (id, bdf) = by_address(gpu)?;
            Some((id, mapping(node, &bdf)))
        })
        .collect()
}

fn text(entry: &Value, attribute: &str) -> Option<String> {
    entry.as_map()?.get(attribute)?.as_str().map(str::to_owned)
}

/// Domain, bus and device of a PCI address, and its function if it names one.
pub(super) fn split(bdf: &str) -> (&str, Option<&str>) {
    match bdf.split_once('.') {
        Some((device, function)) => (device, Some(function)),
        None => (bdf, None),
    }
}
