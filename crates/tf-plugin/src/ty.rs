//! Terraform's types and their JSON spelling.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::value::Value;

/// A type of Terraform's language.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// An exact decimal number.
    Number,
    /// Unicode text.
    String,
    /// Elements of one type, in order.
    List(Box<Self>),
    /// Different elements of one type, in Terraform's own order.
    Set(Box<Self>),
    /// Elements of one type by key.
    Map(Box<Self>),
    /// Attributes, each with its own type.
    Object(BTreeMap<String, Self>),
    /// Elements, each with its own type.
    Tuple(Vec<Self>),
    /// Any type; the value brings it along.
    Dynamic,
}

/// The text is not the JSON spelling of a type.
#[derive(Debug, thiserror::Error)]
pub enum ParseTypeError {
    /// Not JSON at all.
    #[error("the type is not JSON")]
    Json(#[source] serde_json::Error),
    /// JSON, but no type.
    #[error("`{0}` is not a type")]
    Unknown(String),
}

impl Type {
    /// A list of these elements.
    pub fn list(element: Self) -> Self {
        Self::List(Box::new(element))
    }

    /// A set of these elements.
    pub fn set(element: Self) -> Self {
        Self::Set(Box::new(element))
    }

    /// A map of these elements.
    pub fn map(element: Self) -> Self {
        Self::Map(Box::new(element))
    }

    /// An object with these attributes.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Self)>) -> Self {
        Self::Object(
            attributes
                .into_iter()
                .map(|(name, ty)| (name.into(), ty))
                .collect(),
        )
    }

    /// The type that Terraform would give to the value: maps are objects, lists are tuples.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null | Value::Unknown => Self::Dynamic,
            Value::Bool(_) => Self::Bool,
            Value::Number(_) => Self::Number,
            Value::String(_) => Self::String,
            Value::List(elements) => Self::Tuple(elements.iter().map(Self::of).collect()),
            Value::Map(attributes) => Self::object(
                attributes
                    .iter()
                    .map(|(name, value)| (name, Self::of(value))),
            ),
            Value::Dynamic(dynamic) => dynamic.ty.clone(),
        }
    }

    /// The JSON spelling, as the protocol sends it.
    pub fn to_json(&self) -> String {
        self.json().to_string()
    }

    /// Reads the JSON spelling.
    pub fn from_json(text: &[u8]) -> Result<Self, ParseTypeError> {
        Self::parse(&serde_json::from_slice(text).map_err(ParseTypeError::Json)?)
    }

    fn json(&self) -> Json {
        match self {
            Self::Bool => json!("bool"),
            Self::Number => json!("number"),
            Self::String => json!("string"),
            Self::Dynamic => json!("dynamic"),
            Self::List(element) => json!(["list", element.json()]),
            Self::Set(element) => json!(["set", element.json()]),
            Self::Map(element) => json!(["map", element.json()]),
            Self::Tuple(elements) => {
                json!(["tuple", elements.iter().map(Self::json).collect::<Vec<_>>()])
            }
            Self::Object(attributes) => {
                let attributes: serde_json::Map<_, _> = attributes
                    .iter()
                    .map(|(name, ty)| (name.clone(), ty.json()))
                    .collect();
                json!(["object", attributes])
            }
        }
    }

    fn parse(json: &Json) -> Result<Self, ParseTypeError> {
        match json {
            Json::String(name) => Self::primitive(name),
            // The third element of an object lists optional attributes; a value always has them all.
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(kind), rest] | [Json::String(kind), rest, _] => {
                    Self::compound(kind, rest)
                }
                _ => None,
            },
            _ => None,
        }
        .ok_or_else(|| ParseTypeError::Unknown(json.to_string()))
    }

    fn primitive(name: &str) -> Option<Self> {
        match name {
            "bool" => Some(Self::Bool),
            "number" => Some(Self::Number),
            "string" => Some(Self::String),
            "dynamic" => Some(Self::Dynamic),
            _ => None,
        }
    }

    fn compound(kind: &str, rest: &Json) -> Option<Self> {
        match (kind, rest) {
            ("list", element) => Self::parse(element).ok().map(Self::list),
            ("set", element) => Self::parse(element).ok().map(Self::set),
            ("map", element) => Self::parse(element).ok().map(Self::map),
            ("tuple", Json::Array(elements)) => elements
                .iter()
                .map(|ty| Self::parse(ty).ok())
                .collect::<Option<_>>()
                .map(Self::Tuple),
            ("object", Json::Object(attributes)) => attributes
                .iter()
                .map(|(name, ty)| Some((name.clone(), Self::parse(ty).ok()?)))
                .collect::<Option<_>>()
                .map(Self::Object),
            _ => None,
        }
    }

    /// The name of the type in a message to the user.
    pub(crate) fn noun(&self) -> &'static str {
        match self {
            Self::Bool => "a bool",
            Self::Number => "a number",
            Self::String => "a string",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::Map(_) => "a map",
            Self::Object(_) => "an object",
            Self::Tuple(_) => "a tuple",
            Self::Dynamic => "any value",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Type;

    #[test]
    fn types_are_spelled_as_the_protocol_wants_them() {
        let ty = Type::object([
            ("names", Type::set(Type::String)),
            ("pair", Type::Tuple(vec![Type::Bool, Type::Dynamic])),
        ]);
        let text = r#"["object",{"names":["set","string"],"pair":["tuple",["bool","dynamic"]]}]"#;
        assert_eq!(ty.to_json(), text);
        assert_eq!(Type::from_json(text.as_bytes()).ok(), Some(ty));
    }

    #[test]
    fn optional_attributes_are_read_over() {
        let text = br#"["object",{"a":["list","number"]},["a"]]"#;
        let ty = Type::object([("a", Type::list(Type::Number))]);
        assert_eq!(Type::from_json(text).ok(), Some(ty));
    }

    #[test]
    fn what_is_no_type_is_refused_by_name() {
        let table = [
            (r#""text""#, "`\"text\"` is not a type"),
            (r#"["list"]"#, "`[\"list\"]` is not a type"),
            (r#"["tuple",{}]"#, "`[\"tuple\",{}]` is not a type"),
            ("[", "the type is not JSON"),
        ];
        for (text, message) in table {
            let error = Type::from_json(text.as_bytes()).map_err(|error| error.to_string());
            assert_eq!(error, Err(message.to_owned()));
        }
    }
}
