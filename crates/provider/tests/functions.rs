//! The functions, as Terraform calls them.

use provider::{BootstrapContract, InputError, Topology};
use tf_plugin::{Arguments, Function, Number, Value};

fn inputs() -> Value {
    Value::object([
        ("env_name", Value::from("k3s-dev")),
        ("node", "pve".into()),
        ("disk_pool", "local-lvm".into()),
        ("control_plane_template", "talos-v1.13-nocloud".into()),
        ("talos_version", "v1.13.9".into()),
        ("worker_count", 1.into()),
        ("cluster_network_cidr", "192.168.50.0/24".into()),
        ("network_gateway", "192.168.50.1".into()),
    ])
}

fn topology(inputs: Value) -> Result<Value, String> {
    Topology
        .call(Arguments::new([inputs]))
        .map_err(|error| error.text)
}

#[test]
fn topology_names_the_nodes() {
    let topology = topology(inputs()).expect("good inputs");
    let nodes = topology.get("nodes").as_map().expect("a map");
    let names: Vec<(&str, Option<u64>)> = nodes
        .iter()
        .map(|(name, node)| {
            (
                name.as_str(),
                node.get("vmid").as_number().and_then(Number::as_u64),
            )
        })
        .collect();
    assert_eq!(
        names,
        [
            ("k3s-dev-control-1", Some(8001)),
            ("k3s-dev-worker-1", Some(8010))
        ]
    );
}

#[test]
fn topology_reports_all_faults_of_its_argument() {
    let wrong = inputs().with("nodee", "pve").with("worker_count", -1);
    let error = topology(wrong).expect_err("faults");
    assert!(
        error.contains("nodee") && error.contains("worker_count"),
        "{error}"
    );
    let error = Topology
        .call(Arguments::new([Value::from("text")]))
        .expect_err("no object");
    assert_eq!(error.argument, Some(0));
}

#[test]
fn input_error_is_empty_for_a_good_input() {
    let call = |name: &str, value: Value| InputError.call(Arguments::new([name.into(), value]));
    assert_eq!(call("node", "pve".into()), Ok(Value::from("")));
    let error = call("cluster_cidr", "10.244.0.0".into()).expect("a text");
    assert_ne!(error, Value::from(""));
}

#[test]
fn the_contract_is_made_from_topology_and_vms() {
    let topology = topology(inputs()).expect("good inputs");
    let arguments = [
        "name",
        "role",
        "vmid",
        "node",
        "mac",
        "uuid",
        "address",
        "prefix_length",
        "gateway",
        "address_mode",
        "gpus",
        "talos_version",
    ];
    let nodes = topology.get("nodes").as_map().expect("a map").values();
    let made =
        nodes.map(|node| Value::object(arguments.map(|name| (name, node.get(name).clone()))));
    let call = Arguments::new([topology.get("cluster").clone(), Value::list(made)]);
    let document = BootstrapContract.call(call).expect("a document");
    assert_eq!(document.get("nodes").as_list().map(<[Value]>::len), Some(2));
    let error = BootstrapContract.call(Arguments::new([Value::Null, Value::Null]));
    assert_eq!(error.expect_err("nothing").argument, Some(0));
}
