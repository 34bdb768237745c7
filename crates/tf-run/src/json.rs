//! JSON with numbers exactly as Terraform wrote them.
//!
//! Terraform's numbers have no bound; a `f64` on the way would make different numbers equal.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Json {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as its text.
    Number(String),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object.
    Object(BTreeMap<String, Self>),
}

/// Deeper documents are refused. Terraform's own values stay far below.
const DEPTH: usize = 128;

impl Json {
    /// Parses a whole document.
    pub fn parse(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// The value under `key`, of an object that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(key),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::Array(_) => None,
        }
    }

    /// The text of a string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => None,
        }
    }

    /// The paths (`a.b[0]`, or empty for the value itself) of all values that `wanted` picks.
    pub fn paths_where(&self, wanted: &dyn Fn(&Self) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        self.walk("", &mut |path, value| {
            if wanted(value) {
                found.push(path.to_owned());
            }
        });
        found
    }

    fn walk(&self, path: &str, visit: &mut dyn FnMut(&str, &Self)) {
        visit(path, self);
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => {}
            Self::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.walk(&format!("{path}[{index}]"), visit);
                }
            }
            Self::Object(members) => {
                for (key, member) in members {
                    let dot = if path.is_empty() { "" } else { "." };
                    member.walk(&format!("{path}{dot}{key}"), visit);
                }
            }
        }
    }

    fn from_raw(raw: &RawValue, depth: usize) -> Result<Self, String> {
        let text = raw.get();
        let depth = depth.checked_sub(1).ok_or("nested too deeply")?;
        let failed = |error: serde_json::Error| error.to_string();
        Ok(match text.as_bytes().first() {
            Some(b'n') => Self::Null,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'"') => Self::String(serde_json::from_str(text).map_err(failed)?),
            Some(b'[') => {
                let items: Vec<&RawValue> = serde_json::from_str(text).map_err(failed)?;
                let items = items.into_iter().map(|item| Self::from_raw(item, depth));
                Self::Array(items.collect::<Result<_, _>>()?)
            }
            Some(b'{') => {
                let members: BTreeMap<String, &RawValue> =
                    serde_json::from_str(text).map_err(failed)?;
                let members = members
                    .into_iter()
                    .map(|(key, member)| Self::from_raw(member, depth).map(|member| (key, member)));
                Self::Object(members.collect::<Result<_, _>>()?)
            }
            _ => Self::Number(text.to_owned()),
        })
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        // `from_raw` reads each text once for every level that it is nested, which for a plan of hundreds of VMs is felt.
        match serde_json::from_str(raw.get()) {
            Ok(Plain(json)) => Ok(json),
            Err(_) => Self::from_raw(&raw, DEPTH).map_err(de::Error::custom),
        }
    }
}

/// A value all of whose numbers are integers that a machine has; anything else is an error.
struct Plain(Json);

struct PlainVisitor;

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(Self)
    }
}

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value without fractions")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut found = Vec::new();
        while let Some(Plain(item)) = items.next_element()? {
            found.push(item);
        }
        Ok(Json::Array(found))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json, A::Error> {
        let mut found = BTreeMap::new();
        while let Some((key, Plain(member))) = members.next_entry()? {
            found.insert(key, member);
        }
        Ok(Json::Object(found))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(text) => serde_json::from_str::<&RawValue>(text)
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(items) => items.serialize(serializer),
            Self::Object(members) => members.serialize(serializer),
        }
    }
}

/// Compact JSON, object keys in order: equal values give equal text.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_strings_survive_unchanged() {
        for numbers in [
            "123456789012345678901234567890,1e400,-0.10,1.0,-0,1E2",
            "-9223372036854775808,18446744073709551615,-1,0",
        ] {
            let text = format!(
                r#"{{"a":[{numbers}],"b":{{"é":"<\"\n>"}},"c":[null,true,false],"d":[],"e":{{}}}}"#
            );
            assert_eq!(Json::parse(&text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn numbers_that_f64_cannot_tell_apart_differ() {
        let parse = |text| Json::parse(text).unwrap();
        assert_ne!(parse("9007199254740993"), parse("9007199254740992"));
    }

    #[test]
    fn paths_name_keys_and_indexes() {
        let json = Json::parse(r#"{"a":[{"b":null},1],"c":null}"#).unwrap();
        assert_eq!(
            json.paths_where(&|value| *value == Json::Null),
            ["a[0].b", "c"]
        );
        assert_eq!(Json::Null.paths_where(&|value| *value == Json::Null), [""]);
    }

    #[test]
    fn broken_and_bottomless_documents_are_errors() {
        for text in [
            "",
            "{",
            "[1,]",
            "01",
            "nul",
            &"[".repeat(100_000),
            &nested(200),
        ] {
            assert!(Json::parse(text).is_err(), "{text:.20}");
        }
        assert!(Json::parse(&nested(100)).is_ok());
    }

    fn nested(depth: usize) -> String {
        format!("{}{}", "[".repeat(depth), "]".repeat(depth))
    }
}
