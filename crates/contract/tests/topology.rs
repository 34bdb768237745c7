//! A node's identity follows from its own line and the environment, whatever else is there.

use std::collections::{BTreeMap, BTreeSet};

use contract::shape::{Shape, TOPOLOGY};
use contract::{
    InputValues, Node, Severity, Topology, Value, check, example_values, mac, topology, uuid,
};
use proptest::prelude::*;
use proptest::sample::Index;

/// Inputs of any valid topology, as lines that each make nodes.
#[derive(Debug, Clone)]
struct Lines {
    env: &'static str,
    control_planes: i64,
    workers: i64,
    buses: Vec<u8>,
    named_workers: BTreeSet<i64>,
    named_gpus: BTreeSet<i64>,
}

impl Lines {
    fn values(&self) -> InputValues {
        let mut values = example_values(&[
            ("cluster_network_cidr", r#""10.20.0.0/16""#),
            ("network_gateway", r#""10.20.255.1""#),
            ("gpu_worker_template", r#""talos-gpu""#),
        ]);
        let mut set = |name: &str, value: Value| values.insert(name.to_owned(), value);
        set("env_name", self.env.into());
        set("control_plane_count", self.control_planes.into());
        set("worker_count", self.workers.into());
        let bdfs = self
            .buses
            .iter()
            .map(|bus| Value::String(format!("0000:{bus:02x}:00.0")));
        set("gpu_worker_pci_bdfs", Value::List(bdfs.collect()));
        set(
            "workers",
            named("worker", &self.named_workers, &Value::Map(BTreeMap::new())),
        );
        let gpus = Value::from_json(serde_json::json!({ "gpus": [{ "mapping": "gpu0" }] }));
        set("gpu_workers", named("trainer", &self.named_gpus, &gpus));
        values
    }

    /// The same lines with one node less, for each way to take one away.
    fn without_one(&self, which: Index) -> Option<Self> {
        let mut fewer = Vec::new();
        let mut push = |change: &dyn Fn(&mut Self)| {
            let mut lines = self.clone();
            change(&mut lines);
            fewer.push(lines);
        };
        if self.control_planes > 1 {
            push(&|lines| lines.control_planes -= 1);
        }
        if self.workers > 0 {
            push(&|lines| lines.workers -= 1);
        }
        for bus in &self.buses {
            push(&|lines| lines.buses.retain(|other| other != bus));
        }
        for number in &self.named_workers {
            push(&|lines| lines.named_workers.retain(|other| other != number));
        }
        for number in &self.named_gpus {
            push(&|lines| lines.named_gpus.retain(|other| other != number));
        }
        (!fewer.is_empty()).then(|| which.get(&fewer).clone())
    }
}

fn named(word: &str, numbers: &BTreeSet<i64>, options: &Value) -> Value {
    let entry = |number: &i64| (format!("{word}-{number}"), options.clone());
    Value::Map(numbers.iter().map(entry).collect())
}

/// Slots never meet by construction: counted workers end at 40 and named ones begin at 41; buses end below 0xa0, and
/// named GPU workers begin at 160.
fn lines() -> impl Strategy<Value = Lines> {
    (
        prop::sample::select(vec!["k3s-dev", "lab", "a", "prod-2"]),
        1_i64..=9,
        0_i64..=40,
        prop::collection::btree_set(0_u8..0xa0, 0..6),
        prop::collection::btree_set(41_i64..=90, 0..6),
        prop::collection::btree_set(160_i64..=899, 0..6),
    )
        .prop_flat_map(
            |(env, control_planes, workers, buses, named_workers, named_gpus)| {
                Just(buses.into_iter().collect::<Vec<u8>>())
                    .prop_shuffle()
                    .prop_map(move |buses| Lines {
                        env,
                        control_planes,
                        workers,
                        buses,
                        named_workers: named_workers.clone(),
                        named_gpus: named_gpus.clone(),
                    })
            },
        )
}

fn made(values: &InputValues) -> Topology {
    topology(values).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

type Identity = (i64, String, String, String);

fn identities(nodes: &[Node]) -> BTreeMap<String, Identity> {
    nodes
        .iter()
        .map(|node| {
            let identity = (
                node.vmid,
                node.mac.clone(),
                node.uuid.clone(),
                node.address.clone(),
            );
            (node.name.clone(), identity)
        })
        .collect()
}

/// Whether `value` has exactly the attributes and types of `shape`.
fn conforms(value: &Value, shape: &Shape) -> bool {
    match (shape, value) {
        (Shape::Bool, Value::Bool(_)) | (Shape::String, Value::String(_)) => true,
        (Shape::Number, Value::Number(number)) => number.whole().is_some(),
        (Shape::List(element), Value::List(elements)) => {
            elements.iter().all(|value| conforms(value, element))
        }
        (Shape::Map(element), Value::Map(entries)) => {
            entries.values().all(|value| conforms(value, element))
        }
        (Shape::Object(fields), Value::Map(entries)) => {
            fields.len() == entries.len()
                && fields.iter().all(|field| match entries.get(field.name) {
                    Some(Value::Null) => field.may_be_null,
                    Some(value) => conforms(value, &field.shape),
                    None => false,
                })
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn taking_a_node_away_changes_no_other(lines in lines(), which in any::<Index>()) {
        let all = identities(&made(&lines.values()).nodes);
        if let Some(fewer) = lines.without_one(which) {
            let rest = identities(&made(&fewer.values()).nodes);
            prop_assert_eq!(rest.len() + 1, all.len());
            for (name, identity) in rest {
                prop_assert_eq!(Some(&identity), all.get(&name));
            }
        }
    }

    #[test]
    fn the_order_of_the_gpu_list_does_not_count(lines in lines()) {
        let mut reversed = lines.clone();
        reversed.buses.reverse();
        prop_assert_eq!(made(&lines.values()), made(&reversed.values()));
    }

    #[test]
    fn no_two_nodes_share_anything_that_tells_them_apart(lines in lines()) {
        let nodes = made(&lines.values()).nodes;
        let count = nodes.len();
        let distinct = |part: fn(&Node) -> String| nodes.iter().map(part).collect::<BTreeSet<_>>().len();
        prop_assert_eq!(distinct(|node| node.name.clone()), count);
        prop_assert_eq!(distinct(|node| node.vmid.to_string()), count);
        prop_assert_eq!(distinct(|node| node.address.clone()), count);
        prop_assert_eq!(distinct(|node| node.mac.clone()), count);
        prop_assert_eq!(distinct(|node| node.uuid.clone()), count);
    }

    #[test]
    fn what_terraform_gets_is_of_the_described_shape(lines in lines()) {
        let value = made(&lines.values()).to_value();
        prop_assert!(conforms(&value, &TOPOLOGY), "{:#}", value.to_json());
    }
}

/// Derived addresses are promises: DHCP reservations and the identity of made VMs rest on them.
#[test]
fn derived_identities_never_change() {
    let vectors = [
        (
            "k3s-dev",
            "k3s-dev-control-1",
            "BC:24:11:61:A2:0C",
            "69be20a2-7a0f-5c48-8567-f33965d998c0",
        ),
        (
            "k3s-dev",
            "k3s-dev-worker-1",
            "BC:24:11:C6:26:E5",
            "b506556b-e96d-55a3-a6f3-7d7e10419202",
        ),
        (
            "k3s-dev",
            "k3s-dev-gpu-0300",
            "BC:24:11:34:66:D0",
            "1fe88382-0c8d-5416-ac26-d9c4d10f1837",
        ),
        (
            "lab",
            "lab-control-1",
            "BC:24:11:A0:5D:32",
            "e2fb714b-9c6a-5a45-9bbf-993039710e64",
        ),
        (
            "lab",
            "k3s-dev-control-1",
            "BC:24:11:1F:10:C0",
            "917e5cf1-439f-55b8-8abf-9c9084474d07",
        ),
    ];
    for (env, name, expected_mac, expected_uuid) in vectors {
        assert_eq!(
            (mac(env, name), uuid(env, name)),
            (expected_mac.into(), expected_uuid.into()),
            "{name}"
        );
    }
}

#[test]
fn slots_give_the_documented_places() {
    let values = example_values(&[
        ("control_plane_count", "3"),
        ("cluster_vip", r#""192.168.1.10""#),
        ("worker_count", "2"),
        ("gpu_worker_template", r#""talos-gpu""#),
        ("gpu_worker_pci_bdfs", r#"["0000:03:00.0", "0000:81:1f"]"#),
        ("workers", r#"{"worker-90": {}, "builder": {"slot": 50}}"#),
        (
            "gpu_workers",
            r#"{"trainer-7": {"gpus": [{"mapping": "gpu0"}]}, "gpu-0400": {"gpus": [{"mapping": "gpu1"}]}, "gpu-x020": {"gpus": [{"mapping": "gpu2"}]}, "gpu-030": {"gpus": [{"mapping": "gpu3"}]}, "gpu-03z5": {"gpus": [{"mapping": "gpu4"}]}}"#,
        ),
    ]);
    let places: Vec<String> = made(&values)
        .nodes
        .iter()
        .map(|node| {
            format!(
                "{} {:?} {} {}",
                node.name, node.slot, node.vmid, node.address
            )
        })
        .collect();
    insta::assert_snapshot!(places.join("\n"), @r#"
    k3s-dev-builder Some(50) 8050 192.168.1.60
    k3s-dev-control-1 Some(1) 8001 192.168.1.11
    k3s-dev-control-2 Some(2) 8002 192.168.1.12
    k3s-dev-control-3 Some(3) 8003 192.168.1.13
    k3s-dev-gpu-030 Some(130) 8130 192.168.1.140
    k3s-dev-gpu-0300 Some(103) 8103 192.168.1.113
    k3s-dev-gpu-03z5 Some(105) 8105 192.168.1.115
    k3s-dev-gpu-0400 Some(104) 8104 192.168.1.114
    k3s-dev-gpu-811f Some(229) 8229 192.168.1.239
    k3s-dev-gpu-x020 Some(120) 8120 192.168.1.130
    k3s-dev-trainer-7 Some(107) 8107 192.168.1.117
    k3s-dev-worker-1 Some(10) 8010 192.168.1.20
    k3s-dev-worker-2 Some(11) 8011 192.168.1.21
    k3s-dev-worker-90 Some(99) 8099 192.168.1.109
    "#);
}

#[test]
fn inputs_that_contradict_each_other_make_no_topology() {
    let values = example_values(&[("service_cidr", r#""10.244.0.0/16""#)]);
    let findings = topology(&values).expect_err("pods and services share addresses");
    assert_eq!(findings, check(&values));
}

#[test]
fn the_endpoint_is_the_vip_else_the_first_control_plane() {
    let endpoint = |inputs: &[(&str, &str)]| made(&example_values(inputs)).cluster.endpoint;
    assert_eq!(
        endpoint(&[("cluster_vip", r#""192.168.1.10""#)]),
        "https://192.168.1.10:6443"
    );
    assert_eq!(
        endpoint(&[("cluster_vip", "null")]),
        "https://192.168.1.11:6443"
    );
}

#[test]
fn a_topology_comes_with_its_warnings_and_nothing_else() {
    let values = example_values(&[
        ("control_plane_count", "2"),
        ("control_plane_memory_mb", "2048"),
    ]);
    let mut warnings = check(&values);
    warnings.retain(|finding| finding.severity == Severity::Warning);
    assert_ne!(warnings, []);
    assert_eq!(topology(&values).expect("a topology").findings, warnings);
}

#[test]
fn the_second_device_of_a_node_has_a_mapping_of_its_own() {
    let values = example_values(&[
        ("gpu_worker_template", r#""talos-gpu""#),
        (
            "gpu_workers",
            r#"{"t-1": {"gpus": [{"bdf": "0000:03:00.0"}, {"bdf": "0000:04:00.0"}, {"mapping": "gpu0"}]}}"#,
        ),
    ]);
    let made = topology(&values).expect("a topology").to_value();
    let Value::Map(made) = made else {
        panic!("{made:?} is no object");
    };
    let Value::Map(mappings) = &made["pci_mappings"] else {
        panic!("{made:?} has no mappings");
    };
    let names: Vec<&String> = mappings.keys().collect();
    assert_eq!(names, ["k3s-dev-t-1", "k3s-dev-t-1_2"]);
}

#[test]
fn naming_a_node_of_the_shorthand_list_moves_it_nowhere() {
    let template = ("gpu_worker_template", r#""talos-gpu""#);
    let listed = made(&example_values(&[
        template,
        ("gpu_worker_pci_bdfs", r#"["0000:0a:1f.0"]"#),
    ]));
    let named = r#"{"gpu-0a1f": {"gpus": [{"bdf": "0000:0a:1f.0"}]}}"#;
    let named = made(&example_values(&[template, ("gpu_workers", named)]));
    assert_eq!(listed, named);
}

#[test]
fn an_override_wins_over_the_nodes_own_line_and_null_over_nothing() {
    let values = example_values(&[
        (
            "workers",
            r#"{"worker-1": {"cores": 4, "memory_mb": 8192, "disk_gb": null}}"#,
        ),
        (
            "node_overrides",
            r#"{"k3s-dev-worker-1": {"cores": 8, "memory_mb": null, "mac": "bc:24:11:00:00:0a",
            "address": "192.168.1.99", "vmid": 4711, "tags": ["b", "a"], "onboot": false, "template": 9000}}"#,
        ),
    ]);
    let nodes = made(&values).nodes;
    let worker = nodes
        .iter()
        .find(|node| node.name == "k3s-dev-worker-1")
        .expect("it was asked for");
    assert_eq!((worker.cores, worker.memory, worker.disk_gb), (8, 8192, 40));
    assert_eq!(
        (worker.mac.as_str(), worker.address.as_str()),
        ("BC:24:11:00:00:0A", "192.168.1.99")
    );
    assert_eq!(
        (worker.vmid, worker.onboot, worker.template.as_str()),
        (4711, false, "9000")
    );
    assert_eq!(worker.tags, ["a", "b"]);
}
