//! What inputs bring about, as the whole list of codes: each row is the smallest complete inputs and a change.

use contract::{Code, check, example_values};

use Code::{
    AddressOutsideNetwork, AddressStartRequired, AddressTaken, AddressUnusable, AttributeUnknown,
    ControlPlaneEven, ControlPlaneMany, ControlPlaneSmall, EndpointSingleNode, GatewayRequired,
    GpuMissing, GpuSchematicPlain, GpuSource, GpuTemplateMissing, InputRequired, InputUnknown,
    KubernetesVersionRequired, ListDuplicate, MacDuplicate, NetworkOverlap, NocloudNetworkBug,
    NodeNameDuplicate, NodeNameTooLong, NotEvaluated, NumberOutOfRange, OverrideUnknownNode,
    PciDuplicate, PodNetworkTooSmall, SchematicRelease, SlotMissing, SlotOutOfRange,
    TalosVersionUnknown, TlsConflict, TypeMismatch, VersionForm, VersionPair, VersionPrerelease,
    VmidDuplicate, VmidIsTemplate,
};

type Row = (&'static [(&'static str, &'static str)], &'static [Code]);

const GPU: (&str, &str) = ("gpu_worker_template", r#""talos-gpu""#);
const DRIVER: (&str, &str) = (
    "gpu_schematic_id",
    r#""26124abcbd408be693df9fe852c80ef1e6cc178e34d7d7d8430a28d1130b4227""#,
);

/// `siderolabs/qemu-guest-agent` and nothing else.
const AGENT: (&str, &str) = (
    "gpu_schematic_id",
    r#""ce4c980550dd2ab1b17bbf2b08801c7eb59418eafe8f279833297925d67c7515""#,
);

const ROWS: &[Row] = &[
    // Networks: one is inside the other, they are equal, they touch.
    (
        &[("cluster_cidr", r#""192.168.0.0/16""#)],
        &[NetworkOverlap],
    ),
    (&[("service_cidr", r#""10.244.0.0/16""#)], &[NetworkOverlap]),
    (&[("cluster_cidr", r#""192.168.2.0/24""#)], &[]),
    (&[("cluster_cidr", r#""10.112.0.0/16""#)], &[]),
    (&[("cluster_cidr", r#""10.111.0.0/16""#)], &[NetworkOverlap]),
    // The edges of the node network.
    (&[("network_gateway", r#""192.168.1.254""#)], &[]),
    (
        &[("network_gateway", r#""192.168.1.0""#)],
        &[AddressUnusable],
    ),
    (
        &[("network_gateway", r#""192.168.2.0""#)],
        &[AddressOutsideNetwork],
    ),
    (&[("cluster_vip", r#""192.168.1.1""#)], &[AddressTaken]),
    (
        &[("cluster_vip", r#""192.168.2.10""#)],
        &[AddressOutsideNetwork],
    ),
    (&[("network_gateway", r#""192.168.1.11""#)], &[AddressTaken]),
    (
        &[
            ("node_address_start", r#""192.168.1.0""#),
            ("network_gateway", r#""192.168.1.254""#),
        ],
        &[],
    ),
    (
        &[("node_address_start", r#""192.168.1.0""#)],
        &[AddressTaken],
    ),
    (
        &[
            ("node_address_start", r#""192.168.1.253""#),
            ("control_plane_count", "3"),
            ("cluster_vip", r#""192.168.1.9""#),
        ],
        &[AddressUnusable, AddressOutsideNetwork],
    ),
    (
        &[("node_address_start", r#""192.168.2.0""#)],
        &[AddressOutsideNetwork, AddressOutsideNetwork],
    ),
    (
        &[
            ("node_address_start", r#""223.255.255.255""#),
            ("cluster_network_cidr", r#""223.255.255.0/24""#),
            ("network_gateway", r#""223.255.255.1""#),
        ],
        &[AddressOutsideNetwork],
    ),
    (
        &[("cluster_network_cidr", r#""192.168.1.0/25""#)],
        &[AddressStartRequired],
    ),
    // Where the addresses start is not guessed in so small a network, so nothing is said of those of the nodes.
    (
        &[
            ("cluster_network_cidr", r#""192.168.1.0/25""#),
            ("workers", r#"{"builder": {"slot": 200}}"#),
        ],
        &[AddressStartRequired],
    ),
    (
        &[("network_gateway", "null"), ("node_address_start", "null")],
        &[GatewayRequired],
    ),
    // A name of 63 characters, and one of 64.
    (
        &[(
            "workers",
            r#"{"a234567890123456789012345678901234567890123456789012b-5": {}}"#,
        )],
        &[],
    ),
    (
        &[(
            "workers",
            r#"{"a2345678901234567890123456789012345678901234567890123b-5": {}}"#,
        )],
        &[NodeNameTooLong],
    ),
    // Counts.
    (
        &[
            ("control_plane_count", "5"),
            ("cluster_vip", r#""192.168.1.10""#),
        ],
        &[],
    ),
    (
        &[
            ("control_plane_count", "6"),
            ("cluster_vip", r#""192.168.1.10""#),
        ],
        &[ControlPlaneEven, ControlPlaneMany],
    ),
    (
        &[
            ("control_plane_count", "9"),
            ("cluster_vip", r#""192.168.1.10""#),
        ],
        &[ControlPlaneMany],
    ),
    (
        &[
            ("control_plane_count", "4"),
            ("cluster_vip", r#""192.168.1.10""#),
        ],
        &[ControlPlaneEven],
    ),
    (
        &[("control_plane_count", "2")],
        &[ControlPlaneEven, EndpointSingleNode],
    ),
    (
        &[("control_plane_count", "10")],
        &[NumberOutOfRange, NotEvaluated],
    ),
    (&[("worker_count", "90")], &[]),
    (&[("worker_count", "91")], &[NumberOutOfRange, NotEvaluated]),
    (
        &[
            ("worker_count", "90"),
            ("cluster_cidr", r#""10.244.0.0/18""#),
        ],
        &[PodNetworkTooSmall],
    ),
    (
        &[
            ("worker_count", "63"),
            ("cluster_cidr", r#""10.244.0.0/18""#),
        ],
        &[],
    ),
    // Names and slots.
    (&[("workers", r#"{"worker-1": {}, "worker-3": {}}"#)], &[]),
    (&[("workers", r#"{"worker-91": {}}"#)], &[SlotOutOfRange]),
    (&[("workers", r#"{"worker-0": {}}"#)], &[SlotOutOfRange]),
    (
        &[("workers", r#"{"builder": {"vmid": 7000}}"#)],
        &[SlotMissing],
    ),
    (
        &[(
            "workers",
            r#"{"builder": {"vmid": 7000, "address": "192.168.1.77"}}"#,
        )],
        &[],
    ),
    (
        &[("workers", r#"{"a-1": {}, "b-1": {}}"#)],
        &[VmidDuplicate, AddressTaken],
    ),
    (&[("workers", r#"{"a-1": {}, "b-1": {"slot": 12}}"#)], &[]),
    (
        &[("workers", r#"{"control-1": {"slot": 12}}"#)],
        &[NodeNameDuplicate],
    ),
    (
        &[("workers", r#"{"worker-1": null}"#)],
        &[Code::ElementNull, NotEvaluated],
    ),
    (
        &[("node_overrides", r#"{"k3s-dev-worker-1": {}}"#)],
        &[OverrideUnknownNode],
    ),
    (
        &[("node_overrides", r#"{"k3s-dev-control-1": {"vmid": 99}}"#)],
        &[NumberOutOfRange, NotEvaluated],
    ),
    (
        &[(
            "node_overrides",
            r#"{"k3s-dev-control-1": {"cores": 1, "memory_mb": 1024}}"#,
        )],
        &[ControlPlaneSmall, ControlPlaneSmall],
    ),
    (
        &[
            ("worker_count", "1"),
            (
                "node_overrides",
                r#"{"k3s-dev-worker-1": {"cores": 1, "memory_mb": 1024}}"#,
            ),
        ],
        &[],
    ),
    (
        &[("worker_count", "1"), ("worker_template", "8010")],
        &[VmidIsTemplate],
    ),
    (
        &[(
            "node_overrides",
            r#"{"k3s-dev-control-1": {"template": 8001}}"#,
        )],
        &[VmidIsTemplate],
    ),
    (
        &[
            ("worker_count", "1"),
            (
                "node_overrides",
                r#"{"k3s-dev-worker-1": {"mac": "bc:24:11:61:a2:0c"}}"#,
            ),
        ],
        &[MacDuplicate],
    ),
    // GPUs.
    (
        &[GPU, DRIVER, ("gpu_worker_pci_bdfs", r#"["0000:03:00"]"#)],
        &[],
    ),
    (
        &[
            GPU,
            DRIVER,
            ("gpu_worker_pci_bdfs", r#"["0000:03:00.0", "0000:03:00.0"]"#),
        ],
        &[NodeNameDuplicate, PciDuplicate],
    ),
    (
        &[
            GPU,
            DRIVER,
            ("gpu_worker_pci_bdfs", r#"["0000:03:00.0", "0000:03:01.0"]"#),
        ],
        &[VmidDuplicate, AddressTaken],
    ),
    (
        &[GPU, DRIVER, ("gpu_worker_pci_bdfs", r#"["0000:a0:00.0"]"#)],
        &[AddressOutsideNetwork],
    ),
    (
        &[
            GPU,
            DRIVER,
            (
                "gpu_workers",
                r#"{"t-1": {"gpus": [{"bdf": "0000:03:00.0"}, {"bdf": "0000:03:00.1"}]}}"#,
            ),
        ],
        &[],
    ),
    (
        &[
            GPU,
            DRIVER,
            (
                "gpu_workers",
                r#"{"t-1": {"gpus": [{"bdf": "0000:03:00"}, {"bdf": "0000:03:00.1"}]}}"#,
            ),
        ],
        &[PciDuplicate],
    ),
    (
        &[
            GPU,
            DRIVER,
            (
                "gpu_workers",
                r#"{"t-1": {"gpus": [{"bdf": "0000:03:00.0"}]}, "t-2": {"gpus": [{"bdf": "0000:03:00.1"}]}}"#,
            ),
        ],
        &[PciDuplicate],
    ),
    (
        &[GPU, DRIVER, ("gpu_workers", r#"{"t-1": {"gpus": [{}]}}"#)],
        &[GpuSource],
    ),
    (
        &[GPU, DRIVER, ("gpu_workers", r#"{"t-1": {"gpus": []}}"#)],
        &[GpuMissing],
    ),
    (
        &[
            GPU,
            ("gpu_workers", r#"{"t-1": {"gpus": [{"mapping": "gpu0"}]}}"#),
        ],
        &[GpuSchematicPlain],
    ),
    // An extension that the release lacks, in either schematic.
    (
        &[(
            "gpu_schematic_id",
            r#""0412a9a6369c0fb55e913cdfcbf4ad6ca3fab6e56ab71198ec4b58ad7e7a4ddd""#,
        )],
        &[SchematicRelease],
    ),
    (
        &[(
            "talos_schematic_id",
            r#""0412a9a6369c0fb55e913cdfcbf4ad6ca3fab6e56ab71198ec4b58ad7e7a4ddd""#,
        )],
        &[SchematicRelease],
    ),
    // A schematic without a driver, one of which nothing is known, and one for a release that is not known.
    (
        &[
            GPU,
            AGENT,
            ("gpu_workers", r#"{"t-1": {"gpus": [{"mapping": "gpu0"}]}}"#),
        ],
        &[GpuSchematicPlain],
    ),
    (
        &[
            GPU,
            (
                "gpu_schematic_id",
                r#""0000000000000000000000000000000000000000000000000000000000000000""#,
            ),
            ("gpu_workers", r#"{"t-1": {"gpus": [{"mapping": "gpu0"}]}}"#),
        ],
        &[],
    ),
    (
        &[
            DRIVER,
            (
                "gpu_workers",
                r#"{"t-1": {"gpus": [{"mapping": "gpu0"}], "template": "talos-gpu"}}"#,
            ),
        ],
        &[],
    ),
    (
        &[
            DRIVER,
            ("gpu_workers", r#"{"t-1": {"gpus": [{"mapping": "gpu0"}]}}"#),
        ],
        &[GpuTemplateMissing],
    ),
    (
        &[
            GPU,
            DRIVER,
            ("gpu_worker_pci_bdfs", r#"["0000:03:00.0"]"#),
            ("proxmox_api_token_id", r#""a@pve!tf""#),
            ("proxmox_username", r#""root@pam""#),
        ],
        &[],
    ),
    (
        &[
            GPU,
            DRIVER,
            ("proxmox_api_token_id", r#""a@pve!tf""#),
            (
                "gpu_workers",
                r#"{"t-1": {"gpus": [{"bdf": "0000:03:00.0"}]}}"#,
            ),
        ],
        &[],
    ),
    (
        &[
            GPU,
            DRIVER,
            ("gpu_worker_pci_bdfs", r#"["0000:03:00.0"]"#),
            (
                "node_overrides",
                r#"{"k3s-dev-gpu-0300": {"gpus": [{"mapping": "gpu0"}]}}"#,
            ),
        ],
        &[],
    ),
    (
        &[
            GPU,
            DRIVER,
            (
                "gpu_workers",
                r#"{"t-900": {"gpus": [{"mapping": "gpu0"}]}}"#,
            ),
        ],
        &[SlotOutOfRange],
    ),
    (
        &[
            GPU,
            DRIVER,
            (
                "gpu_workers",
                r#"{"t-899": {"gpus": [{"mapping": "gpu0"}]}}"#,
            ),
        ],
        &[AddressOutsideNetwork],
    ),
    // Versions: the ends of a window, and both forms.
    (&[("kubernetes_version", r#""1.36.99""#)], &[]),
    (&[("kubernetes_version", r#""v1.37.0""#)], &[VersionPair]),
    (
        &[("kubernetes_version", r#""v1.36.0-rc.0""#)],
        &[VersionPrerelease],
    ),
    (
        &[
            ("talos_version", r#""v1.6.0""#),
            ("kubernetes_version", r#""v1.24.0""#),
        ],
        &[],
    ),
    (
        &[
            ("talos_version", r#""v1.6.0""#),
            ("kubernetes_version", r#""v1.23.9""#),
        ],
        &[VersionPair],
    ),
    (
        &[("talos_version", r#""v1.14.0""#)],
        &[KubernetesVersionRequired],
    ),
    (
        &[("talos_version", r#""v2.13.0""#)],
        &[TalosVersionUnknown, KubernetesVersionRequired],
    ),
    (&[("talos_version", r#""v1.8.2""#)], &[]),
    (&[("talos_version", r#""v1.8.3""#)], &[NocloudNetworkBug]),
    (
        &[("talos_version", r#""v1.9.0-alpha.2""#)],
        &[VersionPrerelease, NocloudNetworkBug],
    ),
    (
        &[("talos_version", r#""v1.9.0-alpha.3""#)],
        &[VersionPrerelease],
    ),
    (
        &[
            ("talos_version", r#""v1.8.3""#),
            ("address_mode", r#""dhcp_reserved""#),
        ],
        &[],
    ),
    (
        &[("talos_version", r#""latest""#)],
        &[VersionForm, NotEvaluated],
    ),
    // Trust.
    (
        &[
            ("proxmox_tls_ca_file", r#""/ca.pem""#),
            ("proxmox_tls_insecure", "true"),
        ],
        &[TlsConflict],
    ),
    (&[("proxmox_tls_insecure", "true")], &[]),
    // Shapes.
    (
        &[("node", "null"), ("disk_pool", "null")],
        &[InputRequired, InputRequired],
    ),
    (&[("worker_count", "null"), ("cpu_type", "null")], &[]),
    (&[("proxmox_user", r#""root@pam""#)], &[InputUnknown]),
    (&[("workers", "[]")], &[TypeMismatch, NotEvaluated]),
    (
        &[("workers", r#"{"worker-1": {"gpus": []}}"#)],
        &[AttributeUnknown, NotEvaluated],
    ),
    (
        &[("nameservers", r#"["192.168.1.1", "192.168.1.1"]"#)],
        &[ListDuplicate, NotEvaluated],
    ),
];

#[test]
fn every_change_brings_exactly_these_findings() {
    for (change, expected) in ROWS {
        let findings = check(&example_values(change));
        let codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, *expected, "{change:?}\n{findings:#?}");
    }
}

/// The example of the earlier contract, with the four lines that `check` asks for.
#[test]
fn an_old_file_works_with_the_lines_that_the_findings_name() {
    let old: &[(&str, &str)] = &[
        ("disk_pool", r#""local-lvm""#),
        ("cluster_network_cidr", "null"),
        ("network_gateway", "null"),
        ("talos_version", "null"),
        (
            "proxmox_api_url",
            r#""https://proxmox.example:8006/api2/json""#,
        ),
        ("proxmox_api_token_id", r#""token@pve!terraform""#),
        ("env_name", r#""k3s-dev""#),
        ("node", r#""pve""#),
        ("control_plane_template", r#""talos-template""#),
        ("worker_count", "1"),
        ("worker_template", r#""talos-template""#),
        ("gpu_worker_pci_bdfs", "[]"),
        ("gpu_worker_template", r#""talos-template""#),
        (
            "ssh_authorized_keys",
            r#"["ssh-rsa AAAA user@example.com"]"#,
        ),
        ("ssh_public_key_comment", r#""""#),
        ("cluster_cidr", r#""10.42.0.0/16""#),
        ("service_cidr", r#""10.43.0.0/16""#),
        ("network_bridge", r#""vmbr0""#),
    ];
    let named = |findings: &[contract::Finding]| -> Vec<String> {
        let errors = findings.iter().filter(|finding| finding.is_error());
        errors.map(|finding| finding.path.to_string()).collect()
    };
    let first = check(&example_values(old));
    assert_eq!(
        named(&first),
        ["cluster_network_cidr", "talos_version", "network_gateway"]
    );
    let lines = [
        ("cluster_network_cidr", r#""192.168.1.0/24""#),
        ("network_gateway", r#""192.168.1.1""#),
        ("talos_version", r#""v1.13.9""#),
    ];
    let mended = check(&example_values(&[old, lines.as_slice()].concat()));
    assert_eq!(named(&mended), Vec::<String>::new());
    assert!(
        mended
            .iter()
            .all(|finding| finding.code == Code::InputDeprecated),
        "{mended:#?}"
    );
}

/// The network that the help of an overlap suggests.
fn suggested_network(help: &str) -> &str {
    help.rsplit('"')
        .nth(1)
        .expect("the help ends with a line to type")
}

#[test]
fn an_overlap_suggests_a_free_private_network_of_that_size() {
    let suggested: [(&[(&str, &str)], &str); 6] = [
        (&[("cluster_cidr", r#""192.168.0.0/16""#)], "10.244.0.0/16"),
        (&[("service_cidr", r#""10.244.0.0/16""#)], "10.96.0.0/16"),
        // None smaller than a /24 is needed.
        (&[("service_cidr", r#""10.244.0.0/26""#)], "10.96.0.0/24"),
        // The usual ones, cut to this size.
        (
            &[
                ("cluster_cidr", r#""10.96.0.0/12""#),
                ("service_cidr", r#""10.96.0.0/12""#),
            ],
            "10.240.0.0/12",
        ),
        (
            &[
                ("cluster_network_cidr", r#""10.0.0.0/8""#),
                ("service_cidr", r#""192.168.0.0/16""#),
            ],
            "172.16.0.0/16",
        ),
        // Smaller where there is none so large.
        (
            &[
                ("cluster_network_cidr", r#""10.0.0.0/8""#),
                ("cluster_cidr", r#""172.16.0.0/12""#),
                ("service_cidr", r#""172.16.0.0/12""#),
            ],
            "192.168.0.0/16",
        ),
    ];
    for (inputs, network) in suggested {
        let findings = check(&example_values(inputs));
        let overlap = findings.iter().find(|one| one.code == NetworkOverlap);
        let help = &overlap.expect("they overlap").help;
        assert_eq!(suggested_network(help), network, "{inputs:?}");
    }
}

#[test]
fn the_first_fifty_unknown_names_are_compared_with_those_of_nodes() {
    let unknown: Vec<String> = (10..70)
        .map(|number| format!("\"k3s-dev-control-{number}\": {{}}"))
        .collect();
    let overrides = format!("{{{}}}", unknown.join(", "));
    let findings = check(&example_values(&[("node_overrides", &overrides)]));
    let helps: Vec<&str> = findings
        .iter()
        .filter(|finding| finding.code == OverrideUnknownNode)
        .map(|finding| finding.help.as_str())
        .collect();
    let (near, rest) = helps.split_at(50);
    assert_eq!(near, ["did you mean `k3s-dev-control-1`?"; 50]);
    assert_eq!(rest, ["remove the entry, or make the node"; 10]);
}

#[test]
fn the_network_that_an_overlap_suggests_mends_it() {
    let taken = [
        "10.0.0.0/8",
        "10.244.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "10.96.0.0/12",
    ];
    let mut mended = 0;
    for nodes in taken {
        for pods in taken {
            let nodes = format!("{nodes:?}");
            let pods = format!("{pods:?}");
            let gateway = nodes
                .replace(".0.0/", ".0.9/")
                .split('/')
                .next()
                .map(|a| format!("{a}\""));
            let inputs = [
                ("cluster_network_cidr", nodes.as_str()),
                (
                    "network_gateway",
                    gateway.as_deref().expect("a network has a size"),
                ),
                ("cluster_cidr", pods.as_str()),
            ];
            for finding in check(&example_values(&inputs)) {
                if finding.code != NetworkOverlap {
                    continue;
                }
                let typed = format!("{:?}", suggested_network(&finding.help));
                let values = example_values(
                    &[&inputs[..], &[(finding.path.input.as_str(), &typed)]].concat(),
                );
                let again = check(&values)
                    .into_iter()
                    .find(|other| other.code == NetworkOverlap && other.path == finding.path);
                assert_eq!(again, None, "{inputs:?} with {typed}");
                mended += 1;
            }
        }
    }
    assert!(mended > 20, "{mended}");
}
