//! A first `terraform.tfvars` made of what a live host has. Never a secret: those stay in the environment.

use std::fmt::Write as _;

use contract::{Network, generate::hcl};
use host::{Host, Unread};
use pve_api::network::Bridge;
use pve_api::pci::PciDevice;
use pve_api::storage::Storage;
use pve_api::vm::VmSummary;
use pve_api::{NodeName, PciAddress};

/// VMIDs that an environment takes above its start.
const SPAN: u32 = 1000;

/// Where VMIDs may begin.
const STARTS: [u32; 6] = [8000, 7000, 6000, 5000, 20_000, 30_000];

/// PCI classes of display controllers begin so.
const DISPLAY: &str = "0x03";

const GIB: u64 = 1 << 30;

/// Why nothing can be offered.
#[derive(Debug, thiserror::Error)]
pub enum StarterError {
    /// The host has no node of that name that is up, or none at all.
    #[error("no node {0} is up on this host")]
    Node(String),
    /// Something could not be read.
    #[error("could not {}", .0.what)]
    Unread(Unread),
}

impl From<Unread> for StarterError {
    fn from(unread: Unread) -> Self {
        Self::Unread(unread)
    }
}

/// What the host has for VMs.
struct Offer {
    host: String,
    version: String,
    node: NodeName,
    templates: Vec<VmSummary>,
    storages: Vec<Storage>,
    bridges: Vec<Bridge>,
    devices: Vec<PciDevice>,
    vmid_start: Option<u32>,
}

/// The text of the file. Nothing but GET is sent.
pub async fn starter(host: &Host, node: Option<&str>) -> Result<String, StarterError> {
    Ok(offer(host, node).await?.text())
}

async fn offer(host: &Host, node: Option<&str>) -> Result<Offer, StarterError> {
    let facts = &host.facts;
    let nodes = unread("list the nodes", facts.nodes().await)?;
    let wanted = |name: &str| node.is_none_or(|node| node == name);
    let node = nodes
        .iter()
        .find(|found| found.is_online() && wanted(found.node.as_str()))
        .map(|found| found.node.clone())
        .ok_or_else(|| StarterError::Node(node.unwrap_or_default().to_owned()))?;
    let vms = unread("list the VMs", facts.vms(&node).await)?;
    let storages = unread("list the storages", facts.storages(&node).await)?;
    let bridges = unread("list the bridges", facts.bridges(&node).await)?;
    // Without Sys.Audit there is no list of devices, and a file without GPUs is one as well.
    let devices = facts
        .pci_devices(&node)
        .await
        .map(|devices| devices.to_vec());
    let mut storages: Vec<Storage> = storages
        .iter()
        .filter(|found| has_room(found))
        .cloned()
        .collect();
    storages.sort_by_key(|found| std::cmp::Reverse(found.avail));
    Ok(Offer {
        host: host.provenance.clone(),
        version: host.version.clone(),
        templates: vms.iter().filter(|vm| vm.template).cloned().collect(),
        storages,
        bridges: bridges
            .iter()
            .filter(|bridge| bridge.active)
            .cloned()
            .collect(),
        devices: devices.unwrap_or_default(),
        vmid_start: free_start(&vms),
        node,
    })
}

fn unread<T>(what: &'static str, fact: host::Fact<T>) -> Result<std::sync::Arc<T>, Unread> {
    fact.map_err(|error| Unread { what, error })
}

fn has_room(storage: &Storage) -> bool {
    storage.takes_images()
        && storage.active
        && storage.avail >= 20 * GIB
        && storage.storage.is_some()
}

/// The first range that no VM in sight is in.
fn free_start(vms: &[VmSummary]) -> Option<u32> {
    STARTS.into_iter().find(|start| {
        let range = *start..start + SPAN;
        !vms.iter().any(|vm| range.contains(&vm.vmid.get()))
    })
}

impl Offer {
    fn text(&self) -> String {
        let mut out = String::new();
        self.head(&mut out);
        self.placement(&mut out);
        self.templates(&mut out);
        self.network(&mut out);
        self.gpus(&mut out);
        out
    }

    fn head(&self, out: &mut String) {
        comment(
            out,
            &format!(
                "Made by `em-infra init --from-host` from {} (Proxmox VE {}).",
                self.host, self.version
            ),
        );
        comment(
            out,
            "Look at every line; `em-infra check --live` says what the host thinks of it. No secret belongs in here:",
        );
        comment(
            out,
            "export PROXMOX_VE_ENDPOINT and PROXMOX_VE_API_TOKEN in the shell that runs Terraform.",
        );
    }

    fn placement(&self, out: &mut String) {
        out.push('\n');
        line(out, "env_name", "k3s-dev");
        line(out, "node", self.node.as_str());
        let storages = self.storages.iter().filter_map(|found| {
            let note = format!("{}, {} GiB free", found.kind, found.avail / GIB);
            Some((found.storage.as_ref()?.to_string(), note))
        });
        choose(
            out,
            "disk_pool",
            storages,
            "no storage that takes disks and has 20 GiB free is in sight",
        );
        let bridges = self.bridges.iter().map(|found| {
            let vlan = if found.bridge_vlan_aware {
                ", takes VLAN tags"
            } else {
                ""
            };
            let address = found.cidr.as_deref().unwrap_or("no address of the host");
            (found.iface.clone(), format!("{address}{vlan}"))
        });
        choose(
            out,
            "network_bridge",
            bridges,
            "no bridge that is up is in sight",
        );
        match self.vmid_start {
            Some(start) => {
                let end = start + SPAN - 1;
                writeln!(
                    out,
                    "vmid_start = {start} # no VM in sight has a VMID from {start} to {end}"
                )
                .expect("writing to a String cannot fail");
            }
            None => comment(
                out,
                "vmid_start = … # every range that was looked at has VMs",
            ),
        }
    }

    fn templates(&self, out: &mut String) {
        out.push('\n');
        let templates = self
            .templates
            .iter()
            .map(|vm| (vm.name.clone(), format!("VMID {}", vm.vmid)));
        choose(
            out,
            "control_plane_template",
            templates,
            "no template is in sight",
        );
        let versions = self.templates.iter().filter_map(|vm| version_in(&vm.name));
        match versions.into_iter().next() {
            Some(version) => noted(
                out,
                "talos_version",
                &version,
                "from the template's name: write the image's own patch release",
            ),
            None => noted(
                out,
                "talos_version",
                "v1.13.9",
                "a guess: write the version of the template's image",
            ),
        }
        line_raw(out, "control_plane_count", "1");
        line_raw(out, "worker_count", "2");
    }

    fn network(&self, out: &mut String) {
        out.push('\n');
        let addressed = self
            .bridges
            .iter()
            .find_map(|bridge| bridge.cidr.as_deref());
        let network = addressed.and_then(Network::around);
        let own = network.is_some();
        let (network, gateway) = network.unwrap_or_else(|| {
            let [network, gateway] = ["192.168.1.0/24", "192.168.1.1"].map(str::to_owned);
            (network, gateway)
        });
        let source = if own {
            "the host's own, on the bridge"
        } else {
            "a guess: the host has no address on a bridge"
        };
        noted(out, "cluster_network_cidr", &network, source);
        let guess = "a guess: Proxmox does not say it here";
        noted(out, "network_gateway", &gateway, guess);
        comment(
            out,
            "Addresses begin at the tenth of the network; keep them out of your DHCP range, or set node_address_start.",
        );
    }

    fn gpus(&self, out: &mut String) {
        let mut gpus = self
            .devices
            .iter()
            .filter(|device| device.class.starts_with(DISPLAY))
            .peekable();
        if gpus.peek().is_none() {
            return;
        }
        out.push('\n');
        comment(
            out,
            "GPUs of this node. GPU workers need gpu_worker_template: a template whose image has the driver.",
        );
        for gpu in gpus {
            let words = [&gpu.vendor_name, &gpu.device_name]
                .into_iter()
                .flatten()
                .cloned();
            let name: Vec<String> = words.collect();
            let text = format!(
                "gpu_worker_pci_bdfs = [\"{}\"] # {}, {}",
                gpu.id,
                name.join(" "),
                self.group(gpu)
            );
            comment(out, &text);
        }
    }

    /// Whatever shares the group goes into the VM as well, or keeps the GPU out of it.
    fn group(&self, gpu: &PciDevice) -> String {
        let Some(group) = gpu.iommu_group() else {
            return "in no IOMMU group: switch the IOMMU on".to_owned();
        };
        let others: Vec<PciAddress> = self
            .devices
            .iter()
            .filter(|other| other.iommu_group() == Some(group) && other.id != gpu.id)
            .map(|other| other.id)
            .collect();
        if others.is_empty() {
            return format!("IOMMU group {group}, alone");
        }
        let others: Vec<String> = others.iter().map(ToString::to_string).collect();
        format!("IOMMU group {group} with {}", others.join(", "))
    }
}

fn comment(out: &mut String, text: &str) {
    out.extend(["# ", text, "\n"]);
}

fn line_raw(out: &mut String, name: &str, value: &str) {
    out.extend([name, " = ", value, "\n"]);
}

fn line(out: &mut String, name: &str, text: &str) {
    line_raw(out, name, &hcl(&text.into()));
}

fn noted(out: &mut String, name: &str, text: &str, note: &str) {
    line_raw(out, name, &format!("{} # {note}", hcl(&text.into())));
}

/// The first is taken, the others are offered.
fn choose(out: &mut String, name: &str, found: impl Iterator<Item = (String, String)>, none: &str) {
    let mut found = found.peekable();
    if found.peek().is_none() {
        return comment(out, &format!("{name} = \"…\" # {none}"));
    }
    for (index, (value, note)) in found.enumerate() {
        let start = if index == 0 { "" } else { "# " };
        out.push_str(start);
        noted(out, name, &value, &note);
    }
}

/// `v1.13.0` out of `talos-v1.13-nocloud`, and `v1.13.9` out of `talos-1.13.9`.
fn version_in(name: &str) -> Option<String> {
    name.split(['-', '_']).find_map(|part| {
        let numbers: Vec<&str> = part.strip_prefix('v').unwrap_or(part).split('.').collect();
        let all = numbers.iter().all(|number| number.parse::<u16>().is_ok());
        match (all, numbers.as_slice()) {
            (true, ["1", minor]) => Some(format!("v1.{minor}.0")),
            (true, ["1", minor, patch]) => Some(format!("v1.{minor}.{patch}")),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_a_templates_name() {
        let cases = [
            ("talos-v1.13-nocloud", Some("v1.13.0")),
            ("talos-1.13.9", Some("v1.13.9")),
            ("debian-12", None),
            ("talos", None),
        ];
        for (name, expected) in cases {
            assert_eq!(version_in(name).as_deref(), expected, "{name}");
        }
    }
}
