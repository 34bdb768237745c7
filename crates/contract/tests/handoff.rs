//! The output contract: complete at plan, without nulls, described field by field, and stable.

use std::collections::BTreeMap;

use contract::handoff::{DiskBus, bootstrap_contract_value};
use contract::shape::{MADE_NODE, Shape};
use contract::{Value, example_values, handoff, topology};
use jsonschema::Validator;
use serde_json::{Value as Json, json};

/// Version 1.0 of the document, as it was first released. Never to be edited: a reader of it may exist.
const GOLDEN: &str = include_str!("golden/talos-bootstrap-contract.v1.0.json");

fn everything() -> Vec<(&'static str, &'static str)> {
    vec![
        ("control_plane_count", "3"),
        ("worker_count", "1"),
        ("cluster_vip", r#""192.168.1.10""#),
        ("nameservers", r#"["192.168.1.1", "192.168.1.2"]"#),
        ("gpu_worker_template", r#""talos-v1.13-nocloud-nvidia""#),
        (
            "gpu_workers",
            r#"{"trainer-1": {"gpus": [{"mapping": "gpu0"}, {"mapping": "gpu1"}]}}"#,
        ),
        (
            "gpu_schematic_id",
            r#""86a5d7c9beb23b4aea2777e44ca06c8c2ceea8a874ccd2b9a6743c4f734329e0""#,
        ),
    ]
}

fn reserved_by_dhcp() -> Vec<(&'static str, &'static str)> {
    vec![
        ("address_mode", r#""dhcp_reserved""#),
        ("talos_platform", r#""metal""#),
        ("network_gateway", "null"),
    ]
}

/// What Terraform's module does with `topology`: the attributes of each node that the resource gives back.
fn handed_over(inputs: &[(&str, &str)]) -> Json {
    let topology = topology(&example_values(inputs))
        .expect("the inputs are right")
        .to_value();
    let part = |name: &str| topology.as_map().expect("an object")[name].clone();
    let nodes = part("nodes");
    let made = nodes
        .as_map()
        .expect("a map")
        .values()
        .map(made_node)
        .collect();
    bootstrap_contract_value(&part("cluster"), &Value::List(made))
        .expect("of its shape")
        .to_json()
}

fn made_node(node: &Value) -> Value {
    let Shape::Object(fields) = MADE_NODE else {
        panic!("a node is an object")
    };
    let node = node.as_map().expect("an object");
    let kept = fields
        .iter()
        .map(|field| (field.name.to_owned(), node[field.name].clone()));
    Value::Map(kept.collect::<BTreeMap<_, _>>())
}

fn validator() -> Validator {
    jsonschema::validator_for(&handoff::json_schema()).expect("the schema is one")
}

#[test]
fn the_document_is_as_it_was_released() {
    let now = handed_over(&everything());
    assert_eq!(format!("{now:#}\n"), GOLDEN);
}

#[test]
fn every_released_document_still_validates() {
    let released: Json = serde_json::from_str(GOLDEN).expect("the golden file is JSON");
    assert!(validator().is_valid(&released));
}

#[test]
fn every_document_validates_and_holds_no_null() {
    for inputs in [Vec::new(), everything(), reserved_by_dhcp()] {
        let document = handed_over(&inputs);
        let errors: Vec<String> = validator()
            .iter_errors(&document)
            .map(|e| e.to_string())
            .collect();
        assert_eq!(errors, Vec::<String>::new());
        assert!(!document.to_string().contains("null"), "{document:#}");
    }
}

#[test]
fn the_order_in_which_nodes_are_handed_in_does_not_count() {
    let topology = topology(&example_values(&everything()))
        .expect("the inputs are right")
        .to_value();
    let parts = topology.as_map().expect("an object");
    let mut nodes: Vec<Value> = parts["nodes"]
        .as_map()
        .expect("a map")
        .values()
        .map(made_node)
        .collect();
    let forward = bootstrap_contract_value(&parts["cluster"], &Value::List(nodes.clone()));
    nodes.reverse();
    assert_eq!(
        forward,
        bootstrap_contract_value(&parts["cluster"], &Value::List(nodes))
    );
}

/// Paths of all object fields of a document, list positions left out.
fn fields(document: &Json, at: &str, out: &mut Vec<String>) {
    match document {
        Json::Object(entries) => {
            for (name, value) in entries {
                out.push(format!("{at}/{name}"));
                fields(value, &format!("{at}/{name}"), out);
            }
        }
        Json::Array(elements) => elements.iter().for_each(|element| fields(element, at, out)),
        _ => {}
    }
}

/// The same paths as the schema describes them, each with whether it is required.
fn described(schema: &Json, at: &str, out: &mut BTreeMap<String, bool>) {
    if let Some(items) = schema.get("items") {
        described(items, at, out);
    }
    let required = schema
        .get("required")
        .and_then(Json::as_array)
        .cloned()
        .unwrap_or_default();
    for (name, inner) in schema
        .get("properties")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
    {
        out.insert(format!("{at}/{name}"), required.contains(&json!(name)));
        described(inner, &format!("{at}/{name}"), out);
    }
}

#[test]
fn nothing_is_emitted_that_the_schema_does_not_describe() {
    let mut known = BTreeMap::new();
    described(&handoff::json_schema(), "", &mut known);
    for inputs in [Vec::new(), everything(), reserved_by_dhcp()] {
        let mut emitted = Vec::new();
        fields(&handed_over(&inputs), "", &mut emitted);
        for path in emitted {
            assert!(known.contains_key(&path), "{path}");
        }
    }
}

#[test]
fn a_document_without_a_required_field_or_with_a_null_is_refused() {
    let mut known = BTreeMap::new();
    described(&handoff::json_schema(), "", &mut known);
    let document = handed_over(&everything());
    for (path, required) in known {
        assert_eq!(
            validator().is_valid(&changed(&document, &path, None)),
            !required,
            "{path}"
        );
        assert!(
            !validator().is_valid(&changed(&document, &path, Some(&Json::Null))),
            "{path}"
        );
    }
}

/// The document with the field at `path` replaced or removed, in every list element that has it.
fn changed(document: &Json, path: &str, new: Option<&Json>) -> Json {
    let steps: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let mut document = document.clone();
    change(&mut document, &steps, new);
    document
}

fn change(value: &mut Json, steps: &[&str], new: Option<&Json>) {
    match (value, steps) {
        (Json::Array(elements), _) => {
            for element in elements {
                change(element, steps, new);
            }
        }
        (Json::Object(entries), [last]) => match new {
            Some(new) if entries.contains_key(*last) => {
                entries.insert((*last).to_owned(), new.clone());
            }
            Some(_) => {}
            None => {
                entries.remove(*last);
            }
        },
        (Json::Object(entries), [step, rest @ ..]) => {
            if let Some(inner) = entries.get_mut(*step) {
                change(inner, rest, new);
            }
        }
        _ => {}
    }
}

#[test]
fn the_vip_is_the_endpoint_and_no_node() {
    let document = handed_over(&everything());
    assert_eq!(document["cluster"]["endpoint"], "https://192.168.1.10:6443");
    let nodes = document["nodes"].as_array().expect("a list");
    assert!(nodes.iter().all(|node| node["address"] != "192.168.1.10"));
    assert_eq!(
        handed_over(&[])["cluster"]["endpoint"],
        "https://192.168.1.11:6443"
    );
}

#[test]
fn scaling_workers_changes_no_other_entry() {
    let entries = |count: &str| {
        let nodes = handed_over(&[("worker_count", count)])["nodes"].clone();
        nodes.as_array().expect("a list").clone()
    };
    let (two, three) = (entries("2"), entries("3"));
    assert_eq!(three.len(), two.len() + 1);
    assert!(two.iter().all(|node| three.contains(node)));
}

#[test]
fn the_install_disk_follows_the_bus() {
    assert_eq!(DiskBus::Scsi.install_disk(), "/dev/sda");
    assert_eq!(DiskBus::Virtio.install_disk(), "/dev/vda");
}

#[test]
fn an_argument_of_another_shape_is_named() {
    let error = bootstrap_contract_value(&Value::Null, &Value::List(Vec::new()));
    assert_eq!(error.expect_err("null is no cluster").argument, "cluster");
}
