//! The PCI devices of a node.

use std::collections::BTreeMap;

use crate::path::Path;
use crate::topology::Gpu;
use crate::topology::roster::Draft;
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
