//! The hand-written Terraform hands on everything that the table and the shapes know.

use contract::inputs::INPUTS;
use contract::shape::{NODE, Shape};
use contract::{Layer, Section};

const MODULE: &str = include_str!("../../../terraform/modules/talos-cluster/main.tf");
const MODULE_OUTPUTS: &str = include_str!("../../../terraform/modules/talos-cluster/outputs.tf");
const ENVIRONMENT: &str = include_str!("../../../terraform/environments/k3s-dev/main.tf");
const PROVIDER: &str = include_str!("../../../terraform/environments/k3s-dev/providers.tf");

/// The `name = value` lines of a file, without the blanks that align them.
fn assignments(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, value)| format!("{} = {}", name.trim(), value.trim()))
        .collect()
}

fn module_inputs() -> impl Iterator<Item = &'static str> {
    INPUTS
        .iter()
        .filter(|input| input.layer == Layer::Module)
        .map(|input| input.name)
}

#[test]
fn topology_gets_every_input_of_the_module() {
    let lines = assignments(MODULE);
    for name in module_inputs() {
        assert!(lines.contains(&format!("{name} = var.{name}")), "{name}");
    }
}

#[test]
fn the_module_call_hands_on_every_input_of_the_module() {
    let lines = assignments(ENVIRONMENT);
    for name in module_inputs() {
        assert!(lines.contains(&format!("{name} = var.{name}")), "{name}");
    }
}

#[test]
fn the_provider_gets_every_input_of_access_and_consent() {
    for input in INPUTS.iter() {
        let wanted = matches!(input.section, Section::Access | Section::Consent);
        assert_eq!(
            PROVIDER.contains(&format!("= var.{}\n", input.name)),
            wanted,
            "{}",
            input.name
        );
    }
}

#[test]
fn every_input_without_effect_is_named_to_the_operator() {
    for input in INPUTS
        .iter()
        .filter(|input| input.description.starts_with("No effect"))
    {
        assert!(
            ENVIRONMENT.contains(&format!("var.{} == null", input.name)),
            "{}",
            input.name
        );
    }
}

#[test]
fn each_vm_gets_every_attribute_of_its_node() {
    let Shape::Object(fields) = NODE else {
        panic!("a node is an object")
    };
    let lines = assignments(MODULE);
    for field in fields {
        let line = match field.name {
            "name" => "name = each.key".to_owned(),
            // These two say where a node is counted and grouped, not what the VM is.
            "slot" | "group" => continue,
            // By mapping alone: an address gets one that is made for it.
            "gpus" => "mapping = gpu.bdf == null ? gpu.mapping : eminfra_pci_mapping.gpu[gpu.mapping].name".to_owned(),
            name => format!("{name} = each.value.{name}"),
        };
        assert!(lines.contains(&line), "{line}");
    }
}

#[test]
fn the_handoff_gets_every_attribute_it_asks_for() {
    let Shape::Object(fields) = contract::shape::MADE_NODE else {
        panic!("a node is an object")
    };
    let lines = assignments(MODULE_OUTPUTS);
    for field in fields {
        assert!(
            lines.contains(&format!("{0} = vm.{0}", field.name)),
            "{}",
            field.name
        );
    }
}
