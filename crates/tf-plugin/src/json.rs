//! The JSON encoding of values, as Terraform keeps them in a state file.
//!
//! Read by type and from the raw text, so that no number goes through a double.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::decode::{DEEPEST, DecodeError};
use crate::number::Number;
use crate::path::Step;
use crate::ty::Type;
use crate::value::Value;

/// Decodes a value of this type. As in Terraform, numbers and bools may be written as text and the other way
/// round; attributes that an object leaves out are null.
pub fn decode_json(ty: &Type, json: &[u8]) -> Result<Value, DecodeError> {
    let text = std::str::from_utf8(json).map_err(|_| DecodeError::new("text is not UTF-8"))?;
    decode(ty, parse::<&RawValue>(text, "JSON")?.get(), 0)
}

/// Removes the attributes that the type no longer has. `None` if it has them all: then the text can go on
/// untouched.
pub(crate) fn prune(ty: &Type, json: &[u8]) -> Result<Option<String>, DecodeError> {
    let text = std::str::from_utf8(json).map_err(|_| DecodeError::new("text is not UTF-8"))?;
    pruned(ty, text)
}

fn decode(ty: &Type, text: &str, depth: usize) -> Result<Value, DecodeError> {
    if depth == DEEPEST {
        return Err(DecodeError::new(format!(
            "nested deeper than {DEEPEST} levels"
        )));
    }
    if text == "null" {
        return Ok(Value::Null);
    }
    let inner = depth + 1;
    match ty {
        Type::Bool => bool_of(text).map(Value::Bool),
        Type::Number => number_of(text).map(Value::Number),
        Type::String => string_of(text).map(Value::String),
        Type::List(element) | Type::Set(element) => list(element, text, inner),
        Type::Tuple(types) => tuple(types, text, inner),
        Type::Map(element) => map(element, text, inner),
        Type::Object(attributes) => object(attributes, text, inner),
        Type::Dynamic => dynamic(text, inner),
    }
}

fn parse<'a, T: Deserialize<'a>>(text: &'a str, wanted: &str) -> Result<T, DecodeError> {
    serde_json::from_str(text).map_err(|_| DecodeError::expected(wanted, &shown(text)))
}

/// The start of the text, so that a message stays short and a long secret does not show whole.
fn shown(text: &str) -> String {
    match text.bytes().next() {
        Some(b'"') => "a string".to_owned(),
        Some(b'{') => "an object".to_owned(),
        Some(b'[') => "a list".to_owned(),
        Some(b't' | b'f') => "a bool".to_owned(),
        Some(b'-' | b'0'..=b'9') => "a number".to_owned(),
        _ => "something else".to_owned(),
    }
}

fn bool_of(text: &str) -> Result<bool, DecodeError> {
    match text {
        "true" | "\"true\"" | "\"1\"" => Ok(true),
        "false" | "\"false\"" | "\"0\"" => Ok(false),
        other => Err(DecodeError::expected("a bool", &shown(other))),
    }
}

fn number_of(text: &str) -> Result<Number, DecodeError> {
    let digits = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(text);
    Number::parse(digits).map_err(|_| DecodeError::expected("a number", &shown(text)))
}

fn string_of(text: &str) -> Result<String, DecodeError> {
    match text.bytes().next() {
        Some(b't' | b'f' | b'-' | b'0'..=b'9') => Ok(text.to_owned()),
        _ => parse(text, "a string"),
    }
}

fn list(element: &Type, text: &str, depth: usize) -> Result<Value, DecodeError> {
    let raw: Vec<&RawValue> = parse(text, "a list")?;
    let read = |(index, raw): (usize, &&RawValue)| {
        decode(element, raw.get(), depth).map_err(|error| error.inside(Step::Index(index)))
    };
    raw.iter()
        .enumerate()
        .map(read)
        .collect::<Result<_, _>>()
        .map(Value::List)
}

fn tuple(types: &[Type], text: &str, depth: usize) -> Result<Value, DecodeError> {
    let raw: Vec<&RawValue> = parse(text, "a tuple")?;
    if raw.len() != types.len() {
        let problem = format!(
            "expected a tuple of {}, found {} elements",
            types.len(),
            raw.len()
        );
        return Err(DecodeError::new(problem));
    }
    let read = |(index, (ty, raw)): (usize, (&Type, &&RawValue))| {
        decode(ty, raw.get(), depth).map_err(|error| error.inside(Step::Index(index)))
    };
    types
        .iter()
        .zip(&raw)
        .enumerate()
        .map(read)
        .collect::<Result<_, _>>()
        .map(Value::List)
}

fn map(element: &Type, text: &str, depth: usize) -> Result<Value, DecodeError> {
    let raw: BTreeMap<String, &RawValue> = parse(text, "a map")?;
    let read = |(key, raw): (String, &RawValue)| match decode(element, raw.get(), depth) {
        Ok(value) => Ok((key, value)),
        Err(error) => Err(error.inside(Step::Key(key))),
    };
    raw.into_iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map(Value::Map)
}

fn object(
    attributes: &BTreeMap<String, Type>,
    text: &str,
    depth: usize,
) -> Result<Value, DecodeError> {
    let raw: BTreeMap<String, &RawValue> = parse(text, "an object")?;
    if let Some(name) = raw.keys().find(|name| !attributes.contains_key(*name)) {
        return Err(DecodeError::new("no such attribute").inside(Step::Attribute(name.clone())));
    }
    let read = |(name, ty): (&String, &Type)| {
        let text = raw.get(name).map_or("null", |raw| raw.get());
        match decode(ty, text, depth) {
            Ok(value) => Ok((name.clone(), value)),
            Err(error) => Err(error.inside(Step::Attribute(name.clone()))),
        }
    };
    attributes
        .iter()
        .map(read)
        .collect::<Result<_, _>>()
        .map(Value::Map)
}

#[derive(Deserialize)]
struct RawDynamic<'a> {
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(borrow, rename = "type")]
    ty: &'a RawValue,
}

fn dynamic(text: &str, depth: usize) -> Result<Value, DecodeError> {
    let raw: RawDynamic<'_> = parse(text, "a type and a value")?;
    let ty = Type::from_json(raw.ty.get().as_bytes())
        .map_err(|error| DecodeError::new(error.to_string()))?;
    let value = decode(&ty, raw.value.get(), depth)?;
    Ok(Value::dynamic(ty, value))
}

fn pruned(ty: &Type, text: &str) -> Result<Option<String>, DecodeError> {
    if text == "null" {
        return Ok(None);
    }
    match ty {
        Type::Object(attributes) => prune_object(text, |name| attributes.get(name)),
        Type::Map(element) if holds_object(element) => prune_object(text, |_| Some(element)),
        Type::List(element) | Type::Set(element) if holds_object(element) => {
            prune_list(text, element)
        }
        _ => Ok(None),
    }
}

/// Spares the second look at long lists of plain values.
fn holds_object(ty: &Type) -> bool {
    match ty {
        Type::Object(_) => true,
        Type::List(element) | Type::Set(element) | Type::Map(element) => holds_object(element),
        _ => false,
    }
}

fn prune_object<'t>(
    text: &str,
    attribute: impl Fn(&str) -> Option<&'t Type>,
) -> Result<Option<String>, DecodeError> {
    let raw: BTreeMap<String, &RawValue> = parse(text, "an object")?;
    let mut changed = false;
    let mut parts = Vec::with_capacity(raw.len());
    for (name, raw) in &raw {
        let Some(ty) = attribute(name) else {
            changed = true;
            continue;
        };
        let inner =
            pruned(ty, raw.get()).map_err(|error| error.inside(Step::Attribute(name.clone())))?;
        changed |= inner.is_some();
        let key = serde_json::Value::from(name.as_str());
        parts.push(format!("{key}:{}", inner.as_deref().unwrap_or(raw.get())));
    }
    Ok(changed.then(|| format!("{{{}}}", parts.join(","))))
}

fn prune_list(text: &str, element: &Type) -> Result<Option<String>, DecodeError> {
    let raw: Vec<&RawValue> = parse(text, "a list")?;
    let mut changed = false;
    let mut parts = Vec::with_capacity(raw.len());
    for (index, raw) in raw.iter().enumerate() {
        let inner = pruned(element, raw.get()).map_err(|error| error.inside(Step::Index(index)))?;
        changed |= inner.is_some();
        parts.push(inner.unwrap_or_else(|| raw.get().to_owned()));
    }
    Ok(changed.then(|| format!("[{}]", parts.join(","))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{decode_json, prune};
    use crate::arbitrary;
    use crate::ty::Type;
    use crate::value::Value;

    /// As Terraform writes it; unknown values have no JSON.
    fn encode(value: &Value) -> String {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match value {
            Value::Null | Value::Unknown => "null".to_owned(),
            Value::Bool(truth) => truth.to_string(),
            Value::Number(number) => number.to_string(),
            Value::String(text) => quoted(text),
            Value::List(elements) => {
                format!(
                    "[{}]",
                    elements.iter().map(encode).collect::<Vec<_>>().join(", ")
                )
            }
            Value::Map(entries) => {
                let entry =
                    |(key, value): (&String, _)| format!("{}: {}", quoted(key), encode(value));
                format!(
                    "{{ {} }}",
                    entries.iter().map(entry).collect::<Vec<_>>().join(",")
                )
            }
            Value::Dynamic(dynamic) => {
                let (ty, value) = (dynamic.ty.to_json(), encode(&dynamic.value));
                format!("{{\"value\":{value},\"type\":{ty}}}")
            }
        }
    }

    fn without_unknown(value: Value) -> Value {
        match value {
            Value::Unknown => Value::Null,
            Value::List(elements) => elements
                .into_iter()
                .map(without_unknown)
                .collect::<Vec<_>>()
                .into(),
            Value::Map(entries) => Value::object(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, without_unknown(value))),
            ),
            Value::Dynamic(dynamic) => Value::dynamic(dynamic.ty, without_unknown(dynamic.value)),
            plain => plain,
        }
    }

    fn decoded(ty: &Type, json: &str) -> Result<Value, String> {
        decode_json(ty, json.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn primitives_convert_as_in_terraform() {
        assert_eq!(
            decoded(&Type::Number, "\"1.50\""),
            decoded(&Type::Number, " 1.5 ")
        );
        assert_eq!(decoded(&Type::Bool, "\"true\""), Ok(true.into()));
        assert_eq!(decoded(&Type::String, "1.50"), Ok("1.50".into()));
        assert_eq!(decoded(&Type::String, "false"), Ok("false".into()));
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_place_and_not_shown() {
        let ty = Type::object([
            ("a", Type::list(Type::Bool)),
            ("m", Type::map(Type::Number)),
        ]);
        let table = [
            (
                r#"{"a":[true,"secret"]}"#,
                "`a[1]`: expected a bool, found a string",
            ),
            (
                r#"{"m":{"k":{}}}"#,
                "`m[\"k\"]`: expected a number, found an object",
            ),
            (r#"{"b":1}"#, "`b`: no such attribute"),
            ("[]", "expected an object, found a list"),
            ("{", "expected JSON, found an object"),
            ("", "expected JSON, found something else"),
        ];
        for (json, message) in table {
            assert_eq!(decoded(&ty, json), Err(message.to_owned()), "{json}");
        }
    }

    #[test]
    fn only_what_the_type_lost_is_pruned() {
        let inner = Type::object([("x", Type::Number)]);
        let ty = Type::object([("m", Type::map(inner.clone())), ("d", Type::Dynamic)]);
        let pruned = |json: &str| prune(&ty, json.as_bytes()).map_err(|error| error.to_string());
        let dynamic = r#"{"value":{"y":1},"type":["object",{"y":"number"}]}"#;
        let whole = format!(r#"{{"m":{{"k":{{"x":1.0}}}}, "d":{dynamic}}}"#);
        assert_eq!(pruned(&whole), Ok(None));
        let more = format!(r#"{{"m":{{"k\"":{{"x":1.0,"y":2}}}}, "d":{dynamic}}}"#);
        let rest = format!(r#"{{"d":{dynamic},"m":{{"k\"":{{"x":1.0}}}}}}"#);
        assert_eq!(pruned(&more), Ok(Some(rest)));
        assert_eq!(
            pruned("[1]"),
            Err("expected an object, found a list".into())
        );
    }

    #[test]
    fn endless_nesting_ends() {
        let text = r#"{"type":"dynamic","value":"#.repeat(100_000);
        assert!(decoded(&Type::Dynamic, &text).is_err());
        let closed = format!(
            "{}null{}",
            r#"{"type":"dynamic","value":"#.repeat(120),
            "}".repeat(120)
        );
        assert!(decoded(&Type::Dynamic, &closed).is_ok());
        let deeper = format!(
            "{}null{}",
            r#"{"type":"dynamic","value":"#.repeat(200),
            "}".repeat(200)
        );
        assert!(decoded(&Type::Dynamic, &deeper).is_err());
    }

    proptest! {
        #[test]
        fn every_known_value_survives_the_round_trip((ty, value) in arbitrary::typed()) {
            let value = without_unknown(value);
            prop_assert_eq!(decode_json(&ty, encode(&value).as_bytes()), Ok(value));
        }

        #[test]
        fn nothing_is_pruned_from_a_whole_value((ty, value) in arbitrary::typed()) {
            prop_assert_eq!(prune(&ty, encode(&value).as_bytes()), Ok(None));
        }

        #[test]
        fn a_damaged_value_is_refused_without_a_panic(
            (ty, value) in arbitrary::typed(),
            at: prop::sample::Index,
            byte: u8,
        ) {
            let mut bytes = encode(&value).into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(value) = decode_json(&ty, &bytes) {
                prop_assert_eq!(decode_json(&ty, encode(&value).as_bytes()), Ok(value));
            }
            drop(prune(&ty, &bytes));
        }
    }
}
