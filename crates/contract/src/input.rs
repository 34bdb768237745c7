//! One row of the table of inputs.

use serde_json::json;

use crate::finding::{Fault, Finding, Subject};
use crate::kind::{Checker, Kind};
use crate::path::Path;
use crate::value::Value;

/// An input of the environment, and everything that is known about it.
#[derive(Debug, Clone, Copy)]
pub struct Input {
    /// Its name, the same in every layer.
    pub name: &'static str,
    /// The part of the operator's mind it belongs to.
    pub section: Section,
    /// Its shape and formats.
    pub kind: Kind,
    /// What it is when it is left out.
    pub default: Default,
    /// Whether its value may be shown and stored.
    pub privacy: Privacy,
    /// Which layers declare it.
    pub layer: Layer,
    /// What it sets, as sentences.
    pub description: &'static str,
    /// A value as JSON, for the documents.
    pub example: &'static str,
    /// For an input that no longer sets anything: why.
    pub(crate) retired: Option<Retired>,
}

/// The parts of the input contract, in the order of the documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Section {
    /// How to reach the Proxmox API.
    Access,
    /// Where VMs are put.
    Placement,
    /// What they are cloned from.
    Templates,
    /// How many there are and how large.
    Topology,
    /// Their addresses and the cluster's networks.
    Network,
    /// Talos, Kubernetes and the image.
    Versions,
    /// What a run may do to running VMs.
    Consent,
    /// Inputs of the earlier contract.
    Deprecated,
}

impl Section {
    /// Every section, in order.
    pub const ALL: [Self; 8] = [
        Self::Access,
        Self::Placement,
        Self::Templates,
        Self::Topology,
        Self::Network,
        Self::Versions,
        Self::Consent,
        Self::Deprecated,
    ];

    /// The heading in the documents.
    pub fn title(self) -> &'static str {
        match self {
            Self::Access => "Access to Proxmox",
            Self::Placement => "Placement",
            Self::Templates => "Templates",
            Self::Topology => "Topology and sizes",
            Self::Network => "Network",
            Self::Versions => "Versions and image",
            Self::Consent => "Consent",
            Self::Deprecated => "Inputs of the earlier contract",
        }
    }
}

/// What an input is when it is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Default {
    /// It cannot be left out.
    Required,
    /// Nothing; the description says what follows.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Whole(i64),
    /// A text.
    Text(&'static str),
    /// An empty list.
    EmptyList,
    /// An empty map.
    EmptyMap,
}

impl Default {
    /// The default as a value; `Null` for both "required" and "nothing".
    pub fn value(self) -> Value {
        match self {
            Self::Required | Self::Null => Value::Null,
            Self::Bool(bool) => Value::Bool(bool),
            Self::Whole(whole) => whole.into(),
            Self::Text(text) => text.into(),
            Self::EmptyList => Value::List(Vec::new()),
            Self::EmptyMap => Value::Map(std::collections::BTreeMap::new()),
        }
    }
}

/// Whether a value may be shown and stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Privacy {
    /// Shown and stored.
    Open,
    /// Shown, but given for each run and stored nowhere.
    Ephemeral,
    /// Neither shown nor stored.
    Secret,
}

/// Which layers declare an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// The environment alone: it configures the provider.
    Environment,
    /// The environment, which hands it to the module.
    Module,
}

/// Why an input of the earlier contract no longer counts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Retired {
    /// It has no effect on Talos; the text says why.
    NoEffect(&'static str),
    /// It would change what is built, so a value is refused with what to write instead.
    Replaced(fn(&Value) -> Option<Fault>),
}

impl Input {
    pub(crate) const fn new(
        name: &'static str,
        section: Section,
        kind: Kind,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            section,
            kind,
            default: Default::Required,
            privacy: Privacy::Open,
            layer: Layer::Module,
            description,
            example: "null",
            retired: None,
        }
    }

    pub(crate) const fn default(mut self, default: Default) -> Self {
        self.default = default;
        self
    }

    pub(crate) const fn example(mut self, json: &'static str) -> Self {
        self.example = json;
        self
    }

    pub(crate) const fn environment_only(mut self) -> Self {
        self.layer = Layer::Environment;
        self
    }

    pub(crate) const fn private(mut self, privacy: Privacy) -> Self {
        self.privacy = privacy;
        self
    }

    pub(crate) const fn retired(mut self, retired: Retired) -> Self {
        self.retired = Some(retired);
        self.layer = Layer::Environment;
        self.default = Default::Null;
        self
    }

    /// Whether the operator has to give it.
    pub fn is_required(&self) -> bool {
        self.default == Default::Required
    }

    /// Whether it can be nothing: it has no default other than nothing.
    pub fn is_nullable(&self) -> bool {
        self.default == Default::Null
    }

    /// Whether it belongs to the earlier contract and sets nothing any more.
    pub fn is_retired(&self) -> bool {
        self.retired.is_some()
    }

    pub(crate) fn subject(&self) -> Subject {
        match self.privacy {
            Privacy::Open | Privacy::Ephemeral => Subject::Quoted,
            Privacy::Secret => Subject::Hidden,
        }
    }

    /// The example as a value.
    pub fn example_value(&self) -> Value {
        serde_json::from_str(self.example).map_or(Value::Null, Value::from_json)
    }

    /// Everything that is wrong with `value` on its own.
    pub(crate) fn check(&self, value: &Value, out: &mut Vec<Finding>) {
        let at = Path::input(self.name);
        if *value == Value::Null {
            if self.is_required() {
                out.push(self.missing(at));
            }
            return;
        }
        Checker {
            subject: self.subject(),
            findings: out,
        }
        .check(self.kind, value, &at);
        match self.retired {
            Some(Retired::Replaced(replaced)) => {
                out.extend(replaced(value).map(|fault| fault.at(at, self.name)));
            }
            Some(Retired::NoEffect(why)) => out.push(self.no_effect(at, why)),
            None => {}
        }
    }

    fn missing(&self, at: Path) -> Finding {
        let message = format!("`{}` is required", self.name);
        let example = crate::generate::hcl(&self.example_value());
        let help = format!("add a line such as `{} = {example}`", self.name);
        Finding::new(crate::code::Code::InputRequired, at, message, help)
    }

    fn no_effect(&self, at: Path, why: &str) -> Finding {
        let message = format!("`{}` has no effect: {why}", self.name);
        Finding::new(
            crate::code::Code::InputDeprecated,
            at,
            message,
            "remove the line",
        )
    }

    /// The JSON Schema of this input.
    pub fn json_schema(&self) -> serde_json::Value {
        let mut schema = crate::generate::kind_schema(self.kind);
        if !self.is_required() {
            schema = json!({ "anyOf": [schema, { "type": "null" }] });
        }
        schema
    }
}
