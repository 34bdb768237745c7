//! The edges of every format: the last value that passes, and the first that does not.

use contract::{Code, Network, Value, input_error};

use Code::{
    AddressForm, AddressReserved, BelowTalosMinimum, BridgeForm, ChoiceUnknown, CidrForm,
    CidrHostBits, CidrSize, CpuTypeTooOld, CpuTypeUnknown, DnsLabel, FingerprintForm,
    Ipv6Unsupported, MacForm, MacMulticast, MappingForm, NumberNotWhole, NumberOutOfRange, PciForm,
    PciUpperCase, PoolForm, ProxmoxNodeForm, SchematicForm, StorageForm, TagForm, TemplateForm,
    TextBlanks, TextControl, TextEmpty, TokenIdForm, TokenSecretForm, TypeMismatch, UrlForm,
    UsernameForm, UuidForm, VersionForm,
};

type Row = (&'static str, &'static str, Option<Code>);

const ACCESS: &[Row] = &[
    ("proxmox_api_url", r#""https://pve""#, None),
    ("proxmox_api_url", r#""https://pve:8006""#, None),
    ("proxmox_api_url", r#""https://pve:8006/""#, None),
    ("proxmox_api_url", r#""https://pve:8006/api2/json""#, None),
    ("proxmox_api_url", r#""https://pve:8006/api2/json/""#, None),
    ("proxmox_api_url", r#""https://10.0.0.1:65535""#, None),
    ("proxmox_api_url", r#""https://10.0.0.1:1""#, None),
    (
        "proxmox_api_url",
        r#""https://10.0.0.1:65536""#,
        Some(UrlForm),
    ),
    ("proxmox_api_url", r#""https://10.0.0.1:0""#, Some(UrlForm)),
    ("proxmox_api_url", r#""https://10.0.0.1:""#, Some(UrlForm)),
    (
        "proxmox_api_url",
        r#""https://10.0.0.1:008006""#,
        Some(UrlForm),
    ),
    (
        "proxmox_api_url",
        r#""https://10.0.0.1:+443""#,
        Some(UrlForm),
    ),
    ("proxmox_api_url", r#""https://[fd00::1]""#, None),
    ("proxmox_api_url", r#""https://[fd00::1]:8006""#, None),
    (
        "proxmox_api_url",
        r#""https://[fd00::g]:8006""#,
        Some(UrlForm),
    ),
    (
        "proxmox_api_url",
        r#""https://[10.0.0.1]:8006""#,
        Some(UrlForm),
    ),
    ("proxmox_api_url", r#""https://fd00::1""#, Some(UrlForm)),
    ("proxmox_api_url", r#""https://""#, Some(UrlForm)),
    ("proxmox_api_url", r#""https://-pve""#, Some(UrlForm)),
    ("proxmox_api_url", r#""https://pve./""#, Some(UrlForm)),
    (
        "proxmox_api_url",
        r#""https://pve:8006/api2""#,
        Some(UrlForm),
    ),
    (
        "proxmox_api_url",
        r#""https://root@pve:8006""#,
        Some(UrlForm),
    ),
    ("proxmox_api_url", r#""http://pve:8006""#, Some(UrlForm)),
    ("proxmox_api_url", r#""HTTPS://pve:8006""#, Some(UrlForm)),
    ("proxmox_api_token_id", r#""em-infra@pve!tf""#, None),
    (
        "proxmox_api_token_id",
        r#""em-infra@pve!t""#,
        Some(TokenIdForm),
    ),
    (
        "proxmox_api_token_id",
        r#""em-infra@pve!1t""#,
        Some(TokenIdForm),
    ),
    (
        "proxmox_api_token_id",
        r#""em-infra@p!tf""#,
        Some(TokenIdForm),
    ),
    (
        "proxmox_api_token_id",
        r#""em-infra@pve""#,
        Some(TokenIdForm),
    ),
    ("proxmox_api_token_id", r#""@pve!tf""#, Some(TokenIdForm)),
    ("proxmox_api_token_id", r#""a b@pve!tf""#, Some(TokenIdForm)),
    (
        "proxmox_api_token_id",
        r#""em-infra@pve!tf=0""#,
        Some(TokenIdForm),
    ),
    ("proxmox_api_token_secret", r#""0""#, None),
    (
        "proxmox_api_token_secret",
        r#""a!b""#,
        Some(TokenSecretForm),
    ),
    (
        "proxmox_api_token_secret",
        r#""a=b""#,
        Some(TokenSecretForm),
    ),
    (
        "proxmox_api_token_secret",
        r#""a b""#,
        Some(TokenSecretForm),
    ),
    ("proxmox_api_token_secret", r#""ab ""#, Some(TextBlanks)),
    ("proxmox_api_token_secret", r#""""#, Some(TextEmpty)),
    ("proxmox_username", r#""root@pam""#, None),
    ("proxmox_username", r#""a.b@p-1""#, None),
    ("proxmox_username", r#""root""#, Some(UsernameForm)),
    ("proxmox_username", r#""root@pam!tf""#, Some(UsernameForm)),
    ("proxmox_username", r#""root@1am""#, Some(UsernameForm)),
    ("proxmox_password", r#"" ""#, None),
    ("proxmox_password", r#""""#, Some(TextEmpty)),
    ("proxmox_tls_ca_file", r#""a""#, None),
    ("proxmox_tls_ca_file", r#"" ""#, Some(TextEmpty)),
    ("proxmox_tls_ca_file", r#""a ""#, Some(TextBlanks)),
    ("proxmox_tls_ca_file", r#""a\nb""#, Some(TextControl)),
    (
        "proxmox_tls_fingerprint",
        r#""376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4BA""#,
        None,
    ),
    (
        "proxmox_tls_fingerprint",
        r#""376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4b""#,
        Some(FingerprintForm),
    ),
    (
        "proxmox_tls_fingerprint",
        r#""376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4bg""#,
        Some(FingerprintForm),
    ),
    (
        "proxmox_tls_fingerprint",
        r#""3765:6798:8ad3:7013:8ad8:b269:8212:367b:8edc:b69b:5fd6:8c80:be1f:2ec7:d603:b4ba""#,
        Some(FingerprintForm),
    ),
    ("proxmox_tls_insecure", "true", None),
    ("proxmox_tls_insecure", "1", Some(TypeMismatch)),
];

const PLACES: &[Row] = &[
    ("env_name", r#""a""#, None),
    ("env_name", r#""0a-b9""#, None),
    ("env_name", r#""-a""#, Some(DnsLabel)),
    ("env_name", r#""a-""#, Some(DnsLabel)),
    ("env_name", r#""a.b""#, Some(DnsLabel)),
    ("env_name", r#""é""#, Some(DnsLabel)),
    (
        "env_name",
        r#""aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123""#,
        None,
    ),
    (
        "env_name",
        r#""aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234""#,
        Some(DnsLabel),
    ),
    ("node", r#""PVE-1""#, None),
    (
        "node",
        r#""aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff123""#,
        None,
    ),
    ("node", r#""-pve""#, Some(ProxmoxNodeForm)),
    ("node", r#""pve_1""#, Some(ProxmoxNodeForm)),
    (
        "node",
        r#""aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234""#,
        Some(ProxmoxNodeForm),
    ),
    ("disk_pool", r#""ab""#, None),
    ("disk_pool", r#""a.b_c-d1""#, None),
    ("disk_pool", r#""a""#, Some(StorageForm)),
    ("disk_pool", r#""1a""#, Some(StorageForm)),
    ("disk_pool", r#""a-""#, Some(StorageForm)),
    ("network_bridge", r#""a""#, None),
    ("network_bridge", r#""_vmbr.20-a""#, None),
    ("network_bridge", r#""a23456789012345""#, None),
    ("network_bridge", r#""a234567890123456""#, Some(BridgeForm)),
    ("network_bridge", r#"".a""#, Some(BridgeForm)),
    ("network_bridge", r#""vm br""#, Some(BridgeForm)),
    ("network_vlan", "1", None),
    ("network_vlan", "0", Some(NumberOutOfRange)),
    ("network_vlan", "4094", None),
    ("network_vlan", "4095", Some(NumberOutOfRange)),
    ("proxmox_pool", r#""a/b/c""#, None),
    ("proxmox_pool", r#""a/b/c/d""#, Some(PoolForm)),
    ("proxmox_pool", r#""a//b""#, Some(PoolForm)),
    ("vmid_start", "100", None),
    ("vmid_start", "99", Some(NumberOutOfRange)),
    ("vmid_start", "999998000", None),
    ("vmid_start", "999998001", Some(NumberOutOfRange)),
    ("clone_mode", r#""linked""#, None),
    ("clone_mode", r#""Linked""#, Some(ChoiceUnknown)),
    ("worker_template", r#""100""#, None),
    ("worker_template", "100", None),
    ("worker_template", "99", Some(TemplateForm)),
    ("worker_template", r#""0100""#, Some(TemplateForm)),
    ("worker_template", "999999999", None),
    ("worker_template", "1000000000", Some(TemplateForm)),
    ("worker_template", "100.5", Some(NumberNotWhole)),
    ("worker_template", r#""a.b-1""#, None),
    ("worker_template", r#""a..b""#, Some(TemplateForm)),
    ("worker_template", r#""-a""#, Some(TemplateForm)),
    ("worker_template", r#""a b""#, Some(TemplateForm)),
    ("worker_template", r#""""#, Some(TextEmpty)),
];

const SIZES: &[Row] = &[
    ("wait_for_ip_timeout", "0", None),
    ("wait_for_ip_timeout", "86400", None),
    ("wait_for_ip_timeout", "86401", Some(NumberOutOfRange)),
    ("control_plane_count", "0", Some(NumberOutOfRange)),
    ("control_plane_count", "9", None),
    ("control_plane_count", "10", Some(NumberOutOfRange)),
    ("worker_count", "-1", Some(NumberOutOfRange)),
    ("worker_count", "90", None),
    ("worker_count", "91", Some(NumberOutOfRange)),
    ("worker_count", "2.0", None),
    ("worker_count", "2.5", Some(NumberNotWhole)),
    ("control_plane_cores", "1", Some(BelowTalosMinimum)),
    ("control_plane_cores", "2", None),
    ("control_plane_cores", "513", Some(NumberOutOfRange)),
    ("control_plane_memory_mb", "2047", Some(BelowTalosMinimum)),
    ("control_plane_memory_mb", "2048", None),
    ("control_plane_memory_mb", "4194304", None),
    ("control_plane_memory_mb", "4194305", Some(NumberOutOfRange)),
    ("worker_cores", "0", Some(BelowTalosMinimum)),
    ("worker_cores", "512", None),
    ("worker_memory_mb", "1023", Some(BelowTalosMinimum)),
    ("worker_memory_mb", "1024", None),
    ("worker_disk_gb", "9", Some(BelowTalosMinimum)),
    ("worker_disk_gb", "10", None),
    ("worker_disk_gb", "65536", None),
    ("worker_disk_gb", "65537", Some(NumberOutOfRange)),
    ("cpu_type", r#""host""#, None),
    ("cpu_type", r#""custom-a""#, None),
    ("cpu_type", r#""custom-""#, Some(CpuTypeUnknown)),
    ("cpu_type", r#""custom-a b""#, Some(CpuTypeUnknown)),
    ("cpu_type", r#""EPYC-Turin""#, None),
    ("cpu_type", r#""qemu64""#, Some(CpuTypeTooOld)),
];

const NETWORKS: &[Row] = &[
    ("cluster_network_cidr", r#""10.0.0.0/8""#, None),
    ("cluster_network_cidr", r#""10.0.0.0/7""#, Some(CidrSize)),
    ("cluster_network_cidr", r#""192.168.1.248/29""#, None),
    (
        "cluster_network_cidr",
        r#""192.168.1.248/30""#,
        Some(CidrSize),
    ),
    (
        "cluster_network_cidr",
        r#""192.168.1.249/29""#,
        Some(CidrHostBits),
    ),
    (
        "cluster_network_cidr",
        r#""192.168.1.0/33""#,
        Some(CidrForm),
    ),
    (
        "cluster_network_cidr",
        r#""192.168.1.0/024""#,
        Some(CidrForm),
    ),
    (
        "cluster_network_cidr",
        r#""192.168.1.0/09""#,
        Some(CidrForm),
    ),
    (
        "cluster_network_cidr",
        r#""192.168.1.0/+8""#,
        Some(CidrForm),
    ),
    ("cluster_network_cidr", r#""192.168.1.0/""#, Some(CidrForm)),
    (
        "cluster_network_cidr",
        r#""192.168.01.0/24""#,
        Some(CidrForm),
    ),
    ("cluster_network_cidr", r#""192.168.1/24""#, Some(CidrForm)),
    (
        "cluster_network_cidr",
        r#""fd00::/64""#,
        Some(Ipv6Unsupported),
    ),
    ("cluster_network_cidr", r#""fd00::""#, Some(Ipv6Unsupported)),
    (
        "cluster_network_cidr",
        r#""0.0.0.0/8""#,
        Some(AddressReserved),
    ),
    ("cluster_network_cidr", r#""1.0.0.0/8""#, None),
    ("cluster_network_cidr", r#""126.0.0.0/8""#, None),
    (
        "cluster_network_cidr",
        r#""127.128.0.0/9""#,
        Some(AddressReserved),
    ),
    ("cluster_network_cidr", r#""169.253.0.0/16""#, None),
    (
        "cluster_network_cidr",
        r#""169.254.128.0/24""#,
        Some(AddressReserved),
    ),
    (
        "cluster_network_cidr",
        r#""169.0.0.0/8""#,
        Some(AddressReserved),
    ),
    ("cluster_network_cidr", r#""223.0.0.0/8""#, None),
    (
        "cluster_network_cidr",
        r#""239.0.0.0/8""#,
        Some(AddressReserved),
    ),
    (
        "cluster_network_cidr",
        r#""255.0.0.0/8""#,
        Some(AddressReserved),
    ),
    ("cluster_cidr", r#""10.244.0.0/24""#, None),
    ("cluster_cidr", r#""10.244.0.0/25""#, Some(CidrSize)),
    ("service_cidr", r#""10.96.0.0/12""#, None),
    ("service_cidr", r#""10.0.0.0/11""#, Some(CidrSize)),
    ("service_cidr", r#""10.96.0.0/28""#, None),
    ("service_cidr", r#""10.96.0.0/29""#, Some(CidrSize)),
    ("network_gateway", r#""1.0.0.0""#, None),
    (
        "network_gateway",
        r#""0.255.255.255""#,
        Some(AddressReserved),
    ),
    (
        "network_gateway",
        r#""127.255.255.255""#,
        Some(AddressReserved),
    ),
    ("network_gateway", r#""128.0.0.0""#, None),
    (
        "network_gateway",
        r#""169.254.255.255""#,
        Some(AddressReserved),
    ),
    ("network_gateway", r#""169.255.0.0""#, None),
    ("network_gateway", r#""223.255.255.255""#, None),
    ("network_gateway", r#""224.0.0.0""#, Some(AddressReserved)),
    ("network_gateway", r#""240.0.0.0""#, Some(AddressReserved)),
    (
        "network_gateway",
        r#""255.255.255.255""#,
        Some(AddressReserved),
    ),
    ("network_gateway", r#""192.168.1.256""#, Some(AddressForm)),
    ("network_gateway", r#""192.168.1""#, Some(AddressForm)),
    ("network_gateway", r#""192.168.1.1/24""#, Some(AddressForm)),
    ("network_gateway", r#""::1""#, Some(Ipv6Unsupported)),
    ("network_gateway", r#""fd00::1/64""#, Some(Ipv6Unsupported)),
    ("address_mode", r#""dhcp_reserved""#, None),
    ("address_mode", r#""dhcp""#, Some(ChoiceUnknown)),
];

const VERSIONS: &[Row] = &[
    ("talos_version", r#""v1.13.0""#, None),
    ("talos_version", r#""1.13.0""#, None),
    ("talos_version", r#""v1.14.0-rc.1""#, None),
    ("talos_version", r#""v1.14.0-alpha.0""#, None),
    ("talos_version", r#""v1.14.0-dev.1""#, Some(VersionForm)),
    ("talos_version", r#""v1.14.0-rc""#, Some(VersionForm)),
    ("talos_version", r#""v1.14.0-rc.x""#, Some(VersionForm)),
    ("talos_version", r#""v1.14.0-rc.1.2""#, Some(VersionForm)),
    ("talos_version", r#""v1.14.0-rc.123456""#, Some(VersionForm)),
    ("talos_version", r#""v1.14.0+a""#, Some(VersionForm)),
    ("talos_version", r#""vv1.14.0""#, Some(VersionForm)),
    ("talos_version", r#""v1.14.0-rc.12345""#, None),
    ("talos_version", r#""v1.14.99999""#, None),
    ("talos_version", r#""v1.14.100000""#, Some(VersionForm)),
    ("talos_version", r#""v1.014.0""#, Some(VersionForm)),
    (
        "talos_schematic_id",
        r#""376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4b""#,
        Some(SchematicForm),
    ),
    (
        "talos_schematic_id",
        r#""376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4bA""#,
        Some(SchematicForm),
    ),
];

/// Attributes of a node, each as the whole of an override.
const ATTRIBUTES: &[Row] = &[
    ("slot", "0", Some(NumberOutOfRange)),
    ("slot", "1", None),
    ("slot", "999", None),
    ("slot", "1000", Some(NumberOutOfRange)),
    ("startup_order", "-1", Some(NumberOutOfRange)),
    ("startup_order", "0", None),
    ("startup_order", "9999", None),
    ("startup_order", "10000", Some(NumberOutOfRange)),
    ("vmid", "999999999", None),
    ("vmid", "1000000000", Some(NumberOutOfRange)),
    ("mac", r#""00:00:00:00:00:00""#, None),
    ("mac", r#""fe:ff:ff:ff:ff:ff""#, None),
    ("mac", r#""ff:ff:ff:ff:ff:ff""#, Some(MacMulticast)),
    ("mac", r#""01:00:00:00:00:00""#, Some(MacMulticast)),
    ("mac", r#""00:00:00:00:00""#, Some(MacForm)),
    ("mac", r#""00:00:00:00:00:00:00""#, Some(MacForm)),
    ("mac", r#""0:00:00:00:00:000""#, Some(MacForm)),
    ("mac", r#""+0:00:00:00:00:00""#, Some(MacForm)),
    ("mac", r#""00:00:00:00:00:0é""#, Some(MacForm)),
    ("uuid", r#""7F1C1A52-7C1B-5D0E-9F83-0D1B8A4C2E11""#, None),
    (
        "uuid",
        r#""{7f1c1a52-7c1b-5d0e-9f83-0d1b8a4c2e11}""#,
        Some(UuidForm),
    ),
    (
        "uuid",
        r#""7f1c1a527c1b5d0e9f830d1b8a4c2e11""#,
        Some(UuidForm),
    ),
    (
        "uuid",
        r#""7f1c1a52-7c1b-5d0e-9f83-0d1b8a4c2e1""#,
        Some(UuidForm),
    ),
    ("bios", r#""ovmf""#, None),
    ("bios", r#""uefi""#, Some(ChoiceUnknown)),
    ("tags", r#"["_a", "a+b.c-d"]"#, None),
    ("tags", r#"["+a"]"#, Some(TagForm)),
    ("tags", r#"["A"]"#, Some(TagForm)),
    ("tags", r#"["a;b"]"#, Some(TagForm)),
    ("startup_order", "0", None),
    ("startup_order", "-1", Some(NumberOutOfRange)),
    ("onboot", r#""yes""#, Some(TypeMismatch)),
    ("gpus", r#"[{"bdf": "0000:03:1f.7"}]"#, None),
    ("gpus", r#"[{"bdf": "0000:03:1f"}]"#, None),
    ("gpus", r#"[{"bdf": "0000:03:20.0"}]"#, Some(PciForm)),
    ("gpus", r#"[{"bdf": "0000:03:1f.8"}]"#, Some(PciForm)),
    ("gpus", r#"[{"bdf": "0000:03:1f."}]"#, Some(PciForm)),
    ("gpus", r#"[{"bdf": "00000:03:1f.0"}]"#, Some(PciForm)),
    ("gpus", r#"[{"bdf": "0000:003:1f.0"}]"#, Some(PciForm)),
    ("gpus", r#"[{"bdf": "0000:0A:1F.0"}]"#, Some(PciUpperCase)),
    ("gpus", r#"[{"mapping": "ab"}]"#, None),
    ("gpus", r#"[{"mapping": "a"}]"#, Some(MappingForm)),
    ("gpus", r#"[{"mapping": "1a"}]"#, Some(MappingForm)),
    ("gpus", r#"[{"mapping": "a.b"}]"#, Some(MappingForm)),
];

fn value(json: &str) -> Value {
    Value::from_json(serde_json::from_str(json).expect("a row holds JSON"))
}

/// The codes at the ends of the lines of a message.
fn codes(message: &str) -> Vec<Option<Code>> {
    let code = |line: &str| Code::parse(line.rsplit_once('(')?.1.strip_suffix(')')?);
    message.lines().map(code).collect()
}

fn assert_row(name: &str, value: &Value, expected: Option<Code>) {
    let message = input_error(name, value).unwrap_or_default();
    let expected: Vec<Option<Code>> = expected.map(Some).into_iter().collect();
    assert_eq!(codes(&message), expected, "{name} = {value:?}: {message}");
}

#[test]
fn every_format_ends_where_it_should() {
    for (name, json, expected) in [ACCESS, PLACES, SIZES, NETWORKS, VERSIONS].concat() {
        assert_row(name, &value(json), expected);
    }
}

#[test]
fn the_attributes_of_nodes_end_where_they_should() {
    for (name, json, expected) in ATTRIBUTES {
        let overrides = value(&format!(r#"{{"k3s-dev-control-1": {{"{name}": {json}}}}}"#));
        assert_row("node_overrides", &overrides, *expected);
    }
}

/// The text in backticks that the help of a message ends with.
fn suggestion(message: &str) -> Option<&str> {
    let (said, _code) = message.rsplit_once(" (")?;
    said.trim_end_matches('?')
        .strip_suffix('`')?
        .rsplit_once('`')
        .map(|(_, text)| text)
}

#[test]
fn what_a_help_says_to_type_passes() {
    let mut suggested = 0;
    for (name, json, _) in [ACCESS, PLACES, SIZES, NETWORKS, VERSIONS].concat() {
        let message = input_error(name, &value(json)).unwrap_or_default();
        // A message that hides its value has no value to suggest either.
        if message.starts_with("the value") {
            continue;
        }
        let Some(text) = suggestion(&message) else {
            continue;
        };
        let typed = text
            .parse::<i64>()
            .map_or_else(|_| Value::from(text), Value::from);
        assert_eq!(
            input_error(name, &typed),
            None,
            "{name} = {json}: {message}"
        );
        suggested += 1;
    }
    assert!(suggested > 40, "{suggested}");
}

#[test]
fn the_network_around_a_machine_comes_with_its_likely_gateway() {
    let around = |address| Network::around(address);
    let is = |net: &str, gateway: &str| Some((net.to_owned(), gateway.to_owned()));
    assert_eq!(
        around("192.168.1.10/24"),
        is("192.168.1.0/24", "192.168.1.1")
    );
    assert_eq!(
        around("192.168.1.1/24"),
        is("192.168.1.0/24", "192.168.1.254")
    );
    assert_eq!(around("10.0.0.9/29"), is("10.0.0.8/29", "10.0.0.14"));
    for unusable in ["10.0.0.9/30", "127.0.0.2/8", "10.0.0.9", "fd00::1/64"] {
        assert_eq!(around(unusable), None, "{unusable}");
    }
}
