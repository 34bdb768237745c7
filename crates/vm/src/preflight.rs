//! What would make a creation fail, found before anything is written.
//!
//! Facts are read once per run and handed in; a fact that could not be read is `None` and what
//! depends on it is not judged. Lists of Proxmox are filtered by privilege, so "not there" is
//! always said together with "or not visible".

use std::fmt;

use pve_api::network::Bridge;
use pve_api::node::Node;
use pve_api::storage::Storage;
use pve_api::vm::VmSummary;
use pve_api::{DiskSize, VmConfig, VmId};

use crate::{Argument, CloneMode, Shape, Wanted, hardware};

/// What is known of the host.
#[derive(Debug, Clone, Copy, Default)]
pub struct HostFacts<'a> {
    /// The nodes.
    pub nodes: Option<&'a [Node]>,
    /// The VMs of the wanted node, templates included.
    pub vms: Option<&'a [VmSummary]>,
    /// The storages of the wanted node.
    pub storages: Option<&'a [Storage]>,
    /// The bridges of the wanted node.
    pub bridges: Option<&'a [Bridge]>,
    /// The configuration of the wanted template.
    pub template: Option<&'a VmConfig>,
}

/// Something that would make the creation fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The argument that is at fault.
    pub argument: Argument,
    /// What is wrong.
    pub what: String,
    /// What to do.
    pub help: String,
}

impl Problem {
    pub(crate) fn new(
        argument: Argument,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Self {
            argument,
            what: what.into(),
            help: help.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}. {}", self.what, self.help)
    }
}

/// Returns every problem of creating the wanted VM on this host.
pub fn preflight(wanted: &Wanted, facts: &HostFacts<'_>) -> Vec<Problem> {
    if let Some(problem) = facts.nodes.and_then(|nodes| node(wanted, nodes)) {
        // Everything else is a fact of that node.
        return vec![problem];
    }
    let template = facts
        .vms
        .and_then(|vms| find_template(&wanted.origin.template, vms).err());
    let storage = facts
        .storages
        .and_then(|storages| storage(&wanted.shape, storages));
    let bridge = facts
        .bridges
        .and_then(|bridges| bridge(&wanted.shape, bridges));
    let mut problems: Vec<Problem> = [template, storage, bridge].into_iter().flatten().collect();
    if let Some(config) = facts.template {
        problems.extend(fits(wanted, config));
    }
    problems
}

fn node(wanted: &Wanted, nodes: &[Node]) -> Option<Problem> {
    let name = &wanted.key.node;
    match nodes.iter().find(|node| node.node == *name) {
        None => {
            let known = listed(nodes.iter().map(|node| node.node.to_string()));
            let what = format!("there is no node `{name}`");
            Some(Problem::new(
                Argument::Node,
                what,
                format!("Nodes of this host: {known}."),
            ))
        }
        Some(node) if !node.is_online() => {
            let what = format!("node `{name}` is {}", node.status);
            Some(Problem::new(
                Argument::Node,
                what,
                "Start it, or see why it does not answer.",
            ))
        }
        Some(_) => None,
    }
}

/// Finds the template that the configuration names, by VMID or by name.
pub fn find_template(template: &str, vms: &[VmSummary]) -> Result<VmId, Problem> {
    let by_id = |vm: &&VmSummary| template.parse() == Ok(vm.vmid);
    let problem = |what, help| Err(Problem::new(Argument::Template, what, help));
    if let Some(vm) = vms.iter().find(by_id) {
        return template_proper(vm);
    }
    let named: Vec<&VmSummary> = vms.iter().filter(|vm| vm.name == template).collect();
    let mut templates = named.iter().filter(|vm| vm.template);
    match (templates.next(), templates.next(), named.first()) {
        (Some(one), None, _) => Ok(one.vmid),
        (Some(_), Some(_), _) => {
            let all = listed(
                named
                    .iter()
                    .filter(|vm| vm.template)
                    .map(|vm| vm.vmid.to_string()),
            );
            problem(
                format!("several templates are named `{template}`"),
                format!("Give the VMID: {all}."),
            )
        }
        (None, _, Some(vm)) => template_proper(vm),
        (None, _, None) => problem(
            format!("there is no template `{template}`, or these credentials may not see it"),
            format!(
                "Templates that they see: {}. Seeing one needs VM.Audit and VM.Clone on /vms/VMID.",
                listed(
                    vms.iter()
                        .filter(|vm| vm.template)
                        .map(|vm| format!("{} ({})", vm.name, vm.vmid))
                )
            ),
        ),
    }
}

fn template_proper(vm: &VmSummary) -> Result<VmId, Problem> {
    if vm.template {
        return Ok(vm.vmid);
    }
    Err(Problem::new(
        Argument::Template,
        format!("VM {} `{}` is not a template", vm.vmid, vm.name),
        format!(
            "Convert it (stopped, without snapshots) with `qm template {}`, or name another.",
            vm.vmid
        ),
    ))
}

fn storage(shape: &Shape, storages: &[Storage]) -> Option<Problem> {
    let name = shape.storage.as_ref()?;
    let usable = |storage: &&Storage| storage.enabled && storage.takes_images();
    let named = |storage: &Storage| storage.storage.as_ref().map(ToString::to_string);
    let all = || listed(storages.iter().filter(usable).filter_map(named));
    let problem = |what| {
        Some(Problem::new(
            Argument::Storage,
            what,
            format!("Storages for disks of VMs: {}.", all()),
        ))
    };
    match storages
        .iter()
        .find(|storage| storage.storage.as_ref() == Some(name))
    {
        None => problem(format!(
            "there is no storage `{name}`, or these credentials lack Datastore.AllocateSpace on /storage/{name}"
        )),
        Some(storage) if !storage.enabled => problem(format!("storage `{name}` is switched off")),
        Some(storage) if !storage.takes_images() => problem(format!(
            "storage `{name}` takes no disks of VMs (content `images`)"
        )),
        Some(storage) if !storage.active => problem(format!("storage `{name}` cannot be reached")),
        Some(_) => None,
    }
}

fn bridge(shape: &Shape, bridges: &[Bridge]) -> Option<Problem> {
    let name = shape.bridge.as_ref()?;
    if bridges.iter().any(|bridge| bridge.iface == name.as_str()) {
        return None;
    }
    let all = listed(bridges.iter().map(|bridge| bridge.iface.clone()));
    let what = format!(
        "there is no bridge `{name}`, or these credentials lack SDN.Use on /sdn/zones/localnetwork/{name}"
    );
    Some(Problem::new(
        Argument::Bridge,
        what,
        format!("Bridges that they see: {all}."),
    ))
}

/// Returns what of the template does not go with what is wanted.
fn fits(wanted: &Wanted, config: &VmConfig) -> Vec<Problem> {
    let Ok(Some((slot, disk))) = hardware::boot_disk(config) else {
        let what = format!(
            "template `{}` has no disk to boot from",
            wanted.origin.template
        );
        let help = "Make it from a Talos disk image, by custom as scsi0.";
        return vec![Problem::new(Argument::Template, what, help)];
    };
    let shape = &wanted.shape;
    let too_small = shape
        .disk
        .zip(disk.size)
        .filter(|(wanted, is)| is > wanted)
        .map(|(_, is)| {
            Problem::new(
                Argument::DiskGb,
                format!(
                    "the disk {slot} of template `{}` has {is}",
                    wanted.origin.template
                ),
                format!(
                    "Proxmox cannot shrink it: set disk_gb to at least {}.",
                    rounded_up(is)
                ),
            )
        });
    let stays = shape.storage.as_ref().zip(disk.volume.storage());
    let linked = wanted.origin.clone == Some(CloneMode::Linked);
    let elsewhere = stays
        .filter(|(wanted, is)| linked && wanted != is)
        .map(|(_, is)| {
            Problem::new(
                Argument::Storage,
                format!("a linked clone stays on the storage of its template, `{is}`"),
                format!("Set the storage to `{is}`, or clone = \"full\"."),
            )
        });
    too_small.into_iter().chain(elsewhere).collect()
}

fn rounded_up(size: DiskSize) -> u64 {
    size.gib_rounded_up().0
}

fn listed(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<String> = names.collect();
    names.sort();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use pve_api::GiB;

    use super::*;
    use crate::{Origin, VmKey};

    fn wanted() -> Wanted {
        Wanted {
            key: VmKey {
                env_name: "k3s-dev".into(),
                name: "k3s-dev-worker-1".into(),
                vmid: "8010".parse().expect("a VMID"),
                node: "pve".parse().expect("a name"),
            },
            origin: Origin {
                template: "talos".into(),
                clone: Some(CloneMode::Linked),
                pool: None,
                role: None,
                talos_version: None,
            },
            shape: Shape {
                disk: Some(GiB(1).into()),
                storage: "local".parse().ok(),
                bridge: "vmbr0".parse().ok(),
                ..Shape::default()
            },
        }
    }

    fn summary(vmid: u32, name: &str, template: bool) -> VmSummary {
        let mut text = String::new();
        write!(
            text,
            r#"{{"vmid":{vmid},"name":"{name}","status":"stopped","template":{}}}"#,
            u8::from(template)
        )
        .expect("a string takes everything");
        serde_json::from_str(&text).expect("a summary")
    }

    fn found(template: &str, vms: &[VmSummary]) -> Result<u32, String> {
        find_template(template, vms)
            .map(VmId::get)
            .map_err(|problem| problem.to_string())
    }

    #[test]
    fn a_template_is_found_by_name_and_by_vmid() {
        let vms = [
            summary(100, "talos", false),
            summary(9000, "talos", true),
            summary(9001, "9000", true),
        ];
        assert_eq!(found("talos", &vms), Ok(9000));
        assert_eq!(found("9000", &vms), Ok(9000));
        assert_eq!(found("9001", &vms), Ok(9001));
    }

    #[test]
    fn a_template_that_cannot_be_used_is_explained() {
        let vms = [
            summary(100, "plain", false),
            summary(9000, "talos", true),
            summary(9001, "talos", true),
        ];
        let texts =
            ["plain", "100", "talos", "none"].map(|name| found(name, &vms).expect_err(name));
        insta::assert_snapshot!(texts.join("\n"), @r#"
        VM 100 `plain` is not a template. Convert it (stopped, without snapshots) with `qm template 100`, or name another.
        VM 100 `plain` is not a template. Convert it (stopped, without snapshots) with `qm template 100`, or name another.
        several templates are named `talos`. Give the VMID: 9000, 9001.
        there is no template `none`, or these credentials may not see it. Templates that they see: talos (9000), talos (9001). Seeing one needs VM.Audit and VM.Clone on /vms/VMID.
        "#);
    }

    #[test]
    fn the_template_has_to_fit() {
        let config: VmConfig = [("scsi0", "local-lvm:base-9000-disk-0,size=1280M")]
            .into_iter()
            .collect();
        let bare: VmConfig = [("cores", "2")].into_iter().collect();
        let facts = |template| HostFacts {
            template: Some(template),
            ..HostFacts::default()
        };
        let problems = [&config, &bare].map(|config| preflight(&wanted(), &facts(config)));
        let texts: Vec<String> = problems.iter().flatten().map(ToString::to_string).collect();
        insta::assert_snapshot!(texts.join("\n"), @r#"
        the disk scsi0 of template `talos` has 1280M. Proxmox cannot shrink it: set disk_gb to at least 2.
        a linked clone stays on the storage of its template, `local-lvm`. Set the storage to `local-lvm`, or clone = "full".
        template `talos` has no disk to boot from. Make it from a Talos disk image, by custom as scsi0.
        "#);
    }

    #[test]
    fn what_could_not_be_read_is_not_judged() {
        assert_eq!(preflight(&wanted(), &HostFacts::default()), []);
    }
}
