//! Checking parameters in Proxmox's order, with its texts.

use std::collections::BTreeMap;

use super::format::Format;
use super::line::{Kind, Param};
use super::property;
use super::value::{Given, Params};
use crate::fail::{ApiError, Result};
use crate::world::PveVersion;

/// Parameters that passed. Booleans are `0` or `1`, integers are plain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Args {
    values: BTreeMap<String, Given>,
}

impl Args {
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        match self.values.get(key) {
            Some(Given::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// A parameter the schema demands.
    pub(crate) fn required(&self, key: &str) -> &str {
        self.text(key).unwrap_or_default()
    }

    pub(crate) fn flag(&self, key: &str) -> Option<bool> {
        self.text(key).map(|text| text == "1")
    }

    pub(crate) fn is_on(&self, key: &str) -> bool {
        self.flag(key) == Some(true)
    }

    pub(crate) fn number(&self, key: &str) -> Option<u64> {
        self.text(key).and_then(|text| text.parse().ok())
    }

    pub(crate) fn vmid(&self, key: &str) -> u32 {
        self.text(key)
            .and_then(|text| text.parse().ok())
            .unwrap_or_default()
    }

    pub(crate) fn list(&self, key: &str) -> Option<Vec<String>> {
        match self.values.get(key)? {
            Given::List(items) => Some(items.clone()),
            Given::Text(text) => Some(vec![text.clone()]),
            Given::Undef | Given::Object => None,
        }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<Given> {
        self.values.remove(key)
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

pub(crate) type Errors = BTreeMap<String, String>;

/// Checks the parameters of a request against a table.
pub(crate) fn verify(version: PveVersion, table: &[Param], given: Params) -> Result<Args> {
    let mut errors = Errors::new();
    for param in table
        .iter()
        .filter(|p| p.is_for(version) && p.count.is_none())
    {
        match given.get(param.name) {
            None if !param.optional => {
                errors.insert(param.name.to_owned(), MISSING.to_owned());
            }
            None => {}
            Some(_) => check_requires(version, param, |name| given.contains_key(name), &mut errors),
        }
    }
    let mut values = BTreeMap::new();
    for (key, value) in given {
        match find(version, table, &key) {
            None => {
                errors.insert(key, UNKNOWN.to_owned());
            }
            Some(param) => {
                let value = join_lists(param, value);
                match check_given(version, param, &key, &value) {
                    Ok(()) => {
                        values.insert(key, plain(param, value));
                    }
                    Err(found) => errors.extend(found),
                }
            }
        }
    }
    if errors.is_empty() {
        Ok(Args { values })
    } else {
        Err(ApiError::parameters(errors).into())
    }
}

pub(super) const MISSING: &str = "property is missing and it is not optional";
pub(super) const UNKNOWN: &str =
    "property is not defined in schema and the schema does not allow additional properties";

/// The parameter a key stands for.
pub(super) fn find<'a>(version: PveVersion, table: &'a [Param], key: &str) -> Option<&'a Param> {
    table
        .iter()
        .find(|param| param.is_for(version) && param.matches(key))
}

pub(super) fn check_requires(
    version: PveVersion,
    param: &Param,
    is_given: impl Fn(&str) -> bool,
    errors: &mut Errors,
) {
    let Some(wanted) = param.requires.filter(|wanted| !is_given(wanted)) else {
        return;
    };
    let text = if version.is_9() {
        format!("missing property required by '{}'", param.name)
    } else {
        format!("missing property - '{}' requires this property", param.name)
    };
    errors.insert(wanted.to_owned(), text);
}

/// Repeated keys of list formats are one comma-separated value.
fn join_lists(param: &Param, value: Given) -> Given {
    match value {
        Given::List(items) if param.kind != Kind::Array => match &param.format {
            Some(Format::List(_)) => Given::Text(items.join(",")),
            _ => Given::List(items),
        },
        other => other,
    }
}

fn check_given(
    version: PveVersion,
    param: &Param,
    key: &str,
    value: &Given,
) -> std::result::Result<(), Errors> {
    let one = |error: String| Err(Errors::from([(key.to_owned(), error)]));
    match value {
        Given::Undef => Ok(()),
        Given::Object => one(type_error(param, "HASH(0x5581d0c6a3f8)")),
        Given::List(_) if param.kind != Kind::Array => one(type_error(param, "ARRAY")),
        Given::List(items) => check_items(version, param, key, items),
        Given::Text(text) if param.kind == Kind::Array => {
            check_items(version, param, key, std::slice::from_ref(text))
        }
        Given::Text(text) => match check_scalar(version, param, key, text) {
            Some(error) => one(error),
            None => Ok(()),
        },
    }
}

fn check_items(
    version: PveVersion,
    param: &Param,
    key: &str,
    items: &[String],
) -> std::result::Result<(), Errors> {
    let mut errors = Errors::new();
    for (index, item) in items.iter().enumerate() {
        let path = format!("{key}[{index}]");
        if let Some(error) = check_format(version, param, &path, item) {
            errors.insert(path, error);
        }
    }
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

fn type_error(param: &Param, got: &str) -> String {
    let name = match param.kind {
        Kind::Integer => "integer",
        Kind::Number => "number",
        Kind::Boolean => "boolean",
        Kind::Array => "array",
        Kind::Text | Kind::Enum(_) | Kind::Alias { .. } => "string",
    };
    format!("type check ('{name}') failed - got '{got}'")
}

/// The error of one value, in the order type, pattern, format, length, bounds, enumeration.
pub(super) fn check_scalar(
    version: PveVersion,
    param: &Param,
    path: &str,
    text: &str,
) -> Option<String> {
    if !has_type(param, text) {
        return Some(type_error(param, text));
    }
    if param
        .pattern
        .as_ref()
        .is_some_and(|pattern| !pattern.is_match(text))
    {
        return Some("value does not match the regex pattern".to_owned());
    }
    check_format(version, param, path, text)
        .or_else(|| check_length(param, text))
        .or_else(|| check_bounds(param, text))
        .or_else(|| check_enum(param, text))
}

fn has_type(param: &Param, text: &str) -> bool {
    match param.kind {
        Kind::Integer => is_integer(text),
        Kind::Number => is_number(text),
        Kind::Boolean => matches!(text, "0" | "1"),
        Kind::Text | Kind::Enum(_) | Kind::Array | Kind::Alias { .. } => true,
    }
}

fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

fn is_number(text: &str) -> bool {
    let starts_well = text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c));
    starts_well && text.parse::<f64>().is_ok_and(f64::is_finite)
}

fn check_format(version: PveVersion, param: &Param, path: &str, text: &str) -> Option<String> {
    let outcome = match param.format.as_ref()? {
        Format::Named(check) => check(text),
        Format::Versioned(check) => check(version, text),
        Format::List(check) => super::split_list(text).try_for_each(|item| check(version, item)),
        Format::Properties(set) => property::check(version, set, path, text),
    };
    outcome
        .err()
        .map(|error| format!("invalid format - {error}"))
}

fn check_length(param: &Param, text: &str) -> Option<String> {
    let length = text.chars().count();
    if let Some(max) = param.max_len.filter(|max| length > *max) {
        return Some(format!("value may only be {max} characters long"));
    }
    let min = param.min_len.filter(|min| length < *min)?;
    Some(format!("value must be at least {min} characters long"))
}

fn check_bounds(param: &Param, text: &str) -> Option<String> {
    let value: f64 = text.parse().ok()?;
    if let Some(max) = param.max.filter(|max| value > *max) {
        return Some(format!("value must have a maximum value of {max}"));
    }
    let min = param.min.filter(|min| value < *min)?;
    Some(format!("value must have a minimum value of {min}"))
}

fn check_enum(param: &Param, text: &str) -> Option<String> {
    let Kind::Enum(words) = &param.kind else {
        return None;
    };
    (!words.contains(&text)).then(|| {
        format!(
            "value '{text}' does not have a value in the enumeration '{}'",
            words.join(", ")
        )
    })
}

/// Integers lose leading zeros and a plus sign.
fn plain(param: &Param, value: Given) -> Given {
    match value {
        Given::Text(text) if param.kind == Kind::Integer => Given::Text(
            text.parse::<i128>()
                .map_or(text, |number| number.to_string()),
        ),
        other => other,
    }
}
