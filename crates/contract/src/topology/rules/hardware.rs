//! Sizes, templates and PCI devices of nodes.

use std::collections::BTreeMap;

use super::NodeRule;
use crate::code::Code;
use crate::finding::Finding;
use crate::handoff::schematic::{Schematic, vendor};
use crate::inputs::{CONTROL_PLANE_CORES_MIN, CONTROL_PLANE_MEMORY_MIN, VANILLA_SCHEMATIC};
use crate::path::Path;
use crate::reading::Reading;
use crate::topology::build;
use crate::topology::gpu::{Device, split};
use crate::topology::roster::{Draft, Group};

/// Proxmox has hostpci0 to hostpci15.
const DEVICES_MAX: usize = 16;

pub(super) const RULES: &[NodeRule] = &[
    NodeRule {
        code: Code::ControlPlaneSmall,
        reads: &[],
        check: control_planes_fit,
    },
    NodeRule {
        code: Code::PciDuplicate,
        reads: &[],
        check: devices_differ,
    },
    NodeRule {
        code: Code::GpuMissing,
        reads: &[],
        check: gpu_workers_have_gpus,
    },
    NodeRule {
        code: Code::GpuSource,
        reads: &[],
        check: sources_are_one,
    },
    NodeRule {
        code: Code::GpuTooMany,
        reads: &[],
        check: devices_fit,
    },
    NodeRule {
        code: Code::GpuOutsideGpuWorkers,
        reads: &[],
        check: gpus_in_gpu_workers,
    },
    NodeRule {
        code: Code::GpuTemplateMissing,
        reads: &["gpu_worker_template"],
        check: gpu_template_given,
    },
    NodeRule {
        code: Code::GpuSchematicPlain,
        reads: &["talos_schematic_id", "gpu_schematic_id"],
        check: gpu_schematic_given,
    },
];

fn control_planes_fit(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    let minimums = [
        ("cores", CONTROL_PLANE_CORES_MIN, "cores"),
        ("memory_mb", CONTROL_PLANE_MEMORY_MIN, "MiB"),
    ];
    for draft in drafts
        .iter()
        .filter(|draft| draft.group == Group::ControlPlane)
    {
        for (attribute, minimum, unit) in minimums {
            let Some(size) = draft.whole(attribute).filter(|size| *size < minimum) else {
                continue;
            };
            let message = format!("`{size}` is below what a control plane needs, {minimum} {unit}");
            let help = format!("write `{attribute} = {minimum}` or more");
            let at = draft.place(attribute);
            findings.push(Finding::new(Code::ControlPlaneSmall, at, message, help));
        }
    }
}

fn devices_differ(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    let mut taken: BTreeMap<&str, Vec<Claim<'_>>> = BTreeMap::new();
    for claim in drafts
        .iter()
        .enumerate()
        .flat_map(|(node, draft)| claims(node, draft))
    {
        let others = taken.entry(claim.device).or_default();
        if let Some(first) = others.iter().find(|first| first.excludes(&claim)) {
            findings.push(claim.taken_by(first));
        }
        others.push(claim);
    }
}

/// A device by address that a node asks for.
struct Claim<'a> {
    node: usize,
    place: &'a Path,
    bdf: &'a str,
    device: &'a str,
    function: Option<&'a str>,
}

fn claims(node: usize, draft: &Draft) -> impl Iterator<Item = Claim<'_>> {
    draft
        .devices
        .iter()
        .filter_map(move |Device { place, gpu }| {
            let bdf = gpu.bdf.as_deref()?;
            let (device, function) = split(bdf);
            Some(Claim {
                node,
                place,
                bdf,
                device,
                function,
            })
        })
}

impl Claim<'_> {
    /// One node may list several functions of a device; two nodes cannot share it, since its functions are in one
    /// IOMMU group as a rule.
    fn excludes(&self, other: &Self) -> bool {
        let both_name_one = self.function.is_some() && other.function.is_some();
        self.node != other.node || !both_name_one || self.function == other.function
    }

    fn taken_by(&self, first: &Self) -> Finding {
        let message = format!(
            "`{}` is the device of `{}`, which is in use already",
            self.bdf, first.bdf
        );
        let help = "give each node a device of its own; all functions of one are written without the function number";
        Finding::new(Code::PciDuplicate, self.place.clone(), message, help)
            .with_related(first.place.clone(), "first here")
    }
}

fn gpu_workers_have_gpus(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    for draft in drafts
        .iter()
        .filter(|draft| draft.group == Group::GpuWorkers)
    {
        if draft.devices.is_empty() {
            let message = format!("the GPU worker `{}` has no GPU", draft.name);
            let help = "write `gpus = [{ mapping = \"…\" }]`, or move the node to `workers`";
            let at = draft.place("gpus");
            findings.push(Finding::new(Code::GpuMissing, at, message, help));
        }
    }
}

fn sources_are_one(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    for device in drafts.iter().flat_map(|draft| &draft.devices) {
        let message = match (&device.gpu.bdf, &device.gpu.mapping) {
            (Some(_), Some(_)) => "this device has both `bdf` and `mapping`",
            (None, None) => "this device has neither `mapping` nor `bdf`",
            _ => continue,
        };
        let at = device.place.clone();
        let help = "write `{ mapping = \"…\" }`, or `{ bdf = \"…\" }` alone";
        findings.push(Finding::new(Code::GpuSource, at, message.to_owned(), help));
    }
}

fn devices_fit(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    for draft in drafts
        .iter()
        .filter(|draft| draft.devices.len() > DEVICES_MAX)
    {
        let message = format!(
            "`{}` has {} devices, and Proxmox takes {DEVICES_MAX}",
            draft.name,
            draft.devices.len()
        );
        let at = draft.place("gpus");
        findings.push(Finding::new(
            Code::GpuTooMany,
            at,
            message,
            "spread them over several nodes",
        ));
    }
}

fn gpus_in_gpu_workers(drafts: &[Draft], _: &Reading<'_>, findings: &mut Vec<Finding>) {
    for draft in drafts
        .iter()
        .filter(|draft| draft.group != Group::GpuWorkers)
    {
        if draft.options.contains_key("gpus") {
            let message = format!(
                "`{}` is no GPU worker, and its image has no GPU driver",
                draft.name
            );
            let help = "name the node in `gpu_workers` instead";
            let at = draft.place("gpus");
            findings.push(Finding::new(Code::GpuOutsideGpuWorkers, at, message, help));
        }
    }
}

fn gpu_template_given(drafts: &[Draft], reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let without = drafts.iter().find(|draft| {
        draft.group == Group::GpuWorkers && build::template(draft, reading).is_none()
    });
    if let Some(draft) = without {
        let message = format!("the GPU worker `{}` has no template", draft.name);
        let help = "add `gpu_worker_template`: a template whose image has the GPU driver";
        let at = Path::input("gpu_worker_template");
        let finding = Finding::new(Code::GpuTemplateMissing, at, message, help);
        findings.push(finding.with_related(draft.source.clone(), "makes the GPU worker"));
    }
}

/// Of a schematic that is not known here nothing is said.
fn is_without_driver(schematic: &str) -> bool {
    schematic == VANILLA_SCHEMATIC
        || Schematic::known(schematic).is_some_and(|known| vendor(&known.extensions()).is_none())
}

fn gpu_schematic_given(drafts: &[Draft], reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let own = reading.text("gpu_schematic_id");
    let Some(schematic) = own.or_else(|| reading.text("talos_schematic_id")) else {
        return;
    };
    let has_gpus = drafts.iter().any(|draft| draft.group == Group::GpuWorkers);
    if has_gpus && is_without_driver(&schematic) {
        let at = Path::input("gpu_schematic_id");
        let message = "the schematic of the GPU workers has no GPU driver".to_owned();
        let help =
            "add `gpu_schematic_id`: the schematic that the GPU template's image was made from";
        findings.push(Finding::new(Code::GpuSchematicPlain, at, message, help));
    }
}
