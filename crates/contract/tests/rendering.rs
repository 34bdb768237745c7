//! The renderers: each form of each kind of cluster as a golden file, read back by parsers that know nothing of them.

use contract::handoff::{self, BootstrapContract, Rendering, patches, render};
use contract::{example_values, topology};
use serde_json::{Value as Json, json};

type Inputs = Vec<(&'static str, &'static str)>;

/// `siderolabs/nvidia-container-toolkit-lts` and `siderolabs/nvidia-open-gpu-kernel-modules-lts`.
const NVIDIA: &str = r#""86a5d7c9beb23b4aea2777e44ca06c8c2ceea8a874ccd2b9a6743c4f734329e0""#;

fn document(inputs: &Inputs) -> BootstrapContract {
    let topology =
        topology(&example_values(inputs)).unwrap_or_else(|findings| panic!("{findings:#?}"));
    handoff::of_topology(&topology)
}

/// Three control planes with a VIP, a worker, a GPU worker, static addresses.
fn large() -> Inputs {
    vec![
        ("control_plane_count", "3"),
        ("worker_count", "1"),
        ("cluster_vip", r#""192.168.1.10""#),
        ("nameservers", r#"["192.168.1.1", "192.168.1.2"]"#),
        ("gpu_worker_template", r#""talos-v1.13-nocloud-nvidia""#),
        (
            "gpu_workers",
            r#"{"trainer-1": {"gpus": [{"mapping": "gpu0"}]}}"#,
        ),
        ("gpu_schematic_id", NVIDIA),
    ]
}

/// The metal image: no cloud-init drive, so a DHCP server gives the addresses.
fn metal() -> Inputs {
    vec![
        ("address_mode", r#""dhcp_reserved""#),
        ("talos_platform", r#""metal""#),
        ("network_gateway", "null"),
        ("cluster_vip", r#""192.168.1.10""#),
        ("worker_count", "1"),
    ]
}

fn of_minor(minor: &'static str, mut inputs: Inputs) -> Inputs {
    inputs.push(("talos_version", minor));
    inputs.push(("kubernetes_version", "null"));
    inputs
}

fn on_1_14(mut inputs: Inputs) -> Inputs {
    inputs.push(("talos_version", r#""v1.14.0""#));
    inputs.push(("kubernetes_version", r#""v1.36.3""#));
    inputs
}

macro_rules! golden {
    ($($name:ident: $inputs:expr, $rendering:ident;)*) => {
        $(
            #[test]
            fn $name() {
                let text = render(&document(&$inputs), Rendering::$rendering);
                insta::assert_snapshot!(text);
            }
        )*
    };
}

golden! {
    json_of_a_large_cluster: large(), Json;
    yaml_of_a_large_cluster: large(), Yaml;
    talconfig_of_a_small_cluster: Inputs::new(), Talconfig;
    talconfig_of_a_large_cluster: large(), Talconfig;
    talconfig_of_metal_nodes: metal(), Talconfig;
    talosctl_for_talos_1_11: of_minor(r#""v1.11.6""#, large()), Talosctl;
    talosctl_for_talos_1_13: large(), Talosctl;
    talosctl_for_talos_1_13_metal: metal(), Talosctl;
    talosctl_for_talos_1_14: on_1_14(large()), Talosctl;
    env_of_a_large_cluster: large(), Env;
    env_of_a_small_cluster: Inputs::new(), Env;
    hosts_of_a_large_cluster: large(), Hosts;
    dhcp_for_dnsmasq: large(), DhcpDnsmasq;
    dhcp_for_kea: large(), DhcpKea;
    dhcp_for_isc: large(), DhcpIsc;
}

fn read_yaml(text: &str) -> Json {
    serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

#[test]
fn json_and_yaml_hold_the_document_and_nothing_else() {
    for inputs in [Inputs::new(), large(), metal()] {
        let document = document(&inputs);
        let plain = document.to_value().to_json();
        let json: Json = serde_json::from_str(&render(&document, Rendering::Json)).expect("JSON");
        assert_eq!(json, plain);
        assert_eq!(read_yaml(&render(&document, Rendering::Yaml)), plain);
    }
}

#[test]
fn every_form_is_the_same_on_every_run() {
    for rendering in Rendering::ALL {
        let once = render(&document(&large()), rendering);
        assert_eq!(once, render(&document(&large()), rendering));
        assert!(
            once.ends_with('\n') && !once.ends_with("\n\n"),
            "{rendering:?}"
        );
    }
}

#[test]
fn the_vip_is_no_endpoint_of_talosctl_and_no_host() {
    let document = document(&large());
    let script = render(&document, Rendering::Talosctl);
    let line = script
        .lines()
        .find(|line| line.contains("config endpoint"))
        .expect("it is there");
    assert_eq!(
        line.trim(),
        "talosctl config endpoint 192.168.1.11 192.168.1.12 192.168.1.13"
    );
    for rendering in [
        Rendering::Hosts,
        Rendering::DhcpDnsmasq,
        Rendering::DhcpIsc,
        Rendering::DhcpKea,
    ] {
        assert!(
            !render(&document, rendering).contains("192.168.1.10"),
            "{rendering:?}"
        );
    }
}

#[test]
fn bootstrap_is_run_on_the_bootstrap_node_alone() {
    let script = render(&document(&large()), Rendering::Talosctl);
    let calls: Vec<&str> = script
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with("talosctl bootstrap"))
        .collect();
    assert_eq!(
        calls,
        ["talosctl bootstrap --nodes 192.168.1.11 --endpoints 192.168.1.11"]
    );
}

/// The names of the documents in one node's patches, by minor; the network's became documents with Talos 1.12, kernel modules
/// with 1.14.
#[test]
fn patches_take_the_form_of_their_minor() {
    let network = ["HostnameConfig", "LinkConfig", "ResolverConfig"];
    let modules = ["KernelModuleConfig"; 4];
    let v1 = ["v1alpha1"];
    let table = [
        (
            of_minor(r#""v1.11.6""#, large()),
            [&v1[..], &v1, &[]].concat(),
        ),
        (
            of_minor(r#""v1.12.4""#, large()),
            [&v1[..], &network].concat(),
        ),
        (large(), [&v1[..], &network].concat()),
        (on_1_14(large()), [&modules[..], &network].concat()),
    ];
    for (inputs, kinds) in table {
        let document = document(&inputs);
        let gpu = document
            .nodes
            .iter()
            .find(|node| node.gpu.is_some())
            .expect("a GPU worker");
        assert_eq!(
            kinds_of(&patches::node(&document, gpu)),
            kinds,
            "{}",
            document.cluster.talos_version
        );
    }
}

fn kinds_of(patches: &str) -> Vec<String> {
    let documents = patches.split("---\n").map(read_yaml);
    documents
        .map(|patch| {
            patch
                .get("kind")
                .and_then(Json::as_str)
                .unwrap_or("v1alpha1")
                .to_owned()
        })
        .collect()
}

#[test]
fn auto_off_reaches_talos_as_text() {
    let document = document(&Inputs::new());
    let patch = patches::node(&document, &document.nodes[0]);
    assert!(patch.contains("auto: \"off\"\n"), "{patch}");
    assert_eq!(
        read_yaml(patch.split("---\n").next().unwrap_or_default())["auto"],
        json!("off")
    );
}

#[test]
fn only_control_planes_get_the_vip() {
    for inputs in [of_minor(r#""v1.11.6""#, large()), large(), on_1_14(large())] {
        let document = document(&inputs);
        for node in &document.nodes {
            let has_vip = patches::node(&document, node).contains("192.168.1.10\"");
            assert_eq!(
                has_vip,
                node.role == contract::Role::Controlplane,
                "{}",
                node.name
            );
        }
    }
}

#[test]
fn scaling_workers_changes_no_other_line_of_a_talconfig() {
    let config = |count: &'static str| {
        read_yaml(&render(
            &document(&vec![("worker_count", count)]),
            Rendering::Talconfig,
        ))
    };
    let (two, three) = (config("2"), config("3"));
    let nodes = |config: &Json| config["nodes"].as_array().expect("a list").clone();
    assert_eq!(nodes(&three).len(), nodes(&two).len() + 1);
    assert!(nodes(&two).iter().all(|node| nodes(&three).contains(node)));
}

/// No parser of dnsmasq or ISC is at hand; each line is taken apart here by the rules of their manuals.
#[test]
fn reservations_are_the_same_in_every_form() {
    let document = document(&large());
    let expected: Vec<[String; 3]> = document
        .nodes
        .iter()
        .map(|node| {
            [
                node.mac.to_lowercase(),
                node.address.clone(),
                node.name.clone(),
            ]
        })
        .collect();
    let without_comments = |rendering| {
        let text = render(&document, rendering);
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(str::to_owned).collect::<Vec<_>>()
    };
    let dnsmasq = without_comments(Rendering::DhcpDnsmasq);
    let dnsmasq: Vec<Vec<&str>> = dnsmasq
        .iter()
        .map(|line| {
            line.strip_prefix("dhcp-host=")
                .expect("a reservation")
                .split(',')
                .collect()
        })
        .collect();
    assert_eq!(dnsmasq, expected);

    let isc = without_comments(Rendering::DhcpIsc).join(" ");
    let isc: Vec<Vec<&str>> = isc
        .split_terminator('}')
        .map(|host| {
            let words: Vec<&str> = host
                .split([' ', ';', '{', '"'])
                .filter(|word| !word.is_empty())
                .collect();
            let [
                _,
                _,
                "hardware",
                "ethernet",
                mac,
                "fixed-address",
                address,
                "option",
                "host-name",
                name,
            ] = words[..]
            else {
                panic!("{words:?}")
            };
            vec![mac, address, name]
        })
        .collect();
    assert_eq!(isc, expected);

    let kea: Json = serde_json::from_str(&render(&document, Rendering::DhcpKea)).expect("JSON");
    let kea: Vec<[&str; 3]> = kea["reservations"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|it| {
            ["hw-address", "ip-address", "hostname"].map(|key| it[key].as_str().unwrap_or_default())
        })
        .collect();
    assert_eq!(kea, expected);
}
