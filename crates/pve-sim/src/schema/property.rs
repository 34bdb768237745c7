//! Property strings (`virtio=MAC,bridge=vmbr0`): reading them and checking them by a set.

use std::collections::BTreeMap;

use super::check::{Errors, MISSING, UNKNOWN, check_requires, check_scalar, find};
use super::line::{Kind, Param};
use super::sets::property_set;
use crate::world::PveVersion;

/// A property string taken apart, aliases resolved, booleans as `0` or `1`.
pub(crate) type Properties = BTreeMap<String, String>;

/// What Proxmox takes for a boolean inside a property string.
pub(crate) fn perl_boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "on" | "yes" | "true" => Some(true),
        "0" | "off" | "no" | "false" => Some(false),
        _ => None,
    }
}

/// Takes a property string apart without checking its values.
pub(crate) fn parse(
    version: PveVersion,
    table: &[Param],
    text: &str,
) -> Result<Properties, String> {
    let mut properties = Properties::new();
    for part in text.split(',').filter(|part| !part.trim().is_empty()) {
        let (key, value) = split_part(table, part)?;
        let mut key = key.to_owned();
        if let Some(Param {
            kind: Kind::Alias { of, key: value_key },
            ..
        }) = find(version, table, &key)
        {
            if let Some(value_key) = value_key {
                if properties.contains_key(*value_key) {
                    return Err(format!("key alias '{value_key}' is already defined\n"));
                }
                properties.insert((*value_key).to_owned(), key.clone());
            }
            (*of).clone_into(&mut key);
        }
        let value = as_boolean(version, table, &key, value);
        if properties.insert(key.clone(), value).is_some() {
            return Err(format!(
                "duplicate key in comma-separated list property: {key}\n"
            ));
        }
    }
    Ok(properties)
}

fn split_part<'a>(table: &[Param], part: &'a str) -> Result<(&'a str, &'a str), String>
where
{
    match part.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => Ok((key, value)),
        Some(_) => Err("missing key in comma-separated list property\n".to_owned()),
        None => table
            .iter()
            .find(|param| param.is_default)
            .map(|param| (param.name, part))
            .ok_or_else(|| {
                "value without key, but schema does not define a default key\n".to_owned()
            }),
    }
}

fn as_boolean(version: PveVersion, table: &[Param], key: &str, value: &str) -> String {
    let is_boolean = find(version, table, key).is_some_and(|param| param.kind == Kind::Boolean);
    match perl_boolean(value).filter(|_| is_boolean) {
        Some(flag) => u8::from(flag).to_string(),
        None => value.to_owned(),
    }
}

/// Checks a property string; the error has a line for each fault.
pub(super) fn check(version: PveVersion, set: &str, path: &str, text: &str) -> Result<(), String> {
    let table = property_set(set);
    let properties = parse(version, table, text)?;
    let mut errors = Errors::new();
    for param in table.iter().filter(|param| param.is_for(version)) {
        match properties.get(param.name) {
            None if !param.optional && !matches!(param.kind, Kind::Alias { .. }) => {
                errors.insert(param.name.to_owned(), MISSING.to_owned());
            }
            None => {}
            Some(_) => {
                let named = Param {
                    name: param.name,
                    ..param.clone()
                };
                require(version, &named, path, &properties, &mut errors);
            }
        }
    }
    for (key, value) in &properties {
        let error = match find(version, table, key) {
            None => Some(UNKNOWN.to_owned()),
            Some(param) => check_scalar(version, param, &format!("{path}.{key}"), value),
        };
        if let Some(error) = error {
            errors.insert(key.clone(), error);
        }
    }
    if errors.is_empty() {
        return Ok(());
    }
    let mut lines = vec![
        "format error
"
        .to_owned(),
    ];
    lines.extend(errors.iter().map(|(key, error)| {
        format!(
            "{path}.{key}: {error}
"
        )
    }));
    Err(lines.concat())
}

/// As for parameters, but the text names the property with its option in front.
fn require(
    version: PveVersion,
    param: &Param,
    path: &str,
    properties: &Properties,
    errors: &mut Errors,
) {
    let mut found = Errors::new();
    check_requires(
        version,
        param,
        |name| properties.contains_key(name),
        &mut found,
    );
    let bare = format!("'{}'", param.name);
    let full = format!("'{path}.{}'", param.name);
    errors.extend(
        found
            .into_iter()
            .map(|(key, text)| (key, text.replace(&bare, &full))),
    );
}

/// The parts of a value the schema has accepted already; one that was never checked gives what it can.
pub(crate) fn properties(version: PveVersion, set: &str, text: &str) -> Properties {
    parse(version, property_set(set), text).unwrap_or_default()
}
