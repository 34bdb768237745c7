//! Clusters that the development commands look at: every kind of node, of address and of Talos version.

use contract::handoff::{self, BootstrapContract};
use contract::{InputValues, Value, example_values};

/// NVIDIA's open modules and container toolkit, both of the lts track.
const NVIDIA: [&str; 2] = [
    "nvidia-container-toolkit-lts",
    "nvidia-open-gpu-kernel-modules-lts",
];

/// How a cluster's nodes come by their addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Addressing {
    /// From the cloud-init drive.
    Static,
    /// From a DHCP server, on the nocloud image.
    Reserved,
    /// From a DHCP server, on the metal image.
    Metal,
}

/// One cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// Talos 1.`minor`.
    pub(crate) minor: u64,
    /// Control planes; with more than one there is a VIP.
    pub(crate) control_planes: u32,
    /// Workers without GPU.
    pub(crate) workers: u32,
    /// Workers with one.
    pub(crate) gpu_workers: u32,
    /// Where addresses come from.
    pub(crate) addressing: Addressing,
}

/// The Talos minors that documents are made for, with the Kubernetes minor that each brought or takes.
pub(crate) const MINORS: [(u64, u64); 6] =
    [(9, 32), (10, 33), (11, 34), (12, 35), (13, 36), (14, 36)];

/// All combinations, small ones first.
pub(crate) fn all() -> Vec<Cluster> {
    let mut clusters = Vec::new();
    for (minor, _) in MINORS {
        for addressing in [Addressing::Static, Addressing::Reserved, Addressing::Metal] {
            for control_planes in [1, 3, 5] {
                for workers in [0, 1, 7] {
                    for gpu_workers in [0, 2] {
                        clusters.push(Cluster {
                            minor,
                            control_planes,
                            workers,
                            gpu_workers,
                            addressing,
                        });
                    }
                }
            }
        }
    }
    clusters
}

impl Cluster {
    /// Its document, or what is wrong with its inputs.
    pub(crate) fn document(self) -> Result<BootstrapContract, String> {
        let topology = contract::topology(&self.inputs()).map_err(|findings| {
            let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
            format!("{self:?}: {}", lines.join("\n"))
        })?;
        Ok(handoff::of_topology(&topology))
    }

    fn inputs(self) -> InputValues {
        let mut inputs = example_values(&[
            ("nameservers", r#"["192.168.1.1", "192.168.1.2"]"#),
            ("gpu_worker_template", r#""talos-gpu""#),
        ]);
        let mut set = |name: &str, value: Value| inputs.insert(name.to_owned(), value);
        let kubernetes = MINORS.iter().find(|(minor, _)| *minor == self.minor);
        set("talos_version", text(&format!("v1.{}.4", self.minor)));
        set(
            "kubernetes_version",
            text(&format!(
                "v1.{}.1",
                kubernetes.map_or(0, |(_, minor)| *minor)
            )),
        );
        set("control_plane_count", i64::from(self.control_planes).into());
        set("worker_count", i64::from(self.workers).into());
        set("gpu_workers", self.gpu_inputs());
        set(
            "gpu_schematic_id",
            text(&handoff::Schematic::new(NVIDIA).id()),
        );
        if self.control_planes > 1 {
            set("cluster_vip", text("192.168.1.10"));
        }
        if self.addressing != Addressing::Static {
            set("address_mode", text("dhcp_reserved"));
        }
        if self.addressing == Addressing::Metal {
            set("talos_platform", text("metal"));
        }
        inputs
    }

    fn gpu_inputs(self) -> Value {
        let worker = |number: u32| {
            let mapping =
                Value::Map([("mapping".to_owned(), text(&format!("gpu{number}")))].into());
            let gpus = Value::List(vec![mapping]);
            (
                format!("trainer-{number}"),
                Value::Map([("gpus".to_owned(), gpus)].into()),
            )
        };
        Value::Map((1..=self.gpu_workers).map(worker).collect())
    }
}

fn text(text: &str) -> Value {
    Value::from(text)
}
