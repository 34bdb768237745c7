//! Image Factory schematics, offline: which system extensions an image has, and the id that follows from them.
//!
//! The id is the SHA-256 of the schematic's YAML in the factory's own form: four blanks of indent, one order of
//! fields, a trailing newline (`siderolabs/image-factory`, `pkg/schematic`). Two published ids are the test.
//! An id computed here still has to be posted to the factory once before it serves images.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// Every official extension's name begins so.
const PREFIX: &str = "siderolabs/";

/// Whose GPU drivers an image carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Vendor {
    /// NVIDIA: modules and container toolkit; the modules have to be loaded by the machine configuration.
    Nvidia,
    /// AMD: loads by itself.
    Amd,
    /// Intel: loads by itself.
    Intel,
}

impl Vendor {
    /// The kernel modules that the machine configuration has to name, in the order in which they load.
    pub fn kernel_modules(self) -> &'static [&'static str] {
        match self {
            Self::Nvidia => &["nvidia", "nvidia_uvm", "nvidia_drm", "nvidia_modeset"],
            Self::Amd | Self::Intel => &[],
        }
    }
}

/// An official extension, and the Talos minors that have it.
struct Extension {
    name: &'static str,
    vendor: Option<Vendor>,
    since: u64,
    until: Option<u64>,
}

const fn extension(
    name: &'static str,
    vendor: Option<Vendor>,
    since: u64,
    until: Option<u64>,
) -> Extension {
    Extension {
        name,
        vendor,
        since,
        until,
    }
}

const NVIDIA: Option<Vendor> = Some(Vendor::Nvidia);
const AMD: Option<Vendor> = Some(Vendor::Amd);
const INTEL: Option<Vendor> = Some(Vendor::Intel);

/// The extensions that a VM on Proxmox has a use for, with the minors that know the name, as the factory's lists for
/// each release from 1.6.0 on have them.
const EXTENSIONS: &[Extension] = &[
    extension("amd-ucode", None, 6, None),
    extension("amdgpu", AMD, 9, None),
    extension("amdgpu-firmware", AMD, 6, Some(8)),
    extension("i915", INTEL, 9, None),
    extension("i915-ucode", INTEL, 6, Some(8)),
    extension("intel-ucode", None, 6, None),
    extension("nonfree-kmod-nvidia", NVIDIA, 6, Some(7)),
    extension("nonfree-kmod-nvidia-lts", NVIDIA, 8, None),
    extension("nonfree-kmod-nvidia-production", NVIDIA, 8, None),
    extension("nvidia-container-toolkit", NVIDIA, 6, Some(7)),
    extension("nvidia-container-toolkit-lts", NVIDIA, 8, None),
    extension("nvidia-container-toolkit-production", NVIDIA, 8, None),
    extension("nvidia-fabricmanager", NVIDIA, 6, Some(7)),
    extension("nvidia-fabricmanager-lts", NVIDIA, 8, None),
    extension("nvidia-fabricmanager-production", NVIDIA, 8, None),
    extension("nvidia-open-gpu-kernel-modules", NVIDIA, 6, Some(7)),
    extension("nvidia-open-gpu-kernel-modules-lts", NVIDIA, 8, None),
    extension("nvidia-open-gpu-kernel-modules-production", NVIDIA, 8, None),
    extension("qemu-guest-agent", None, 6, None),
    extension("xe", INTEL, 12, None),
];

/// Extensions that any image may have beside its drivers.
const BESIDE: [&str; 3] = ["amd-ucode", "intel-ucode", "qemu-guest-agent"];

/// System extensions of an image, sorted: the factory hashes them in the order given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schematic {
    extensions: Vec<String>,
}

impl Schematic {
    /// The schematic with these extensions, whose names may lack `siderolabs/`.
    pub fn new<'a>(extensions: impl IntoIterator<Item = &'a str>) -> Self {
        let full = |name: &str| {
            let short = name.strip_prefix(PREFIX).unwrap_or(name);
            format!("{PREFIX}{short}")
        };
        let mut extensions: Vec<String> = extensions.into_iter().map(full).collect();
        extensions.sort_unstable();
        extensions.dedup();
        Self { extensions }
    }

    /// The schematic behind an id, if it is one of those that em-infra can name.
    pub fn known(id: &str) -> Option<&'static Self> {
        KNOWN.get(id)
    }

    /// The full names, sorted.
    pub fn extensions(&self) -> Vec<String> {
        self.extensions.clone()
    }

    /// The YAML that the factory hashes.
    pub fn yaml(&self) -> String {
        if self.extensions.is_empty() {
            return "customization: {}\n".to_owned();
        }
        let mut text =
            "customization:\n    systemExtensions:\n        officialExtensions:\n".to_owned();
        for name in &self.extensions {
            text.push_str("            - ");
            text.push_str(name);
            text.push('\n');
        }
        text
    }

    /// The id: 64 hex digits.
    pub fn id(&self) -> String {
        let mut id = String::with_capacity(64);
        for byte in Sha256::digest(self.yaml().as_bytes()) {
            write!(id, "{byte:02x}").expect("writing to a string cannot fail");
        }
        id
    }
}

/// Whose drivers are among the extensions.
pub(crate) fn vendor(extensions: &[String]) -> Option<Vendor> {
    extensions.iter().find_map(|name| find(name)?.vendor)
}

/// Whether the Talos minor has an extension of this name; none for a name that is not in the table.
pub(crate) fn exists_in(name: &str, minor: u64) -> Option<bool> {
    let extension = find(name)?;
    Some(minor >= extension.since && extension.until.is_none_or(|until| minor <= until))
}

fn find(name: &str) -> Option<&'static Extension> {
    let short = name.strip_prefix(PREFIX)?;
    EXTENSIONS.iter().find(|extension| extension.name == short)
}

/// Ids cannot be read backwards, but the sensible sets of extensions are few: each is hashed once, at first use.
static KNOWN: LazyLock<BTreeMap<String, Schematic>> = LazyLock::new(|| {
    let mut known = BTreeMap::new();
    for drivers in driver_sets() {
        for beside in subsets(&BESIDE) {
            let names = drivers.iter().map(String::as_str).chain(beside);
            let schematic = Schematic::new(names);
            known.insert(schematic.id(), schematic);
        }
    }
    known
});

/// No drivers, one driver of AMD or Intel, or NVIDIA's modules and toolkit of one track, open or not.
fn driver_sets() -> Vec<Vec<String>> {
    let mut sets = vec![Vec::new()];
    sets.extend(
        ["amdgpu", "amdgpu-firmware", "i915", "i915-ucode", "xe"].map(|name| vec![name.to_owned()]),
    );
    for track in ["", "-lts", "-production"] {
        for modules in ["nvidia-open-gpu-kernel-modules", "nonfree-kmod-nvidia"] {
            let named = |name: &str| format!("{name}{track}");
            let plain = vec![named(modules), named("nvidia-container-toolkit")];
            let mut linked = plain.clone();
            linked.push(named("nvidia-fabricmanager"));
            sets.extend([plain, linked]);
        }
    }
    sets
}

fn subsets<'a>(names: &[&'a str; 3]) -> Vec<Vec<&'a str>> {
    (0..1_usize << names.len())
        .map(|mask| {
            let chosen = names
                .iter()
                .enumerate()
                .filter(|(bit, _)| mask >> bit & 1 == 1);
            chosen.map(|(_, name)| *name).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ids are printed in the Image Factory's and in Talos' own documents.
    #[test]
    fn ids_are_those_of_the_factory() {
        let vectors: [(&[&str], &str); 2] = [
            (
                &[],
                "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba",
            ),
            (
                &["siderolabs/qemu-guest-agent"],
                "ce4c980550dd2ab1b17bbf2b08801c7eb59418eafe8f279833297925d67c7515",
            ),
        ];
        for (extensions, id) in vectors {
            assert_eq!(Schematic::new(extensions.iter().copied()).id(), id);
        }
    }

    #[test]
    fn the_order_in_which_extensions_are_named_does_not_count() {
        let one = Schematic::new(["xe", "siderolabs/qemu-guest-agent", "xe"]);
        assert_eq!(one, Schematic::new(["qemu-guest-agent", "xe"]));
        assert_eq!(
            one.extensions(),
            ["siderolabs/qemu-guest-agent", "siderolabs/xe"]
        );
    }

    #[test]
    fn every_known_schematic_is_found_by_its_id_and_named_from_the_table() {
        assert_eq!(KNOWN.len(), 18 * 8);
        for (id, schematic) in KNOWN.iter() {
            assert_eq!(
                (id, Schematic::known(id)),
                (&schematic.id(), Some(schematic))
            );
            for name in schematic.extensions() {
                assert!(find(&name).is_some(), "{name}");
            }
        }
        assert_eq!(Schematic::known(&"0".repeat(64)), None);
    }

    #[test]
    fn names_belong_to_their_minors() {
        let table = [
            ("siderolabs/nvidia-container-toolkit", 7, Some(true)),
            ("siderolabs/nvidia-container-toolkit", 8, Some(false)),
            ("siderolabs/nvidia-container-toolkit-lts", 8, Some(true)),
            ("siderolabs/amdgpu-firmware", 8, Some(true)),
            ("siderolabs/amdgpu-firmware", 9, Some(false)),
            ("siderolabs/xe", 11, Some(false)),
            ("siderolabs/xe", 14, Some(true)),
            ("siderolabs/no-such-thing", 13, None),
        ];
        for (name, minor, expected) in table {
            assert_eq!(exists_in(name, minor), expected, "{name} in 1.{minor}");
        }
    }

    #[test]
    fn the_vendor_is_that_of_the_drivers() {
        let vendor_of =
            |names: &[&str]| vendor(&Schematic::new(names.iter().copied()).extensions());
        assert_eq!(vendor_of(&["amd-ucode", "qemu-guest-agent"]), None);
        assert_eq!(vendor_of(&["amd-ucode", "amdgpu"]), Some(Vendor::Amd));
        assert_eq!(vendor_of(&["i915"]), Some(Vendor::Intel));
        assert_eq!(
            vendor_of(&["nvidia-open-gpu-kernel-modules-lts", "amd-ucode"]),
            Some(Vendor::Nvidia)
        );
    }
}
