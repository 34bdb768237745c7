//! The inputs after each was checked on its own: which are usable, and their values with defaults filled in.

use core::net::Ipv4Addr;
use std::collections::BTreeSet;

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
    values: &'a InputValues,
    invalid: BTreeSet<&'static str>,
}

impl<'a> Reading<'a> {
    /// Checks each input on its own, in the order of the table, and then each name that is none.
    pub(crate) fn new(values: &'a InputValues, findings: &mut Vec<Finding>) -> Self {
        let mut invalid = BTreeSet::new();
        for input in INPUTS.iter() {
            let before = findings.len();
            input.check(values.get(input.name).unwrap_or(&Value::Null), findings);
            if findings[before..].iter().any(Finding::is_error) {
                invalid.insert(input.name);
            }
        }
        let unknown = values.keys().filter(|name| find(name).is_none());
        findings.extend(unknown.map(|name| unknown_input(name)));
        Self { values, invalid }
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
        self.values
            .get(name)
            .is_some_and(|value| *value != Value::Null)
    }

    /// The value or its default; `None` when that is nothing, or the input cannot be used.
    pub(crate) fn value(&self, name: &'static str) -> Option<Value> {
        if self.invalid.contains(name) {
            return None;
        }
        let given = self
            .values
            .get(name)
            .filter(|value| **value != Value::Null)
            .cloned();
        let value = given.or_else(|| find(name).map(|input| input.default.value()))?;
        (value != Value::Null).then_some(value)
    }

    pub(crate) fn text(&self, name: &'static str) -> Option<String> {
        as_text(&self.value(name)?)
    }

    pub(crate) fn whole(&self, name: &'static str) -> Option<i64> {
        self.value(name)?.as_whole()
    }

    pub(crate) fn texts(&self, name: &'static str) -> Vec<String> {
        let value = self.value(name);
        let elements = value.as_ref().and_then(Value::as_list).unwrap_or_default();
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
