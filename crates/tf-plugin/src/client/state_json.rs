//! A state as the JSON in which Terraform keeps it.

use serde_json::Value as Json;

use crate::value::Value;

/// A state holds nothing unknown; what should is null there.
pub(super) fn of(value: &Value) -> Json {
    match value {
        Value::Null | Value::Unknown => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Number(number) => {
            let text = number.to_string();
            serde_json::from_str(&text).unwrap_or(Json::String(text))
        }
        Value::String(text) => Json::String(text.clone()),
        Value::List(elements) => Json::Array(elements.iter().map(of).collect()),
        Value::Map(entries) => Json::Object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), of(value)))
                .collect(),
        ),
        Value::Dynamic(dynamic) => serde_json::json!({
            "type": serde_json::from_str::<Json>(&dynamic.ty.to_json()).unwrap_or_default(),
            "value": of(&dynamic.value),
        }),
    }
}
