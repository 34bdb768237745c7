//! The JSON Schema of the document.
//!
//! It allows unknown fields: a consumer that knows 1.0 reads 1.1 too. That nothing is emitted without being
//! described here is a test.

use serde_json::{Value as Json, json};

use crate::handoff::SCHEMA_VERSION;
use crate::text::Text;

/// Schema of `talos_bootstrap_contract`, version 1.
pub fn json_schema() -> Json {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "talos_bootstrap_contract",
        "description": format!(
            "What em-infra hands to the Talos bootstrap step, version {SCHEMA_VERSION}. \
             Consumers reject an unknown major version and ignore unknown fields."
        ),
        "type": "object",
        "required": ["schema_version", "cluster", "nodes"],
        "properties": {
            "schema_version": described("Major and minor version of this document.", json!({ "type": "string", "pattern": r"^1\.[0-9]+$" })),
            "cluster": cluster(),
            "nodes": described(
                "Every node, sorted by name.",
                json!({ "type": "array", "minItems": 1, "items": node() }),
            ),
        },
    })
}

fn described(description: &str, mut schema: Json) -> Json {
    schema["description"] = description.into();
    schema
}

fn cluster() -> Json {
    object(
        &["vip"],
        &[
            (
                "name",
                "Name of the Talos cluster.",
                Text::DnsLabel.json_schema(),
            ),
            (
                "endpoint",
                "URL of the Kubernetes API.",
                pattern(r"^https://[^/\s]+:[0-9]+$"),
            ),
            (
                "vip",
                "Address that the control planes share; answers only after the bootstrap.",
                address(),
            ),
            ("talos_version", "Talos version of the nodes.", version()),
            (
                "kubernetes_version",
                "Kubernetes version to bootstrap.",
                version(),
            ),
            ("pod_cidrs", "Networks of the pods.", array(&cidr())),
            ("service_cidrs", "Networks of the services.", array(&cidr())),
            ("node_cidr", "Network of the nodes.", cidr()),
            (
                "bootstrap_node",
                "The one control plane to run `talosctl bootstrap` on, once ever.",
                Text::DnsLabel.json_schema(),
            ),
            (
                "nameservers",
                "Name servers of the nodes; empty where Proxmox hands them its own.",
                array(&address()),
            ),
        ],
    )
}

fn node() -> Json {
    object(
        &["gateway", "link", "gpu"],
        &[
            (
                "name",
                "Host name of the node and name of its VM.",
                Text::DnsLabel.json_schema(),
            ),
            ("role", "Role in Talos.", words(&["controlplane", "worker"])),
            (
                "address",
                "Address at which the node answers on TCP 50000.",
                address(),
            ),
            (
                "prefix_length",
                "Size of the node network.",
                json!({ "type": "integer", "minimum": 1, "maximum": 32 }),
            ),
            ("gateway", "Gateway of the node network.", address()),
            (
                "assigned_by",
                "Who gives the node its address.",
                words(&["cloud-init", "dhcp-reservation"]),
            ),
            (
                "mac",
                "MAC address of the network card that has the address.",
                Text::Mac.json_schema(),
            ),
            (
                "link",
                "Name of that network card; absent where it is found by its MAC address.",
                json!({ "type": "string" }),
            ),
            (
                "install_disk",
                "The disk that Talos is on.",
                object(
                    &[],
                    &[("path", "Its path in the node.", pattern("^/dev/[a-z]+$"))],
                ),
            ),
            ("image", "The image the node was made from.", image()),
            ("gpu", "Present on nodes with passed-through GPUs.", gpu()),
            ("identity", "What Proxmox knows the node by.", identity()),
        ],
    )
}

fn gpu() -> Json {
    object(
        &["vendor"],
        &[
            (
                "count",
                "Number of devices.",
                json!({ "type": "integer", "minimum": 1 }),
            ),
            (
                "vendor",
                "Whose drivers the schematic carries, where em-infra knows its id.",
                words(&["nvidia", "amd", "intel"]),
            ),
        ],
    )
}

fn image() -> Json {
    object(
        &["extensions"],
        &[
            (
                "platform",
                "Talos platform; the installer is of the same.",
                words(&["nocloud", "metal"]),
            ),
            ("arch", "Architecture.", words(&["amd64", "arm64"])),
            (
                "schematic_id",
                "Image Factory schematic.",
                Text::Schematic.json_schema(),
            ),
            (
                "extensions",
                "System extensions of the schematic, sorted, where em-infra knows its id.",
                array(&pattern("^[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*$")),
            ),
            (
                "secure_boot",
                "Whether the image is signed for secure boot.",
                json!({ "type": "boolean" }),
            ),
            (
                "boot",
                "How Talos came onto the disk.",
                words(&["disk_image", "iso"]),
            ),
            (
                "installer",
                "Installer image for upgrades.",
                pattern(r"^[^\s:]+:v[0-9][^\s]*$"),
            ),
        ],
    )
}

fn identity() -> Json {
    object(
        &[],
        &[
            (
                "vmid",
                "VMID.",
                json!({ "type": "integer", "minimum": 100, "maximum": 999_999_999 }),
            ),
            (
                "proxmox_node",
                "Proxmox node that runs the VM.",
                Text::ProxmoxNode.json_schema(),
            ),
            ("smbios_uuid", "SMBIOS UUID.", Text::Uuid.json_schema()),
        ],
    )
}

/// An object whose fields are required but for those in `optional`; an optional one is absent, never null.
fn object(optional: &[&str], fields: &[(&str, &str, Json)]) -> Json {
    let required: Vec<&str> = fields
        .iter()
        .map(|(name, ..)| *name)
        .filter(|name| !optional.contains(name))
        .collect();
    let properties: serde_json::Map<String, Json> = fields
        .iter()
        .map(|(name, description, schema)| {
            ((*name).to_owned(), described(description, schema.clone()))
        })
        .collect();
    json!({ "type": "object", "required": required, "properties": properties })
}

fn array(items: &Json) -> Json {
    json!({ "type": "array", "items": items })
}

fn pattern(pattern: &str) -> Json {
    json!({ "type": "string", "pattern": pattern })
}

fn words(words: &[&str]) -> Json {
    json!({ "type": "string", "enum": words })
}

fn address() -> Json {
    Text::Address.json_schema()
}

fn cidr() -> Json {
    pattern(r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$")
}

/// In the document versions have their `v`, always.
fn version() -> Json {
    pattern(r"^v[0-9]+\.[0-9]+\.[0-9]+(-(alpha|beta|rc)\.[0-9]+)?$")
}
