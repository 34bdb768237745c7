//! Validation of documents made elsewhere: every rule with a document that breaks only it, and our own documents clean.

use contract::handoff::{self, Rule, validate};
use contract::{example_values, topology};
use proptest::prelude::*;
use serde_json::{Value as Json, json};

fn document(inputs: &[(&str, &str)]) -> Json {
    let topology =
        topology(&example_values(inputs)).unwrap_or_else(|findings| panic!("{findings:#?}"));
    handoff::of_topology(&topology).to_value().to_json()
}

fn good() -> Json {
    document(&[
        ("control_plane_count", "3"),
        ("worker_count", "2"),
        ("cluster_vip", r#""192.168.1.10""#),
    ])
}

/// A place in the good document, and what is put there; nothing takes the field away.
type Edit = (&'static str, Option<Json>);

fn broken(edits: &[Edit]) -> Vec<String> {
    let mut document = good();
    for (place, value) in edits {
        let (object, field) = place.rsplit_once('/').expect("a pointer");
        let object = document.pointer_mut(object).expect("the place is there");
        match (value, object.as_object_mut()) {
            (Some(value), Some(object)) => {
                object.insert(field.to_owned(), value.clone());
            }
            (None, Some(object)) => drop(object.remove(field)),
            (_, None) => panic!("{place} is in no object"),
        }
    }
    validate(&document)
        .iter()
        .map(ToString::to_string)
        .collect()
}

const VANILLA: &str = "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba";

/// A document for each rule that breaks this one alone.
fn cases() -> Vec<(Rule, Vec<Edit>)> {
    let mut cases = document_cases();
    cases.extend(image_cases());
    cases
}

fn set(place: &'static str, value: Json) -> Edit {
    (place, Some(value))
}

fn document_cases() -> Vec<(Rule, Vec<Edit>)> {
    vec![
        (
            Rule::VersionKnown,
            vec![set("/schema_version", json!("2.0"))],
        ),
        (
            Rule::Shape,
            vec![set("/cluster/endpoint", json!("http://192.168.1.10:6443"))],
        ),
        (Rule::Shape, vec![set("/nodes/0/gateway", Json::Null)]),
        (
            Rule::ControlPlane,
            ["/nodes/0/role", "/nodes/1/role", "/nodes/2/role"]
                .map(|place| set(place, json!("worker")))
                .to_vec(),
        ),
        (
            Rule::BootstrapNode,
            vec![set("/cluster/bootstrap_node", json!("k3s-dev-worker-1"))],
        ),
        (
            Rule::Unique,
            vec![set("/nodes/4/mac", good()["nodes"][0]["mac"].clone())],
        ),
        (
            Rule::Unique,
            vec![set("/nodes/4/identity/vmid", json!(8001))],
        ),
        (
            Rule::NodeNetwork,
            vec![set("/nodes/4/address", json!("192.168.2.21"))],
        ),
        (
            Rule::NodeNetwork,
            vec![set("/nodes/4/address", json!("192.168.1.255"))],
        ),
        (
            Rule::NodeNetwork,
            vec![set("/nodes/4/prefix_length", json!(16))],
        ),
        (
            Rule::Gateway,
            vec![set("/nodes/4/gateway", json!("192.168.1.11"))],
        ),
        (Rule::Gateway, vec![("/nodes/4/gateway", None)]),
        (
            Rule::NetworksApart,
            vec![set("/cluster/pod_cidrs", json!(["192.168.0.0/16"]))],
        ),
        (
            Rule::VipFree,
            vec![
                set("/cluster/vip", json!("192.168.1.1")),
                set("/cluster/endpoint", json!("https://192.168.1.1:6443")),
            ],
        ),
        (
            Rule::VipFree,
            vec![
                set("/cluster/vip", json!("192.168.1.12")),
                set("/cluster/endpoint", json!("https://192.168.1.12:6443")),
            ],
        ),
        (
            Rule::Endpoint,
            vec![set("/cluster/endpoint", json!("https://192.168.1.11:6443"))],
        ),
    ]
}

fn image_cases() -> Vec<(Rule, Vec<Edit>)> {
    let old = handoff::Schematic::new(["amdgpu-firmware"]);
    let old_installer = format!("factory.talos.dev/nocloud-installer/{}:v1.13.9", old.id());
    let metal_installer = format!("factory.talos.dev/metal-installer/{VANILLA}:v1.13.9");
    vec![
        (
            Rule::StaticNeedsNocloud,
            vec![
                set("/nodes/4/image/platform", json!("metal")),
                set("/nodes/4/image/installer", json!(metal_installer)),
                ("/nodes/4/link", None),
            ],
        ),
        (Rule::Link, vec![("/nodes/4/link", None)]),
        (
            Rule::Installer,
            vec![set(
                "/nodes/4/image/installer",
                json!("ghcr.io/siderolabs/installer:v1.13.9"),
            )],
        ),
        (
            Rule::Extensions,
            vec![set(
                "/nodes/4/image/extensions",
                json!(["siderolabs/qemu-guest-agent"]),
            )],
        ),
        (
            Rule::Extensions,
            vec![
                set("/nodes/4/image/extensions", json!(old.extensions())),
                set("/nodes/4/image/schematic_id", json!(old.id())),
                set("/nodes/4/image/installer", json!(old_installer)),
            ],
        ),
    ]
}

#[test]
fn each_rule_says_what_is_wrong_and_what_to_do() {
    let mut said = String::new();
    for (rule, edits) in cases() {
        let found = broken(&edits);
        assert_eq!(found.len(), 1, "{found:#?}");
        assert!(
            found[0].ends_with(&format!("({})", rule.as_str())),
            "{}",
            found[0]
        );
        said.push_str(&found[0]);
        said.push('\n');
    }
    insta::assert_snapshot!(said);
}

#[test]
fn every_rule_has_a_document_that_breaks_it() {
    let broken: Vec<Rule> = cases().into_iter().map(|(rule, _)| rule).collect();
    for rule in Rule::ALL {
        assert!(broken.contains(rule), "{}", rule.as_str());
    }
}

#[test]
fn a_worker_is_no_endpoint_and_a_name_may_be() {
    let without_vip = |endpoint: &str| {
        let mut document = document(&[("worker_count", "1")]);
        document["cluster"]["endpoint"] = json!(endpoint);
        validate(&document).len()
    };
    assert_eq!(without_vip("https://192.168.1.20:6443"), 1);
    assert_eq!(without_vip("https://k8s.example:6443"), 0);
}

#[test]
fn every_fault_is_said_not_only_the_first() {
    let found = broken(&[
        ("/cluster/name", Some(json!(7))),
        ("/nodes/1/mac", Some(json!("no"))),
        ("/nodes/2/role", Some(json!("master"))),
    ]);
    assert_eq!(found.len(), 3, "{found:#?}");
}

#[test]
fn what_is_no_document_at_all_is_refused() {
    for json in [
        Json::Null,
        json!([]),
        json!("x"),
        json!({}),
        json!({"schema_version": 1}),
    ] {
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
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

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
