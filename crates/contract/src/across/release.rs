//! Talos and Kubernetes against each other.

use semver::Version;

use crate::across::AcrossRule;
use crate::code::Code;
use crate::finding::Finding;
use crate::handoff::schematic::{Schematic, exists_in};
use crate::path::Path;
use crate::reading::Reading;
use crate::releases;

const TALOS: &str = "talos_version";
const KUBERNETES: &str = "kubernetes_version";

pub(super) const RULES: &[AcrossRule] = &[
    AcrossRule {
        code: Code::VersionPrerelease,
        reads: &[TALOS],
        check: |reading, findings| released(reading, TALOS, findings),
    },
    AcrossRule {
        code: Code::VersionPrerelease,
        reads: &[KUBERNETES],
        check: |reading, findings| released(reading, KUBERNETES, findings),
    },
    AcrossRule {
        code: Code::TalosVersionUnknown,
        reads: &[TALOS],
        check: known,
    },
    AcrossRule {
        code: Code::KubernetesVersionRequired,
        reads: &[TALOS, KUBERNETES],
        check: required,
    },
    AcrossRule {
        code: Code::VersionPair,
        reads: &[TALOS, KUBERNETES],
        check: pair,
    },
    AcrossRule {
        code: Code::VersionPairDoubtful,
        reads: &[TALOS, KUBERNETES],
        check: doubtful,
    },
    AcrossRule {
        code: Code::SchematicRelease,
        reads: &[TALOS, "talos_schematic_id"],
        check: |reading, findings| extensions_exist(reading, "talos_schematic_id", findings),
    },
    AcrossRule {
        code: Code::SchematicRelease,
        reads: &[TALOS, "gpu_schematic_id"],
        check: |reading, findings| extensions_exist(reading, "gpu_schematic_id", findings),
    },
    AcrossRule {
        code: Code::NocloudNetworkBug,
        reads: &[TALOS, "address_mode"],
        check: network_bug,
    },
];

fn released(reading: &Reading<'_>, name: &'static str, findings: &mut Vec<Finding>) {
    if let Some(version) = reading
        .version(name)
        .filter(|version| !version.pre.is_empty())
    {
        let message = format!("`v{version}` is a pre-release");
        let help = "use a released version, unless you mean to test this one";
        findings.push(Finding::new(
            Code::VersionPrerelease,
            Path::input(name),
            message,
            help,
        ));
    }
}

fn known(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let unknown = reading
        .version(TALOS)
        .filter(|talos| releases::of(talos).is_none());
    if let Some(talos) = unknown {
        let message = format!(
            "nothing is known here of Talos {}.{}",
            talos.major, talos.minor
        );
        let help = format!(
            "compare `kubernetes_version` with its release notes; known are 1.6 to 1.{}",
            releases::newest()
        );
        findings.push(Finding::new(
            Code::TalosVersionUnknown,
            Path::input(TALOS),
            message,
            help,
        ));
    }
}

fn required(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let Some(talos) = reading.version(TALOS) else {
        return;
    };
    let has_default = releases::of(&talos).is_some_and(|release| release.brought.is_some());
    if !has_default && !reading.is_set(KUBERNETES) {
        let message =
            format!("`{KUBERNETES}` is required: its default for `v{talos}` is not known here");
        let help = "add the Kubernetes version that the Talos release notes name";
        let at = Path::input(KUBERNETES);
        findings.push(Finding::new(
            Code::KubernetesVersionRequired,
            at,
            message,
            help,
        ));
    }
}

fn both(reading: &Reading<'_>) -> Option<(Version, Version)> {
    reading.version(TALOS).zip(reading.version(KUBERNETES))
}

fn pair(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let Some((talos, kubernetes)) = both(reading) else {
        return;
    };
    let Some(release) = releases::of(&talos) else {
        return;
    };
    if release.supports(&kubernetes) {
        return;
    }
    let (oldest, newest) = release.kubernetes;
    let message = format!("`v{talos}` does not support Kubernetes `v{kubernetes}`");
    let help = format!("use Kubernetes 1.{oldest} to 1.{newest}");
    let finding = Finding::new(Code::VersionPair, Path::input(KUBERNETES), message, help);
    findings.push(finding.with_related(Path::input(TALOS), "the Talos version"));
}

fn doubtful(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let Some((talos, kubernetes)) = both(reading) else {
        return;
    };
    if (talos.minor, kubernetes.minor) == (14, 32) && talos.major == 1 && kubernetes.major == 1 {
        let message =
            "Talos 1.14 accepts Kubernetes 1.32, but does not list it as supported".to_owned();
        let help = "use Kubernetes 1.33 or newer";
        let finding = Finding::new(
            Code::VersionPairDoubtful,
            Path::input(KUBERNETES),
            message,
            help,
        );
        findings.push(finding.with_related(Path::input(TALOS), "the Talos version"));
    }
}

/// A schematic that was made elsewhere cannot be read backwards, and nothing is said of it.
fn extensions_exist(reading: &Reading<'_>, name: &'static str, findings: &mut Vec<Finding>) {
    let Some((talos, id)) = reading.version(TALOS).zip(reading.text(name)) else {
        return;
    };
    let known = releases::of(&talos).and_then(|_| Schematic::known(&id));
    let missing: Vec<String> = known
        .map(Schematic::extensions)
        .unwrap_or_default()
        .into_iter()
        .filter(|extension| exists_in(extension, talos.minor) == Some(false))
        .collect();
    if missing.is_empty() {
        return;
    }
    let message = format!(
        "Talos 1.{} has no extension `{}`",
        talos.minor,
        missing.join("`, `")
    );
    let help = "use the schematic of the image in the template: extensions change their names between releases";
    let finding = Finding::new(Code::SchematicRelease, Path::input(name), message, help);
    findings.push(finding.with_related(Path::input(TALOS), "the Talos version"));
}

fn network_bug(reading: &Reading<'_>, findings: &mut Vec<Finding>) {
    let is_static = reading.is("address_mode", "static");
    let Some(talos) = reading
        .version(TALOS)
        .filter(|talos| is_static && ignores_network(talos))
    else {
        return;
    };
    let message =
        format!("`v{talos}` has faults in reading static addresses from the cloud-init drive");
    let help = "use a later patch version, or `address_mode = \"dhcp_reserved\"`";
    let finding = Finding::new(Code::NocloudNetworkBug, Path::input(TALOS), message, help);
    findings.push(finding.with_related(Path::input("address_mode"), "asks for static addresses"));
}

/// siderolabs/talos#8625 (1.7.0), and #9804, #9811, #9871 (1.8.3 up to 1.9.0-alpha.2).
fn ignores_network(talos: &Version) -> bool {
    let fixed_again = Version::parse("1.9.0-alpha.2");
    *talos == Version::new(1, 7, 0)
        || (*talos >= Version::new(1, 8, 3) && fixed_again.is_ok_and(|last| *talos <= last))
}
