//! PCI passthrough at start: which functions a machine gets, and why not.

use std::collections::BTreeMap;

use crate::fail::{ApiError, Fail, Result, die};
use crate::schema::Properties;
use crate::world::{PciMapping, World};

/// The functions of one alternative of a `hostpciN`.
type Functions = Vec<String>;

/// The PCI functions a machine's start takes; everything that speaks against it is an error.
pub(super) fn assign(world: &mut World, task: usize, vmid: u32) -> Result<Vec<String>> {
    let options: Vec<(String, String)> = (0..16)
        .map(|number| format!("hostpci{number}"))
        .filter_map(|key| {
            let value = world.vm(vmid)?.config.get(&key)?.to_owned();
            Some((key, value))
        })
        .collect();
    if options.is_empty() {
        return Ok(Vec::new());
    }
    let mut wanted = Vec::new();
    for (key, value) in options {
        let properties = world.properties("hostpci", &value);
        match alternatives(world, &properties) {
            Ok(found) => wanted.push((key, properties, found)),
            Err(fail) => return Err(logged(world, task, fail)),
        }
    }
    let taken = taken(world, vmid);
    let chosen = choose(&wanted, &taken)?;
    check_machine(
        world,
        vmid,
        wanted.iter().map(|(_, properties, _)| properties),
    )?;
    if let Some((id, owner)) = chosen.iter().find_map(|id| Some((id, taken.get(id)?))) {
        return Err(die(format!(
            "PCI device '{id}' already in use by VMID '{owner}'"
        )));
    }
    if !world.host.iommu {
        return Err(die("cannot prepare PCI pass-through, IOMMU not present"));
    }
    Ok(chosen)
}

/// What is wrong with the option itself is also printed before it ends the task, since 9.x.
fn logged(world: &mut World, task: usize, fail: Fail) -> Fail {
    if let Fail::Error(ApiError { text, .. }) = &fail
        && world.version.is_9()
    {
        text.split('\n').for_each(|line| world.log(task, line));
    }
    fail
}

fn alternatives(world: &World, properties: &Properties) -> Result<Vec<Functions>> {
    match (properties.get("host"), properties.get("mapping")) {
        (Some(_), Some(_)) => Err(die("Cannot set both 'host' and 'mapping'.")),
        (Some(host), None) => {
            let functions: Result<Vec<Functions>> =
                host.split(';').map(|id| functions(world, id)).collect();
            Ok(vec![functions?.concat()])
        }
        (None, Some(id)) => mapped(world, id),
        (None, None) => Err(die("either 'host' or 'mapping' must be set.")),
    }
}

/// All functions of a device when none is named.
fn functions(world: &World, id: &str) -> Result<Functions> {
    let full = if id.matches(':').count() == 1 {
        format!("0000:{id}")
    } else {
        id.to_owned()
    };
    let fits = |known: &str| {
        known == full || (!full.contains('.') && known.starts_with(&format!("{full}.")))
    };
    let found: Functions = world
        .pci_devices
        .iter()
        .map(|d| d.id.clone())
        .filter(|id| fits(id))
        .collect();
    if found.is_empty() {
        return Err(die(format!("no PCI device found for '{id}'")));
    }
    Ok(found)
}

fn mapped(world: &World, id: &str) -> Result<Vec<Functions>> {
    let Some(mapping) = world.pci_mappings.get(id) else {
        return Err(die(format!("PCI device mapping not found for '{id}'")));
    };
    let entries = mapping.on_node(world);
    if let Some(problem) = entries
        .iter()
        .find_map(|entry| world.mapping_problem(id, entry))
    {
        // The text keeps its own line end and gets another one.
        let text = format!("PCI device mapping invalid (hardware probably changed): {problem}\n");
        return Err(die(text));
    }
    entries
        .iter()
        .map(|entry| {
            let path = entry.get("path").map_or("", String::as_str);
            path.split(';')
                .map(|id| functions(world, id))
                .collect::<Result<Vec<_>>>()
        })
        .map(|found| found.map(|lists| lists.concat()))
        .collect()
}

/// Functions that running machines have, and whose they are.
fn taken(world: &World, vmid: u32) -> BTreeMap<String, u32> {
    world
        .vms
        .iter()
        .filter(|(other, _)| **other != vmid)
        .filter_map(|(other, vm)| Some((other, vm.process.as_ref()?)))
        .flat_map(|(other, process)| process.pci.iter().map(move |id| (id.clone(), *other)))
        .collect()
}

fn choose(
    wanted: &[(String, Properties, Vec<Functions>)],
    taken: &BTreeMap<String, u32>,
) -> Result<Vec<String>> {
    let mut chosen: Vec<String> = Vec::new();
    for (_, _, alternatives) in wanted.iter().filter(|(_, _, a)| a.len() == 1) {
        for id in alternatives.iter().flatten() {
            if chosen.contains(id) {
                return Err(die(format!("device '{id}' assigned more than once")));
            }
            chosen.push(id.clone());
        }
    }
    for (key, _, alternatives) in wanted.iter().filter(|(_, _, a)| a.len() != 1) {
        let free = alternatives.iter().find(|functions| {
            functions
                .iter()
                .all(|id| !taken.contains_key(id) && !chosen.contains(id))
        });
        match free {
            Some(functions) => chosen.extend(functions.iter().cloned()),
            None => return Err(die(format!("could not find a free device for '{key}'"))),
        }
    }
    Ok(chosen)
}

fn check_machine<'a>(
    world: &World,
    vmid: u32,
    mut devices: impl Iterator<Item = &'a Properties>,
) -> Result<()> {
    let machine = world
        .require_vm(vmid)?
        .config
        .get("machine")
        .unwrap_or_default();
    let wants_pcie = devices.any(|device| device.get("pcie").is_some_and(|flag| flag == "1"));
    if wants_pcie && !machine.contains("q35") {
        let text = "q35 machine model is not enabled \
                    at /usr/share/perl5/PVE/QemuServer/PCI.pm line 510.";
        return Err(die(text));
    }
    Ok(())
}

impl PciMapping {
    /// The alternatives that are on this node.
    pub(crate) fn on_node(&self, world: &World) -> Vec<Properties> {
        self.map
            .iter()
            .map(|entry| world.properties("pci-map", entry))
            .filter(|entry| entry.get("node").is_some_and(|node| *node == world.node))
            .collect()
    }
}

impl World {
    /// What does not fit between an alternative of a mapping and the host.
    pub(crate) fn mapping_problem(&self, id: &str, entry: &Properties) -> Option<String> {
        let path = entry.get("path")?;
        let first = path.split(';').next().unwrap_or_default();
        let named = if first.contains('.') {
            first.to_owned()
        } else {
            format!("{first}.0")
        };
        let Some(device) = self.pci_devices.iter().find(|device| device.id == named) else {
            return Some(format!("pci device '{first}' not found"));
        };
        let group = (device.iommugroup >= 0).then(|| device.iommugroup.to_string());
        let real = [
            ("id", Some(device.short_id())),
            ("iommugroup", group),
            ("subsystem-id", device.short_subsystem()),
        ];
        real.into_iter()
            .find_map(|(key, real)| match (entry.get(key), real) {
                (None, None) => None,
                (Some(_), None) => Some(format!(
                    "unexpected property '{key}' configured for device '{first}'"
                )),
                (None, Some(_)) => Some(format!("missing expected property '{key}'")),
                (Some(said), Some(real)) if *said == real => None,
                (Some(said), Some(real)) => Some(format!(
                    "'{key}' does not match for '{id}' ({real} != {said})"
                )),
            })
    }
}
