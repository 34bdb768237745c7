//! The codes of all rules. A code is a promise: once released it keeps its meaning.

mod rules;

use std::fmt;

pub use rules::RULES;

use crate::finding::Severity;

macro_rules! codes {
    ($($code:ident $name:literal,)*) => {
        /// The code of a rule.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[expect(missing_docs, reason = "each has its section in `RULES`, which a test keeps complete")]
        pub enum Code { $($code,)* }

        impl Code {
            /// Every code, in the order of the documents.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The code as the operator sees it, in kebab case.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }
        }
    };
}

codes! {
    TextEncoding "text-encoding",
    Syntax "syntax",
    NameDuplicate "name-duplicate",
    ValueComputed "value-computed",
    InputRequired "input-required",
    InputUnknown "input-unknown",
    InputDeprecated "input-deprecated",
    AttributeUnknown "attribute-unknown",
    TypeMismatch "type-mismatch",
    ElementNull "element-null",
    ListDuplicate "list-duplicate",
    TextEmpty "text-empty",
    TextBlanks "text-blanks",
    TextControl "text-control",
    NumberNotWhole "number-not-whole",
    NumberOutOfRange "number-out-of-range",
    BelowTalosMinimum "below-talos-minimum",
    ChoiceUnknown "choice-unknown",
    UrlForm "url-form",
    TokenIdForm "token-id-form",
    TokenSecretForm "token-secret-form",
    UsernameForm "username-form",
    FingerprintForm "fingerprint-form",
    TlsConflict "tls-conflict",
    DnsLabel "dns-label",
    ProxmoxNodeForm "proxmox-node-form",
    StorageForm "storage-form",
    BridgeForm "bridge-form",
    PoolForm "pool-form",
    TemplateForm "template-form",
    TagForm "tag-form",
    CpuTypeTooOld "cpu-type-too-old",
    CpuTypeUnknown "cpu-type-unknown",
    CidrForm "cidr-form",
    CidrHostBits "cidr-host-bits",
    CidrSize "cidr-size",
    AddressForm "address-form",
    AddressReserved "address-reserved",
    Ipv6Unsupported "ipv6-unsupported",
    NetworkOverlap "network-overlap",
    PodNetworkTooSmall "pod-network-too-small",
    GatewayRequired "gateway-required",
    AddressStartRequired "address-start-required",
    AddressOutsideNetwork "address-outside-network",
    AddressUnusable "address-unusable",
    AddressTaken "address-taken",
    NameserverInCluster "nameserver-in-cluster",
    StaticNeedsNocloud "static-needs-nocloud",
    NodeNameDuplicate "node-name-duplicate",
    NodeNameTooLong "node-name-too-long",
    OverrideUnknownNode "override-unknown-node",
    SlotMissing "slot-missing",
    SlotOutOfRange "slot-out-of-range",
    VmidDuplicate "vmid-duplicate",
    VmidIsTemplate "vmid-is-template",
    MacForm "mac-form",
    MacMulticast "mac-multicast",
    MacDuplicate "mac-duplicate",
    UuidForm "uuid-form",
    UuidDuplicate "uuid-duplicate",
    PciForm "pci-form",
    PciUpperCase "pci-upper-case",
    PciDuplicate "pci-duplicate",
    MappingForm "mapping-form",
    GpuMissing "gpu-missing",
    GpuSource "gpu-source",
    GpuTooMany "gpu-too-many",
    GpuOutsideGpuWorkers "gpu-outside-gpu-workers",
    GpuTemplateMissing "gpu-template-missing",
    GpuSchematicPlain "gpu-schematic-plain",
    ControlPlaneEven "control-plane-even",
    ControlPlaneMany "control-plane-many",
    ControlPlaneSmall "control-plane-small",
    EndpointSingleNode "endpoint-single-node",
    VersionForm "version-form",
    VersionPrerelease "version-prerelease",
    TalosVersionUnknown "talos-version-unknown",
    KubernetesVersionRequired "kubernetes-version-required",
    VersionPair "version-pair",
    VersionPairDoubtful "version-pair-doubtful",
    NocloudNetworkBug "nocloud-network-bug",
    SchematicForm "schematic-form",
    SchematicRelease "schematic-release",
    DhcpReplaced "dhcp-replaced",
    StaticIpMapReplaced "static-ip-map-replaced",
    NotEvaluated "not-evaluated",
}

impl Example {
    /// The lines of an example that is made of inputs.
    pub fn inputs(self) -> Option<Lines> {
        match self {
            Self::Inputs(lines) => Some(lines),
            Self::Text(_) => None,
        }
    }
}

impl Code {
    /// The rule behind the code.
    pub fn rule(self) -> &'static Rule {
        &RULES[self as usize]
    }

    /// The code written as `name`.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == name)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is said about a rule in the documents and by `--explain`.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its code.
    pub code: Code,
    /// How much a breach weighs.
    pub severity: Severity,
    /// What it demands, as a sentence.
    pub what: &'static str,
    /// What would happen without it.
    pub why: &'static str,
    /// How to mend a breach.
    pub fix: &'static str,
    /// What breaks it.
    pub fails: Example,
    /// The neighbour of `fails` that keeps it.
    pub passes: Example,
}

/// An example of a rule.
#[derive(Debug, Clone, Copy)]
pub enum Example {
    /// Inputs on top of [`BASE`].
    Inputs(Lines),
    /// The text of a variable file, for the rules of the text itself: whoever reads files applies those.
    Text(&'static str),
}

/// Names of inputs with their values as JSON, `null` for a line that is left out.
pub type Lines = &'static [(&'static str, &'static str)];

/// The smallest complete inputs, which every example builds on.
pub const BASE: Lines = &[
    ("node", r#""pve""#),
    ("disk_pool", r#""local-lvm""#),
    ("control_plane_template", r#""talos-v1.13-nocloud""#),
    ("cluster_network_cidr", r#""192.168.1.0/24""#),
    ("network_gateway", r#""192.168.1.1""#),
    ("talos_version", r#""v1.13.9""#),
];

/// The values of `example` on top of [`BASE`].
pub fn example_values(example: &[(&str, &str)]) -> crate::value::InputValues {
    BASE.iter()
        .chain(example)
        .filter_map(|(name, json)| {
            let value = serde_json::from_str(json).ok()?;
            Some(((*name).to_owned(), crate::value::Value::from_json(value)))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_stand_in_the_order_of_the_codes() {
        let ruled: Vec<Code> = RULES.iter().map(|rule| rule.code).collect();
        assert_eq!(ruled, Code::ALL);
    }

    #[test]
    fn the_codes_are_unique_and_in_kebab_case() {
        let mut names: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        for name in &names {
            let kebab =
                |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '-';
            assert!(name.chars().all(kebab), "{name}");
            assert_eq!(Code::parse(name).map(Code::as_str), Some(*name));
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Code::ALL.len());
    }

    #[test]
    fn the_examples_are_json_and_name_inputs() {
        for rule in RULES {
            let lines = |example: Example| example.inputs().unwrap_or_default();
            for (name, json) in lines(rule.fails).iter().chain(lines(rule.passes)) {
                serde_json::from_str::<serde_json::Value>(json)
                    .unwrap_or_else(|error| panic!("{}: {name}: {error}", rule.code));
            }
            for (name, _) in lines(rule.passes) {
                assert!(crate::inputs::find(name).is_some(), "{}: {name}", rule.code);
            }
        }
    }
}
