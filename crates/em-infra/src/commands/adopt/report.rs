//! What is said about VMs that can become nodes.

use std::collections::BTreeMap;

use em_infra_core::adopt::{Adopted, Adoption, Inputs};
use serde::Serialize;
use vm::Difference;

use crate::ui::Ui;

/// The same for `--format json`. Fields are only ever added.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    host: &'a str,
    nodes: Vec<Vm<'a>>,
    /// All of the input, as the variable file has to give it.
    node_overrides: serde_json::Value,
    inputs_fit: bool,
    marked: bool,
}

#[derive(Serialize)]
struct Vm<'a> {
    name: &'a str,
    vmid: u32,
    node: &'a str,
    running: bool,
    overrides: BTreeMap<&'a str, serde_json::Value>,
    differences: Vec<Row>,
    renamed_from: Option<&'a str>,
}

#[derive(Serialize)]
struct Row {
    argument: String,
    is: Option<String>,
    shall_be: Option<String>,
    effect: String,
}

impl<'a> Report<'a> {
    pub(super) fn of(adoption: &'a Adoption, marked: bool) -> Self {
        Self {
            host: &adoption.host.provenance,
            nodes: adoption.nodes.iter().map(Vm::of).collect(),
            node_overrides: adoption.overrides.to_json(),
            inputs_fit: adoption.inputs == Inputs::Fit,
            marked,
        }
    }
}

impl<'a> Vm<'a> {
    fn of(adopted: &'a Adopted) -> Self {
        let overrides = adopted.overrides.iter();
        Self {
            name: &adopted.wanted.key.name,
            vmid: adopted.present.vmid.get(),
            node: adopted.wanted.key.node.as_str(),
            running: adopted.runs(),
            overrides: overrides
                .map(|(name, value)| (name.as_str(), value.to_json()))
                .collect(),
            differences: adopted.differences.iter().map(Row::of).collect(),
            renamed_from: adopted.renamed_from.as_deref(),
        }
    }
}

impl Row {
    fn of(difference: &Difference) -> Self {
        Self {
            argument: difference.argument.to_string(),
            is: difference.is.clone(),
            shall_be: difference.shall_be.clone(),
            effect: difference.effect.to_string(),
        }
    }
}

/// Shows each VM, and what the next apply changes about it.
pub(super) fn show(adoption: &Adoption, ui: &Ui) {
    ui.status(&format!("Host: {}.", adoption.host.provenance));
    for node in &adoption.nodes {
        let power = if node.runs() { "running" } else { "stopped" };
        let key = &node.wanted.key;
        ui.status(&format!(
            "VM {} {} ({power}) becomes {}.",
            node.present.vmid,
            node.present.name(),
            key.name
        ));
        for change in changes(node) {
            ui.status(&format!("  {change}"));
        }
        if node.is_restarted() {
            ui.warning(&format!(
                "the next apply of {} needs allow_restart = true, or other inputs",
                key.name
            ));
        }
    }
}

/// What no input can say, with what it does to a VM that runs.
fn changes(node: &Adopted) -> Vec<String> {
    let name = node
        .renamed_from
        .iter()
        .map(|name| format!("name {name} -> {}: in force at once", node.wanted.key.name));
    let differences = node.differences.iter();
    let mut changes: Vec<String> = name
        .chain(differences.map(|one| format!("{one}: {}", one.effect)))
        .collect();
    if changes.is_empty() {
        changes.push("the next apply changes nothing about it".to_owned());
    }
    changes
}
