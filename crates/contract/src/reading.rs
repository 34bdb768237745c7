//! The inputs after each was checked on its own: which are usable, and their values with defaults filled in.

use core::net::Ipv4Addr;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use ipnet::Ipv4Net;

use crate::code::Code;
use crate::finding::Finding;
use crate::inputs::{INPUTS, find};
use crate::kind::Kind;
use crate::path::Path;
use crate::suggest::nearest;
use crate::text::{Text, network, versions};
use crate::value::{InputValues, Value};

/// Inputs of which each usable one can be asked for.
pub(crate) struct Reading<'a> {
    given: &'a InputValues,
    /// What is usable and is something: what was given, else the default.
    usable: BTreeMap<&'static str, Cow<'a, Value>>,
    invalid: BTreeSet<&'static str>,
}

impl<'a> Reading<'a> {
    /// Checks each input on its own, in the order of the table, and then each name that is none.
    pub(crate) fn new(given: &'a InputValues, findings: &mut Vec<Finding>) -> Self {
        let mut usable = BTreeMap::new();
        let mut invalid = BTreeSet::new();
        for input in INPUTS.iter() {
            let before = findings.len();
            let value = given.get(input.name).unwrap_or(&Value::Null);
            input.check(value, findings);
            if findings[before..].iter().any(Finding::is_error) {
                invalid.insert(input.name);
                continue;
            }
            let value = match value {
                Value::Null => Cow::Owned(input.default.value()),
                given => Cow::Borrowed(given),
            };
            if *value != Value::Null {
                usable.insert(input.name, value);
            }
        }
        let unknown = given.keys().filter(|name| find(name).is_none());
        findings.extend(unknown.map(|name| unknown_input(name)));
        Self {
            given,
            usable,
            invalid,
        }
    }

    /// The first of `names` that cannot be used.
    pub(crate) fn first_invalid(&self, names: &[&'static str]) -> Option<&'static str> {
        names
            .iter()
            .find(|name| self.invalid.contains(*name))
            .copied()
    }

    /// Whether the operator set it, rather than leaving it to its default.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        !matches!(self.given.get(name), None | Some(Value::Null))
    }

    /// The value or its default; `None` when that is nothing, or the input cannot be used.
    pub(crate) fn value(&self, name: &'static str) -> Option<&Value> {
        self.usable.get(name).map(Cow::as_ref)
    }

    pub(crate) fn text(&self, name: &'static str) -> Option<String> {
        as_text(self.value(name)?)
    }

    /// Whether it is this word.
    pub(crate) fn is(&self, name: &'static str, word: &str) -> bool {
        self.value(name).and_then(Value::as_str) == Some(word)
    }

    pub(crate) fn whole(&self, name: &'static str) -> Option<i64> {
        self.value(name)?.as_whole()
    }

    pub(crate) fn texts(&self, name: &'static str) -> Vec<String> {
        let elements = self.value(name).and_then(Value::as_list);
        let elements = elements.unwrap_or_default();
        elements.iter().filter_map(as_text).collect()
    }

    pub(crate) fn address(&self, name: &'static str) -> Option<Ipv4Addr> {
        network::address(&self.text(name)?).ok()
    }

    pub(crate) fn network(&self, name: &'static str) -> Option<Ipv4Net> {
        match find(name)?.kind {
            Kind::Text(Text::Cidr(network)) => network.parse(&self.text(name)?).ok(),
            _ => None,
        }
    }

    pub(crate) fn version(&self, name: &'static str) -> Option<semver::Version> {
        versions::version(&self.text(name)?).ok()
    }
}

/// A text, also where a whole number stands for one (a template's VMID).
pub(crate) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => number.whole().map(|whole| whole.to_string()),
        _ => None,
    }
}

fn unknown_input(name: &str) -> Finding {
    let help = match renamed(name) {
        Some(now) => format!("it is called `{now}` now"),
        None => match nearest(name, INPUTS.iter().map(|input| input.name)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "remove it; docs/reference/inputs.md lists every input".to_owned(),
        },
    };
    let message = format!("`{}` is no input", name.escape_debug());
    Finding::new(Code::InputUnknown, Path::input(name), message, help)
}

/// Names of the earlier contract that moved.
pub(crate) fn renamed(name: &str) -> Option<&'static str> {
    match name {
        "proxmox_user" => Some("proxmox_username"),
        "gateway" => Some("network_gateway"),
        "vip" => Some("cluster_vip"),
        _ => None,
    }
}
