//! Parameters as they came: decoded, not yet checked.

use std::collections::BTreeMap;

use serde_json::Value;

/// One value of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Given {
    /// A key without a value, or JSON null.
    Undef,
    Text(String),
    /// A repeated key or a JSON list.
    List(Vec<String>),
    /// A JSON object, which no parameter takes.
    Object,
}

pub(crate) type Params = BTreeMap<String, Given>;

impl Given {
    pub(crate) fn from_json(value: &Value) -> Self {
        match value {
            Value::Null => Self::Undef,
            Value::Object(_) => Self::Object,
            Value::Array(items) => Self::List(items.iter().map(scalar).collect()),
            other => Self::Text(scalar(other)),
        }
    }
}

/// A JSON scalar as Perl prints it.
fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Bool(flag) => u8::from(*flag).to_string(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
