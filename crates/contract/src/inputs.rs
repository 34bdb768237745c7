//! The table of inputs: each once. Everything that names, describes or checks an input is made from it.

mod nodes;
mod retired;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub use nodes::{GPU_SOURCE, GPUS, NODE};
pub use retired::{Replacement, replacement};

use crate::input::{Default, Input, Privacy, Section};
use crate::kind::{Kind, Whole};
use crate::text::{Network, Text};

/// The id of the Image Factory schematic without customization.
pub const VANILLA_SCHEMATIC: &str =
    "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba";

/// What Talos needs to run its health check: a control plane 2 GiB and 2 cores, a worker 1 GiB and 1 core,
/// and any node 10 GiB of disk.
pub(crate) const CONTROL_PLANE_CORES_MIN: i64 = 2;
pub(crate) const CONTROL_PLANE_MEMORY_MIN: i64 = 2048;
pub(crate) const WORKER_CORES_MIN: i64 = 1;
pub(crate) const WORKER_MEMORY_MIN: i64 = 1024;
const DISK_MIN: i64 = 10;

/// As many as there are slots for them.
pub(crate) const CONTROL_PLANES_MAX: i64 = 9;

const CORES_MAX: i64 = 512;
const MEMORY_MAX: i64 = 4 * 1024 * 1024;
const DISK_MAX: i64 = 64 * 1024;

pub(crate) const WORKER_CORES: Kind = Whole::size(WORKER_CORES_MIN, CORES_MAX, "cores");
pub(crate) const WORKER_MEMORY: Kind = Whole::size(WORKER_MEMORY_MIN, MEMORY_MAX, "MiB");
pub(crate) const DISK: Kind = Whole::size(DISK_MIN, DISK_MAX, "GiB");
pub(crate) const VLAN: Kind = Whole::range(1, 4094);
pub(crate) const CLONE_MODE: Kind = Kind::Text(Text::Choice(&["full", "linked"]));

/// The input called `name`.
pub fn find(name: &str) -> Option<&'static Input> {
    static BY_NAME: LazyLock<BTreeMap<&'static str, &'static Input>> =
        LazyLock::new(|| INPUTS.iter().map(|input| (input.name, input)).collect());
    BY_NAME.get(name).copied()
}

/// Every input, section by section, in the order of the documents.
pub static INPUTS: LazyLock<Vec<Input>> = LazyLock::new(|| {
    [
        ACCESS,
        PLACEMENT,
        TEMPLATES,
        TOPOLOGY,
        NETWORK,
        VERSIONS,
        CONSENT,
        retired::DEPRECATED,
    ]
    .concat()
});

const ACCESS: &[Input] = &[
    Input::new(
        "proxmox_api_url",
        Section::Access,
        Kind::Text(Text::Url),
        "Address of the Proxmox API. Left out, it comes from `PROXMOX_VE_ENDPOINT` or `PM_API_URL`.",
    )
    .default(Default::Null)
    .example(r#""https://pve.example:8006/api2/json""#)
    .environment_only(),
    Input::new(
        "proxmox_api_token_id",
        Section::Access,
        Kind::Text(Text::TokenId),
        "Id of the API token, `user@realm!name`. Left out, it comes from `PROXMOX_VE_API_TOKEN` or `PM_API_TOKEN_ID`.",
    )
    .default(Default::Null)
    .example(r#""em-infra@pve!terraform""#)
    .environment_only(),
    Input::new(
        "proxmox_api_token_secret",
        Section::Access,
        Kind::Text(Text::TokenSecret),
        "Secret of the API token. Better left out and given as `PROXMOX_VE_API_TOKEN` or `PM_API_TOKEN_SECRET`.",
    )
    .default(Default::Null)
    .example(r#""00000000-0000-0000-0000-000000000000""#)
    .environment_only()
    .private(Privacy::Secret),
    Input::new(
        "proxmox_username",
        Section::Access,
        Kind::Text(Text::Username),
        "User to log in as instead of a token, for example `root@pam`. Left out, it comes from `PROXMOX_VE_USERNAME` or `PM_USER`.",
    )
    .default(Default::Null)
    .example(r#""root@pam""#)
    .environment_only(),
    Input::new(
        "proxmox_password",
        Section::Access,
        Kind::Text(Text::Password),
        "Password of `proxmox_username`. Better left out and given as `PROXMOX_VE_PASSWORD` or `PM_PASS`.",
    )
    .default(Default::Null)
    .example(r#""correct horse battery staple""#)
    .environment_only()
    .private(Privacy::Secret),
    Input::new(
        "proxmox_tls_ca_file",
        Section::Access,
        Kind::Text(Text::Free),
        "PEM file with the certificate authority that signed the host's certificate.",
    )
    .default(Default::Null)
    .example(r#""/etc/ssl/pve-root-ca.pem""#)
    .environment_only(),
    Input::new(
        "proxmox_tls_fingerprint",
        Section::Access,
        Kind::Text(Text::Fingerprint),
        "SHA-256 fingerprint of the host's certificate, as its Certificates page shows it.",
    )
    .default(Default::Null)
    .example(FINGERPRINT_EXAMPLE)
    .environment_only(),
    Input::new(
        "proxmox_tls_insecure",
        Section::Access,
        Kind::Bool,
        "Accept any certificate. Whoever answers then gets the token; pin the fingerprint instead. Left out, it comes from `PROXMOX_VE_INSECURE` or `PM_TLS_INSECURE`.",
    )
    .default(Default::Null)
    .example("false")
    .environment_only(),
];

const FINGERPRINT_EXAMPLE: &str = concat!(
    "\"AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:",
    "AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89\""
);

const PLACEMENT: &[Input] = &[
    Input::new(
        "env_name",
        Section::Placement,
        Kind::Text(Text::DnsLabel),
        "Name of the environment and of the Talos cluster. Every VM name starts with it, and every MAC address and UUID is derived from it.",
    )
    .default(Default::Text("k3s-dev"))
    .example(r#""k3s-dev""#),
    Input::new(
        "node",
        Section::Placement,
        Kind::Text(Text::ProxmoxNode),
        "Name of the Proxmox node that runs the VMs.",
    )
    .example(r#""pve""#),
    Input::new(
        "disk_pool",
        Section::Placement,
        Kind::Text(Text::Storage),
        "Proxmox storage for the disks of the VMs.",
    )
    .example(r#""local-lvm""#),
    Input::new(
        "network_bridge",
        Section::Placement,
        Kind::Text(Text::Bridge),
        "Bridge or vnet the VMs are connected to.",
    )
    .default(Default::Text("vmbr0"))
    .example(r#""vmbr0""#),
    Input::new(
        "network_vlan",
        Section::Placement,
        VLAN,
        "VLAN tag of the VMs' network. Left out, the traffic is untagged.",
    )
    .default(Default::Null)
    .example("20"),
    Input::new(
        "proxmox_pool",
        Section::Placement,
        Kind::Text(Text::Pool),
        "Proxmox resource pool the VMs are put into. Left out, they are in none.",
    )
    .default(Default::Null)
    .example(r#""talos""#),
    Input::new(
        "vmid_start",
        Section::Placement,
        Whole::range(crate::text::VMID_MIN, 999_998_000),
        "VMID of slot 0. A node's VMID is this plus its slot: `8000` gives the first control plane 8001 and the first worker 8010.",
    )
    .default(Default::Whole(8000))
    .example("8000"),
    Input::new(
        "clone_mode",
        Section::Placement,
        CLONE_MODE,
        "How a VM's disk is made from the template's: `full` is a copy, `linked` keeps depending on the template.",
    )
    .default(Default::Text("full"))
    .example(r#""full""#),
];

const TEMPLATES: &[Input] = &[
    Input::new(
        "control_plane_template",
        Section::Templates,
        Kind::Text(Text::Template),
        "Template of the control planes, by name or VMID.",
    )
    .example(r#""talos-v1.13-nocloud""#),
    Input::new(
        "worker_template",
        Section::Templates,
        Kind::Text(Text::Template),
        "Template of the workers, by name or VMID. Left out, it is `control_plane_template`.",
    )
    .default(Default::Null)
    .example(r#""talos-v1.13-nocloud""#),
    Input::new(
        "gpu_worker_template",
        Section::Templates,
        Kind::Text(Text::Template),
        "Template of the GPU workers, by name or VMID. Their image carries the GPU driver, so it is a template of its own.",
    )
    .default(Default::Null)
    .example(r#""talos-v1.13-nocloud-nvidia""#),
];

const TOPOLOGY: &[Input] = &[
    Input::new(
        "control_plane_count",
        Section::Topology,
        Whole::range(1, CONTROL_PLANES_MAX),
        "Number of control planes: 1, 3 or 5. An even number survives no more failures than the odd one below it.",
    )
    .default(Default::Whole(1))
    .example("1"),
    Input::new(
        "worker_count",
        Section::Topology,
        Whole::range(0, 90),
        "Number of workers without a GPU, named `<env_name>-worker-1` and up. A smaller number removes the highest; to remove another one, name them in `workers`.",
    )
    .default(Default::Whole(0))
    .example("2"),
    Input::new(
        "gpu_worker_pci_bdfs",
        Section::Topology,
        Kind::List(&Kind::Text(Text::Pci)),
        "PCI addresses of GPUs: one GPU worker for each, named `<env_name>-gpu-<bus><device>`. A PCI resource mapping is made for each, since an API token cannot pass a raw address through.",
    )
    .default(Default::EmptyList)
    .example(r#"["0000:03:00.0"]"#),
    Input::new(
        "workers",
        Section::Topology,
        Kind::Map(&Kind::Object(&[NODE])),
        "Workers by name, in addition to `worker_count`: the key `worker-3` makes `<env_name>-worker-3`. Each attribute overrides what all workers have.",
    )
    .default(Default::EmptyMap)
    .example(r#"{"worker-3": {"memory_mb": 8192}}"#),
    Input::new(
        "gpu_workers",
        Section::Topology,
        Kind::Map(&Kind::Object(&[NODE, GPUS])),
        "GPU workers by name, in addition to `gpu_worker_pci_bdfs`: the key `trainer-1` makes `<env_name>-trainer-1`. `gpus` names the devices.",
    )
    .default(Default::EmptyMap)
    .example(r#"{"trainer-1": {"gpus": [{"mapping": "gpu0"}]}}"#),
    Input::new(
        "node_overrides",
        Section::Topology,
        Kind::Map(&Kind::Object(&[NODE, GPUS])),
        "What is different for single nodes, by full node name.",
    )
    .default(Default::EmptyMap)
    .example(r#"{"k3s-dev-worker-1": {"address": "192.168.1.42", "memory_mb": 8192}}"#),
    Input::new(
        "control_plane_cores",
        Section::Topology,
        Whole::size(CONTROL_PLANE_CORES_MIN, CORES_MAX, "cores"),
        "CPU cores of each control plane.",
    )
    .default(Default::Whole(2))
    .example("2"),
    Input::new(
        "control_plane_memory_mb",
        Section::Topology,
        Whole::size(CONTROL_PLANE_MEMORY_MIN, MEMORY_MAX, "MiB"),
        "Memory of each control plane in MiB.",
    )
    .default(Default::Whole(4096))
    .example("4096"),
    Input::new(
        "control_plane_disk_gb",
        Section::Topology,
        DISK,
        "Disk of each control plane in GiB.",
    )
    .default(Default::Whole(20))
    .example("20"),
    Input::new("worker_cores", Section::Topology, WORKER_CORES, "CPU cores of each worker.")
        .default(Default::Whole(2))
        .example("4"),
    Input::new(
        "worker_memory_mb",
        Section::Topology,
        WORKER_MEMORY,
        "Memory of each worker in MiB.",
    )
    .default(Default::Whole(4096))
    .example("8192"),
    Input::new("worker_disk_gb", Section::Topology, DISK, "Disk of each worker in GiB.")
        .default(Default::Whole(40))
        .example("40"),
    Input::new(
        "gpu_worker_cores",
        Section::Topology,
        WORKER_CORES,
        "CPU cores of each GPU worker.",
    )
    .default(Default::Whole(4))
    .example("8"),
    Input::new(
        "gpu_worker_memory_mb",
        Section::Topology,
        WORKER_MEMORY,
        "Memory of each GPU worker in MiB. With a GPU passed through, all of it is taken from the host at start.",
    )
    .default(Default::Whole(8192))
    .example("16384"),
    Input::new("gpu_worker_disk_gb", Section::Topology, DISK, "Disk of each GPU worker in GiB.")
        .default(Default::Whole(60))
        .example("100"),
    Input::new(
        "cpu_type",
        Section::Topology,
        Kind::Text(Text::CpuType),
        "CPU type of the VMs. Talos needs x86-64-v2 or newer; Proxmox's own default is older.",
    )
    .default(Default::Text("x86-64-v2-AES"))
    .example(r#""host""#),
];

const NETWORK: &[Input] = &[
    Input::new(
        "cluster_network_cidr",
        Section::Network,
        Kind::Text(Text::Cidr(Network::Nodes)),
        "Network the VMs are in.",
    )
    .example(r#""192.168.1.0/24""#),
    Input::new(
        "network_gateway",
        Section::Network,
        Kind::Text(Text::Address),
        "Gateway of that network. Required with `address_mode = \"static\"`.",
    )
    .default(Default::Null)
    .example(r#""192.168.1.1""#),
    Input::new(
        "nameservers",
        Section::Network,
        Kind::List(&Kind::Text(Text::Address)),
        "Name servers of the nodes. Left empty, Proxmox hands them the host's own.",
    )
    .default(Default::EmptyList)
    .example(r#"["192.168.1.1"]"#),
    Input::new(
        "node_address_start",
        Section::Network,
        Kind::Text(Text::Address),
        "Address of slot 0; no node has it. A node's address is this plus its slot. Left out, it is the tenth address of a network of /24 or larger: 192.168.1.10 gives the first control plane .11 and the first worker .20.",
    )
    .default(Default::Null)
    .example(r#""192.168.1.10""#),
    Input::new(
        "cluster_vip",
        Section::Network,
        Kind::Text(Text::Address),
        "Virtual address that the control planes share for the Kubernetes API. Left out, the API is reached at the first control plane.",
    )
    .default(Default::Null)
    .example(r#""192.168.1.10""#),
    Input::new(
        "cluster_cidr",
        Section::Network,
        Kind::Text(Text::Cidr(Network::Pods)),
        "Network of the pods: Kubernetes cuts a /24 for each node out of it.",
    )
    .default(Default::Text("10.244.0.0/16"))
    .example(r#""10.244.0.0/16""#),
    Input::new(
        "service_cidr",
        Section::Network,
        Kind::Text(Text::Cidr(Network::Services)),
        "Network of the Kubernetes services.",
    )
    .default(Default::Text("10.96.0.0/12"))
    .example(r#""10.96.0.0/12""#),
    Input::new(
        "address_mode",
        Section::Network,
        Kind::Text(Text::Choice(&["static", "dhcp_reserved"])),
        "How a node comes by its address: `static` puts it into the cloud-init drive, `dhcp_reserved` relies on a reservation for its MAC address in your DHCP server.",
    )
    .default(Default::Text("static"))
    .example(r#""static""#),
];

const VERSIONS: &[Input] = &[
    Input::new(
        "talos_version",
        Section::Versions,
        Kind::Text(Text::Version),
        "Talos version of the image in the templates.",
    )
    .example(r#""v1.13.9""#),
    Input::new(
        "kubernetes_version",
        Section::Versions,
        Kind::Text(Text::Version),
        "Kubernetes version to bootstrap. Left out, it is the one that the first release of this Talos minor came with.",
    )
    .default(Default::Null)
    .example(r#""v1.36.3""#),
    Input::new(
        "talos_platform",
        Section::Versions,
        Kind::Text(Text::Choice(&["nocloud", "metal"])),
        "Platform of the image in the templates. Static addresses need `nocloud`, which reads the cloud-init drive.",
    )
    .default(Default::Text("nocloud"))
    .example(r#""nocloud""#),
    Input::new(
        "talos_schematic_id",
        Section::Versions,
        Kind::Text(Text::Schematic),
        "Image Factory schematic of the image in the templates. The default is the one without extensions.",
    )
    .default(Default::Text(VANILLA_SCHEMATIC))
    .example(r#""376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba""#),
    Input::new(
        "gpu_schematic_id",
        Section::Versions,
        Kind::Text(Text::Schematic),
        "Image Factory schematic of the image in the GPU template. Left out, it is `talos_schematic_id`.",
    )
    .default(Default::Null)
    .example(r#""26124abcbd408be693df9fe852c80ef1e6cc178e34d7d7d8430a28d1130b4227""#),
];

const CONSENT: &[Input] = &[
    Input::new(
        "allow_restart",
        Section::Consent,
        Kind::Bool,
        "Allow this run to stop and start, or reboot, running VMs where a change needs it.",
    )
    .default(Default::Bool(false))
    .example("true")
    .environment_only()
    .private(Privacy::Ephemeral),
    Input::new(
        "allow_rebuild",
        Section::Consent,
        Kind::Bool,
        "Allow this run to destroy VMs and build them anew where a change needs it.",
    )
    .default(Default::Bool(false))
    .example("true")
    .environment_only()
    .private(Privacy::Ephemeral),
    Input::new(
        "protect_control_planes",
        Section::Consent,
        Kind::Bool,
        "Refuse to delete control planes. Set it to `false` for the one run that may.",
    )
    .default(Default::Bool(true))
    .example("true")
    .environment_only()
    .private(Privacy::Ephemeral),
    Input::new(
        "take_over",
        Section::Consent,
        Kind::Bool,
        "Take over VMs that carry this environment's marks but are in no state, instead of refusing to plan.",
    )
    .default(Default::Bool(true))
    .example("true")
    .environment_only(),
];
