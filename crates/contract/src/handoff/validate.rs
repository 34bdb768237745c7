//! Whether a document can be handed over, whoever made it: its shape by the JSON Schema, its sense by rules.
//!
//! The rules speak only of a document whose shape is right, so that none of them has to guess.

mod network;
mod nodes;

use serde_json::Value as Json;

use super::SCHEMA_VERSION;
use super::document::BootstrapContract;

/// Something in a document that the bootstrap would stumble over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The rule that it breaks.
    pub rule: Rule,
    /// Where in the document, as a JSON pointer.
    pub place: String,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: String,
}

macro_rules! rules {
    ($($(#[doc = $what:literal])+ $rule:ident $name:literal,)*) => {
        /// What a document must keep.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Rule { $($(#[doc = $what])+ $rule,)* }

        impl Rule {
            /// Every rule.
            pub const ALL: &[Self] = &[$(Self::$rule,)*];

            /// Its name, in kebab case.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }

            /// What it demands, as a sentence.
            pub fn what(self) -> &'static str {
                match self { $(Self::$rule => concat!($($what),+).trim_ascii(),)* }
            }
        }
    };
}

rules! {
    /// The major version is one that this em-infra knows.
    VersionKnown "version-known",
    /// The document has the shape that the JSON Schema says.
    Shape "shape",
    /// There is a control plane.
    ControlPlane "control-plane",
    /// `bootstrap_node` is one of the control planes.
    BootstrapNode "bootstrap-node",
    /// No two nodes share a name, an address, a MAC address, a VMID or an SMBIOS UUID.
    Unique "unique",
    /// Addresses are usable ones of the node network, and its size is the nodes' prefix length.
    NodeNetwork "node-network",
    /// A node with a static address has a gateway, and the gateway is no node.
    Gateway "gateway",
    /// Node, pod and service networks do not overlap.
    NetworksApart "networks-apart",
    /// The VIP is a free address of the node network: never a node's, never a gateway's.
    VipFree "vip-free",
    /// The endpoint is the VIP where there is one, else no worker's address.
    Endpoint "endpoint",
    /// A static address needs the nocloud image: no other reads the cloud-init drive.
    StaticNeedsNocloud "static-needs-nocloud",
    /// Network cards are named on nocloud, and found by MAC address elsewhere.
    Link "link",
    /// The installer is of the image's own platform, schematic and Talos version.
    Installer "installer",
    /// The extensions said are those that the schematic's id stands for, and exist in the Talos version.
    Extensions "extensions",
}

impl std::fmt::Display for Breach {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            rule,
            place,
            message,
            help,
        } = self;
        let place = if place.is_empty() { "/" } else { place };
        write!(f, "{place}: {message}; {help} ({})", rule.as_str())
    }
}

/// Everything that is wrong with a document, in the order of the document.
pub fn validate(document: &Json) -> Vec<Breach> {
    match read(document) {
        Ok(_) => Vec::new(),
        Err(breaches) => breaches,
    }
}

/// The document, if nothing is wrong with it.
pub fn read(document: &Json) -> Result<BootstrapContract, Vec<Breach>> {
    let misshapen = shape(document);
    if !misshapen.is_empty() {
        return Err(misshapen);
    }
    let read: BootstrapContract = serde_json::from_value(document.clone())
        .map_err(|source| vec![unreadable(&source.to_string())])?;
    let mut breaches = nodes::breaches(&read);
    breaches.extend(network::breaches(&read));
    breaches.sort_by(|one, other| (one.rule, &one.place).cmp(&(other.rule, &other.place)));
    if breaches.is_empty() {
        Ok(read)
    } else {
        Err(breaches)
    }
}

fn shape(document: &Json) -> Vec<Breach> {
    if let Some(breach) = unknown_version(document) {
        return vec![breach];
    }
    let schema = super::json_schema();
    let validator = match jsonschema::validator_for(&schema) {
        Ok(validator) => validator,
        Err(error) => return vec![unreadable(&error.to_string())],
    };
    let errors = validator.iter_errors(document);
    errors
        .map(|error| Breach {
            rule: Rule::Shape,
            place: error.instance_path().to_string(),
            message: error.to_string(),
            help: described(&schema, &error.schema_path().to_string()),
        })
        .collect()
}

/// What the schema says about the place of an error.
fn described(schema: &Json, schema_path: &str) -> String {
    let parent = schema_path
        .rsplit_once('/')
        .map_or("", |(parent, _)| parent);
    let said = schema
        .pointer(parent)
        .and_then(|part| part.get("description"));
    match said.and_then(Json::as_str) {
        Some(said) => format!("what belongs there: {}", said.trim_end_matches('.')),
        None => {
            "schemas/talos-bootstrap-contract.v1.schema.json says what belongs there".to_owned()
        }
    }
}

fn unknown_version(document: &Json) -> Option<Breach> {
    let version = document.get("schema_version")?.as_str()?;
    let major = |version: &str| version.split('.').next().map(str::to_owned);
    (major(version) != major(SCHEMA_VERSION)).then(|| Breach {
        rule: Rule::VersionKnown,
        place: "/schema_version".to_owned(),
        message: format!("version `{}` is not known here", version.escape_debug()),
        help: format!("this em-infra reads version {SCHEMA_VERSION} and its minor steps"),
    })
}

fn unreadable(reason: &str) -> Breach {
    Breach {
        rule: Rule::Shape,
        place: String::new(),
        message: reason.to_owned(),
        help: "schemas/talos-bootstrap-contract.v1.schema.json says what belongs there".to_owned(),
    }
}

fn breach(
    rule: Rule,
    place: impl Into<String>,
    message: String,
    help: impl Into<String>,
) -> Breach {
    Breach {
        rule,
        place: place.into(),
        message,
        help: help.into(),
    }
}
