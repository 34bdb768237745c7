//! The words an operator reads, as Terraform prints them under the variable's name.

use contract::{Value, check, example_values, input_error, report};

fn says(name: &str, json: &str) -> String {
    let value = Value::from_json(serde_json::from_str(json).expect("a test value is JSON"));
    input_error(name, &value).unwrap_or_else(|| "nothing".to_owned())
}

#[test]
fn an_input_says_what_is_wrong_and_what_to_type() {
    let slips = [
        ("cluster_cidr", r#""10.244.3.0/16""#),
        ("cluster_cidr", r#""10.244.0.0/30""#),
        ("cluster_cidr", r#""10.244.0.0""#),
        ("cluster_cidr", r#""300.1.1.0/24""#),
        ("cluster_network_cidr", r#""fd00::/64""#),
        ("network_gateway", r#""192.168.1.1/24""#),
        ("network_gateway", r#""127.0.0.1""#),
        (
            "gpu_worker_pci_bdfs",
            r#"["0000:0A:00.0", "03:00.0", "gpu0"]"#,
        ),
        ("worker_memory_mb", "4"),
        ("worker_memory_mb", "99999999999"),
        ("worker_count", r#""2""#),
        ("worker_count", "1.5"),
        ("proxmox_tls_insecure", r#""true""#),
        ("nameservers", r#""192.168.1.1""#),
        ("env_name", r#""K3s_Dev""#),
        ("env_name", r#"" k3s-dev""#),
        ("env_name", "null"),
        ("node", "null"),
        ("node", r#""""#),
        ("node", r#""  ""#),
        ("node", r#""pve.example.org""#),
        ("control_plane_template", r#""talos_nocloud""#),
        ("control_plane_template", r#""talos_a.-b""#),
        ("control_plane_template", "99"),
        ("control_plane_template", "9000.5"),
        ("cpu_type", r#""kvm64""#),
        ("cpu_type", r#""x86-64-v2-aes""#),
        ("address_mode", r#""dhcp""#),
        ("talos_version", r#""v1.13""#),
        ("proxmox_api_url", r#""http://pve:8006/api2/json""#),
        ("proxmox_api_url", r#""pve:8006""#),
        ("proxmox_api_url", r#""https://pve:8006/#v1""#),
        ("proxmox_api_token_id", r#""a@pve!t=0000""#),
        ("proxmox_api_token_secret", r#""a@pve!tf=0000""#),
        ("proxmox_api_token_secret", r#"" 0000""#),
        ("proxmox_api_token_id", r#"" a@pve!t=0000""#),
        ("proxmox_username", r#""root""#),
        ("proxmox_username", r#""root@pam!tf""#),
        (
            "proxmox_tls_fingerprint",
            r#""AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01""#,
        ),
        ("proxmox_tls_fingerprint", r#""AB:CD""#),
        ("disk_pool", r#""local-lvm:vm""#),
        ("disk_pool", r#""1""#),
        ("cluster_cidr", r#""10.0.0.0/4""#),
        ("worker_memory_mb", "1"),
        ("worker_memory_mb", "0"),
        ("worker_disk_gb", "4"),
        (
            "talos_schematic_id",
            r#""376567988AD370138AD8B2698212367B8EDCB69B5FD68C80BE1F2EC7D603B4BA""#,
        ),
        (
            "workers",
            r#"{"Builder 1": {"memory": 4, "mac": "BD-24-11-00-00-0A", "cores": null}}"#,
        ),
        (
            "node_overrides",
            r#"{"k3s-dev-control-1": {"mac": "BD:24:11:00:00:0A", "uuid": "7", "tags": ["A", "A"]}}"#,
        ),
        (
            "gpu_workers",
            r#"{"t-1": {"gpus": [{"bdf": "0000:03:00.0", "maping": "gpu0"}, null]}}"#,
        ),
        (
            "static_ip_map",
            r#"{"k3s-dev-control-1": "ip=192.168.1.50/24,gw=192.168.1.1"}"#,
        ),
        ("dhcp", "true"),
        ("wait_for_ip_timeout", "300"),
        ("worker_cuont", "2"),
    ];
    let said: Vec<String> = slips
        .iter()
        .map(|(name, json)| format!("{name} = {json}\n{}\n", says(name, json)))
        .collect();
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn all_faults_of_many_inputs_are_said_at_once() {
    let values = example_values(&[
        ("node", r#""pve.lan""#),
        ("worker_cuont", "2"),
        ("cluster_network_cidr", r#""192.168.1.10/24""#),
        ("cluster_cidr", r#""10.96.0.0/16""#),
        ("control_plane_count", "2"),
        ("worker_count", "1"),
        ("gpu_worker_pci_bdfs", r#"["0000:03:00.0", "0000:03:00.1"]"#),
        (
            "node_overrides",
            r#"{"worker-1": {}, "k3s-dev-control-2": {"vmid": 8001, "memory_mb": 1024}}"#,
        ),
        ("kubernetes_version", r#""v1.30.1""#),
        ("talos_platform", r#""metal""#),
    ]);
    insta::assert_snapshot!(report(&check(&values)));
}

#[test]
fn what_several_inputs_bring_about_says_what_to_type() {
    const GPU: (&str, &str) = ("gpu_worker_template", r#""talos-gpu""#);
    let slips: &[&[(&str, &str)]] = &[
        &[("control_plane_count", "2"), ("cluster_vip", "null")],
        &[("control_plane_count", "7")],
        &[("network_gateway", "null")],
        &[
            ("network_gateway", "null"),
            ("cluster_network_cidr", r#""192.168.1.0""#),
        ],
        &[("network_gateway", r#""192.168.1.0""#)],
        &[("network_gateway", r#""192.168.1.255""#)],
        &[(
            "workers",
            r#"{"a": {"slot": 20, "mac": "BC:24:11:00:00:01"}, "b": {"slot": 21, "mac": "BC:24:11:00:00:01"}}"#,
        )],
        &[("workers", r#"{"builder": {}}"#), ("worker_count", "90")],
        &[
            GPU,
            ("gpu_workers", r#"{"t-1": {"gpus": [{"mapping": "gpu0"}]}}"#),
        ],
        &[("control_plane_count", r#""three""#)],
        &[
            ("control_plane_count", "6"),
            ("cluster_vip", r#""192.168.1.9""#),
        ],
        &[("talos_version", r#""v1.x""#)],
        &[("talos_version", r#""x.13""#)],
        &[
            GPU,
            (
                "gpu_workers",
                r#"{"trainer": {"gpus": [{"mapping": "0-gpu"}]}}"#,
            ),
        ],
        &[
            GPU,
            (
                "gpu_workers",
                r#"{"trainer": {"gpus": [{"mapping": "gpu0"}]}}"#,
            ),
        ],
        &[
            GPU,
            ("gpu_worker_pci_bdfs", r#"["0000:03:00.0"]"#),
            ("node_overrides", r#"{"k3s-dev-gpu-0300": {"gpus": [{}]}}"#),
        ],
        &[
            (
                "workers",
                r#"{"a": {"slot": 20, "mac": "BC:24:11:00:00:01"}, "b": {"slot": 21, "mac": "BC:24:11:00:00:01"}}"#,
            ),
            ("node_overrides", r#"{"k3s-dev-b": {"cores": 2}}"#),
        ],
    ];
    let said = slips.iter().map(|inputs| {
        let findings = check(&example_values(inputs));
        let said: Vec<String> = findings
            .iter()
            .map(|finding| {
                format!(
                    "{}: {}: {}\n    {}",
                    finding.code, finding.path, finding.message, finding.help
                )
            })
            .collect();
        format!("{inputs:?}\n{}\n", said.join("\n"))
    });
    insta::assert_snapshot!(said.collect::<Vec<_>>().join("\n"));
}

#[test]
fn an_input_of_the_earlier_contract_says_what_takes_its_place() {
    use contract::{Replacement, replacement};

    let value = |json: &str| Value::from_json(serde_json::from_str(json).expect("JSON"));
    let become_of = |name: &str, json: &str| replacement(name, &value(json));
    assert_eq!(become_of("env_name", r#""k3s-dev""#), None);
    assert_eq!(become_of("worker_cuont", "2"), None);
    assert_eq!(become_of("static_ip_map", "{}"), Some(Replacement::Nothing));
    assert_eq!(
        become_of("wait_for_ip_timeout", "300"),
        Some(Replacement::Nothing)
    );
    assert_eq!(become_of("dhcp", "false"), Some(Replacement::Nothing));
    assert_eq!(
        become_of("dhcp", "true"),
        Some(Replacement::Line("address_mode", "dhcp_reserved".into()))
    );
    assert_eq!(
        become_of(
            "static_ip_map",
            r#"{"k3s-dev-control-1": "ip=192.168.1.50/24,gw=192.168.1.1"}"#
        ),
        Some(Replacement::Line(
            "node_overrides",
            value(r#"{"k3s-dev-control-1": {"address": "192.168.1.50"}}"#)
        ))
    );
}
