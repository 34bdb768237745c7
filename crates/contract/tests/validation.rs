//! Validation of documents made elsewhere: every rule with a document that breaks only it, and our own documents clean.

use contract::handoff::{self, Rule, validate};
use contract::{example_values, topology};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn document(inputs: &[(&str, &str)]) -> Json {
    let topology = topology(&example_values(inputs))
        .unwrap_or_else(|findings| panic!("{findings:#?}"));
    handoff::of_topology(&topology).to_value().to_json()
}

fn good() -> Json {
    document(&[("control_plane_count", "3"), ("cluster_vip", r#""192.168.1.10""#)])
}

fn broken(change: impl Fn(&mut Json)) -> Vec<String> {
    let mut document = good();
    change(&mut document);
    validate(&document).iter().map(ToString::to_string).collect()
}

#[test]
fn each_rule_says_what_is_wrong_and_what_to_do() {
    type Change = (Rule, fn(&mut Json));
    let table: [Change; 21] = [
        (Rule::VersionKnown, |it| it["schema_version"] = json!("2.0")),
        (Rule::Shape, |it| it["cluster"]["endpoint"] = json!("http://192.168.1.10:6443")),
        (Rule::Shape, |it| it["nodes"][0]["gateway"] = Json::Null),
        (Rule::ControlPlane, |it| {
            for node in it["nodes"].as_array_mut().expect("a list") {
                node["role"] = json!("worker");
            }
        }),
        (Rule::BootstrapNode, |it| it["cluster"]["bootstrap_node"] = json!("k3s-dev-worker-1")),
        (Rule::Unique, |it| it["nodes"][4]["mac"] = it["nodes"][0]["mac"].clone()),
        (Rule::Unique, |it| it["nodes"][4]["identity"]["vmid"] = json!(8001)),
        (Rule::NodeNetwork, |it| it["nodes"][4]["address"] = json!("192.168.2.21")),
        (Rule::NodeNetwork, |it| it["nodes"][4]["address"] = json!("192.168.1.255")),
        (Rule::NodeNetwork, |it| it["nodes"][4]["prefix_length"] = json!(16)),
        (Rule::Gateway, |it| it["nodes"][4]["gateway"] = json!("192.168.1.11")),
        (Rule::Gateway, |it| drop(it["nodes"][4].as_object_mut().expect("a node").remove("gateway"))),
        (Rule::NetworksApart, |it| it["cluster"]["pod_cidrs"] = json!(["192.168.0.0/16"])),
        (Rule::VipFree, |it| it["cluster"]["vip"] = json!("192.168.1.1")),
        (Rule::VipFree, |it| {
            it["cluster"]["vip"] = json!("192.168.1.12");
            it["cluster"]["endpoint"] = json!("https://192.168.1.12:6443");
        }),
        (Rule::Endpoint, |it| it["cluster"]["endpoint"] = json!("https://192.168.1.11:6443")),
        (Rule::StaticNeedsNocloud, |it| {
            let node = &mut it["nodes"][4];
            node["image"]["platform"] = json!("metal");
            node["image"]["installer"] = json!(node["image"]["installer"].as_str().expect("text").replace("nocloud", "metal"));
            node.as_object_mut().expect("a node").remove("link");
        }),
        (Rule::Link, |it| drop(it["nodes"][4].as_object_mut().expect("a node").remove("link"))),
        (Rule::Installer, |it| {
            it["nodes"][4]["image"]["installer"] = json!("ghcr.io/siderolabs/installer:v1.13.9");
        }),
        (Rule::Extensions, |it| {
            it["nodes"][4]["image"]["extensions"] = json!(["siderolabs/qemu-guest-agent"]);
        }),
        (Rule::Extensions, |it| {
            let image = &mut it["nodes"][4]["image"];
            let old = handoff::Schematic::new(["amdgpu-firmware"]);
            image["extensions"] = json!(old.extensions());
            image["schematic_id"] = json!(old.id());
            image["installer"] = json!(format!("factory.talos.dev/nocloud-installer/{}:v1.13.9", old.id()));
        }),
    ];
    let mut said = String::new();
    for (rule, change) in table {
        let found = broken(change);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(found[0].ends_with(&format!("({})", rule.as_str())), "{}", found[0]);
        said.push_str(&found[0]);
        said.push('\n');
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_worker_is_no_endpoint_and_a_name_may_be() {
    let without_vip = |endpoint: &str| {
        let mut document = document(&[]);
        document["cluster"]["endpoint"] = json!(endpoint);
        validate(&document).len()
    };
    assert_eq!(without_vip("https://192.168.1.20:6443"), 1);
    assert_eq!(without_vip("https://k8s.example:6443"), 0);
}

#[test]
fn every_fault_is_said_not_only_the_first() {
    let found = broken(|document| {
        document["cluster"]["name"] = json!(7);
        document["nodes"][1]["mac"] = json!("no");
        document["nodes"][2]["role"] = json!("master");
    });
    assert_eq!(found.len(), 3, "{found:#?}");
}

#[test]
fn what_is_no_document_at_all_is_refused() {
    for json in [Json::Null, json!([]), json!("x"), json!({}), json!({"schema_version": 1})] {
        assert!(!validate(&json).is_empty(), "{json}");
    }
}

#[test]
fn a_newer_minor_version_is_read_and_its_new_fields_ignored() {
    let mut newer = good();
    newer["schema_version"] = json!("1.7");
    newer["nodes"][0]["rack"] = json!("b3");
    let read = handoff::read(&newer).expect("1.7 is still version 1");
    assert_eq!(read.nodes.len(), 5);
}

#[test]
fn reading_what_was_written_gives_the_same_document() {
    let topology = topology(&example_values(&[])).expect("the inputs are right");
    let made = handoff::of_topology(&topology);
    assert_eq!(handoff::read(&made.to_value().to_json()), Ok(made));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_document_of_ours_is_valid(
        control_planes in 1..=9_u32,
        workers in 0..=40_u32,
        gpus in 0..=3_u32,
        dhcp: bool,
        metal: bool,
    ) {
        let gpu_workers: Vec<String> = (1..=gpus)
            .map(|number| format!(r#""gpu-{number}": {{"gpus": [{{"mapping": "gpu{number}"}}]}}"#))
            .collect();
        let (control_planes, workers) = (control_planes.to_string(), workers.to_string());
        let gpu_workers = format!("{{{}}}", gpu_workers.join(","));
        let (mode, platform) = match (dhcp || metal, metal) {
            (true, true) => (r#""dhcp_reserved""#, r#""metal""#),
            (true, false) => (r#""dhcp_reserved""#, r#""nocloud""#),
            (false, _) => (r#""static""#, r#""nocloud""#),
        };
        let document = document(&[
            ("control_plane_count", control_planes.as_str()),
            ("worker_count", workers.as_str()),
            ("gpu_worker_template", r#""talos-gpu""#),
            ("gpu_workers", gpu_workers.as_str()),
            ("address_mode", mode),
            ("talos_platform", platform),
        ]);
        prop_assert_eq!(validate(&document), Vec::new());
    }

    /// Nothing that somebody feeds in ends in a panic.
    #[test]
    fn a_document_with_anything_anywhere_is_judged(which in any::<prop::sample::Index>(), text in ".{0,12}") {
        let mut document = good();
        let mut places = Vec::new();
        leaves(&document, "", &mut places);
        let place = &places[which.index(places.len())];
        *document.pointer_mut(place).expect("it is there") = json!(text);
        prop_assert!(validate(&document).iter().all(|breach| !breach.message.is_empty()));
    }
}

fn leaves(json: &Json, at: &str, out: &mut Vec<String>) {
    match json {
        Json::Object(entries) => entries
            .iter()
            .for_each(|(key, value)| leaves(value, &format!("{at}/{key}"), out)),
        Json::Array(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(index, value)| leaves(value, &format!("{at}/{index}"), out)),
        _ => out.push(at.to_owned()),
    }
}
