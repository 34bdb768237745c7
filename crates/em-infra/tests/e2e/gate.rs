//! The gate on every shape of the k3s-dev topology: it passes, hands over what was promised, and has nothing to do again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::lab::Lab;

const SCHEMA: &str = include_str!("../../../../schemas/talos-bootstrap-contract.v1.schema.json");

/// Runs the gate; it must pass with nothing against it. Answers how many VMs it made, changed and removed.
#[track_caller]
pub(crate) fn passes(lab: &Lab) -> [u64; 3] {
    let report = lab.gate().succeeded().json();
    assert_eq!(
        (&report["verdict"], &report["reasons"]),
        (&json!("pass"), &json!([])),
        "{report:#}"
    );
    assert_eq!(
        (&report["level"], &report["host"]),
        (&json!("proved"), &json!("embedded")),
        "{report:#}"
    );
    assert_eq!(report["refresh"]["expected"], json!(lab.vms().len()));
    ["create", "update", "delete"].map(|what| report["applied"][what].as_u64().unwrap())
}

/// Runs the gate and answers the outputs, of which the plan said the same before anything was made.
#[track_caller]
fn passes_with(lab: &Lab, made_changed_removed: [u64; 3]) -> Outputs {
    let promised = promised(lab);
    assert_eq!(passes(lab), made_changed_removed);
    let kept = lab.em_infra(&["handoff"]).succeeded().stdout;
    assert_eq!(kept, promised, "the plan promised something else");
    Outputs::of(lab)
}

/// What a plan hands over: the document, complete and as the schema says.
#[track_caller]
fn promised(lab: &Lab) -> String {
    const ROOT: &str = "-chdir=terraform/environments/k3s-dev";
    if !lab.root().join(".terraform").exists() {
        lab.terraform(&[ROOT, "init", "-input=false"]).succeeded();
    }
    lab.terraform(&[ROOT, "plan", "-input=false", "-out=promised.plan"])
        .succeeded();
    let plan = lab.root().join("promised.plan");
    let said = lab
        .em_infra(&["handoff", "--from", "plan", &plan.display().to_string()])
        .succeeded();
    std::fs::remove_file(plan).unwrap();
    let document = said.json();
    assert!(!holds_null(&document), "{document:#}");
    valid(&document);
    said.stdout
}

#[track_caller]
fn valid(document: &Value) {
    let schema = serde_json::from_str(SCHEMA).unwrap();
    if let Err(error) = jsonschema::validate(&schema, document) {
        panic!("{error}: {document:#}");
    }
}

/// Runs the gate, and once more to see that the host is then left alone. Answers the outputs.
#[track_caller]
fn passes_and_rests(lab: &Lab, made_changed_removed: [u64; 3]) -> Outputs {
    let outputs = passes_with(lab, made_changed_removed);
    let writes = lab.writes().len();
    assert_eq!(passes(lab), [0, 0, 0]);
    assert_eq!(lab.writes()[writes..], [], "the rerun wrote to the host");
    assert_eq!(Outputs::of(lab), outputs);
    outputs
}

/// The outputs, complete and as the schema says.
#[derive(Debug, PartialEq)]
struct Outputs(BTreeMap<String, Value>);

impl Outputs {
    #[track_caller]
    fn of(lab: &Lab) -> Self {
        let outputs = Self(lab.outputs());
        let names: Vec<&str> = outputs.0.keys().map(String::as_str).collect();
        let promised = [
            "diagnostics",
            "talos_bootstrap_contract",
            "talos_bootstrap_nodes",
            "talos_control_plane_endpoints",
            "talos_node_ip_map",
            "talos_node_vmid_map",
        ];
        assert_eq!(names, promised);
        for (name, value) in &outputs.0 {
            assert!(!holds_null(value), "{name} holds null: {value:#}");
        }
        valid(&outputs.0["talos_bootstrap_contract"]);
        assert_eq!(
            outputs.nodes().into_keys().collect::<BTreeSet<_>>(),
            lab.vms().into_values().collect()
        );
        outputs
    }

    fn cluster(&self) -> &Value {
        &self.0["talos_bootstrap_contract"]["cluster"]
    }

    /// The entries of the contract by name.
    fn nodes(&self) -> BTreeMap<String, Value> {
        let nodes = self.0["talos_bootstrap_contract"]["nodes"]
            .as_array()
            .unwrap();
        let named = |node: &Value| (node["name"].as_str().unwrap().to_owned(), node.clone());
        nodes.iter().map(named).collect()
    }

    fn ways_of_assignment(&self) -> BTreeSet<String> {
        let nodes = self.nodes().into_values();
        nodes
            .map(|node| node["assigned_by"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(holds_null),
        Value::Object(members) => members.values().any(holds_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn option(lab: &Lab, vmid: u32, key: &str) -> Option<String> {
    lab.sim.world(|world| world.option(vmid, key))
}

#[test]
fn one_control_plane_alone() {
    let lab = Lab::installed();
    lab.inputs("worker_count = 0\n");
    let outputs = passes_and_rests(&lab, [1, 0, 0]);
    assert_eq!(
        outputs.0["talos_control_plane_endpoints"],
        json!(["192.168.1.11"])
    );
    assert_eq!(
        outputs.0["talos_node_vmid_map"],
        json!({"k3s-dev-control-1": 8001})
    );
}

#[test]
fn one_control_plane_and_three_workers_with_static_addresses() {
    let lab = Lab::installed();
    lab.inputs("worker_count = 3\n");
    let outputs = passes_and_rests(&lab, [4, 0, 0]);
    assert_eq!(
        outputs.ways_of_assignment(),
        ["cloud-init".to_owned()].into()
    );
    let addresses = json!({
        "k3s-dev-control-1": "192.168.1.11",
        "k3s-dev-worker-1": "192.168.1.20",
        "k3s-dev-worker-2": "192.168.1.21",
        "k3s-dev-worker-3": "192.168.1.22",
    });
    assert_eq!(outputs.0["talos_node_ip_map"], addresses);
    assert_eq!(
        option(&lab, 8012, "ipconfig0").as_deref(),
        Some("gw=192.168.1.1,ip=192.168.1.22/24")
    );
    assert!(lab.sim.world(|world| {
        world
            .vms()
            .all(|(_, vm)| vm.is_template() || vm.is_running())
    }));
}

#[test]
fn three_control_planes_share_a_virtual_address() {
    let lab = Lab::installed();
    lab.inputs("control_plane_count = 3\ncluster_vip = \"192.168.1.10\"\nworker_count = 0\n");
    let outputs = passes_and_rests(&lab, [3, 0, 0]);
    assert_eq!(
        outputs.cluster()["endpoint"],
        json!("https://192.168.1.10:6443")
    );
    let own = json!(["192.168.1.11", "192.168.1.12", "192.168.1.13"]);
    assert_eq!(outputs.0["talos_control_plane_endpoints"], own);
}

#[test]
fn reserved_addresses_come_from_dhcp() {
    let lab = Lab::installed();
    lab.inputs("address_mode = \"dhcp_reserved\"\n");
    let outputs = passes_and_rests(&lab, [3, 0, 0]);
    assert_eq!(
        outputs.ways_of_assignment(),
        ["dhcp-reservation".to_owned()].into()
    );
    assert_eq!(option(&lab, 8010, "ipconfig0"), None);
}

#[test]
fn linked_clones_pass_as_full_ones_do() {
    let lab = Lab::installed();
    // A linked clone stays on the storage of its template.
    lab.inputs("clone_mode = \"linked\"\ndisk_pool = \"local\"\n");
    passes_and_rests(&lab, [3, 0, 0]);
    let full: Vec<_> = lab
        .writes()
        .into_iter()
        .filter(|write| write.path.ends_with("/clone"))
        .flat_map(|write| write.parameters)
        .filter(|(name, _)| name == "full")
        .collect();
    assert_eq!(full, vec![("full".to_owned(), "0".to_owned()); 3]);
}

#[test]
fn a_disk_grows_in_place() {
    let lab = Lab::installed();
    let before = passes_with(&lab, [3, 0, 0]);
    lab.inputs("node_overrides = { k3s-dev-worker-1 = { disk_gb = 64 } }\n");
    let after = passes_and_rests(&lab, [0, 1, 0]);
    assert_eq!(
        after.nodes(),
        before.nodes(),
        "the bootstrap sees no difference"
    );
    let size = |vmid| {
        let disk = option(&lab, vmid, "scsi0").unwrap();
        let size = disk.split(',').find_map(|part| part.strip_prefix("size="));
        size.unwrap().to_owned()
    };
    assert_eq!([size(8010), size(8011)], ["64G", "40G"]);
}

#[test]
fn the_second_of_three_named_workers_goes_alone() {
    let lab = Lab::installed();
    let named = |names: &[&str]| {
        let entries: Vec<String> = names.iter().map(|name| format!("{name} = {{}}")).collect();
        lab.inputs(&format!(
            "worker_count = 0\nworkers = {{ {} }}\n",
            entries.join(", ")
        ));
    };
    named(&["worker-1", "worker-2", "worker-3"]);
    let mut nodes = passes_with(&lab, [4, 0, 0]).nodes();
    named(&["worker-1", "worker-3"]);
    let after = passes_and_rests(&lab, [0, 0, 1]).nodes();
    assert!(nodes.remove("k3s-dev-worker-2").is_some());
    assert_eq!(after, nodes, "no other entry changed");
}

#[test]
fn more_and_fewer_workers_leave_the_others_alone() {
    let lab = Lab::installed();
    lab.inputs("worker_count = 1\n");
    let few = passes_with(&lab, [2, 0, 0]).nodes();
    lab.inputs("worker_count = 3\n");
    let mut many = passes_with(&lab, [2, 0, 0]).nodes();
    lab.inputs("worker_count = 1\n");
    assert_eq!(passes_and_rests(&lab, [0, 0, 2]).nodes(), few);
    many.retain(|name, _| few.contains_key(name));
    assert_eq!(many, few, "no other entry changed");
}
