//! Values that Terraform marks sensitive in its JSON.

use tf_run::Json;

/// The texts of all marked values in a plan, a state or outputs, as Terraform prints them with `-json`.
pub(in crate::gate) fn marked(document: &Json) -> Vec<String> {
    let mut found = Vec::new();
    collect(document, &mut found);
    found.extend(variables(document));
    found
}

/// Wherever a value stands beside its marks, in whatever part of the document.
fn collect(json: &Json, found: &mut Vec<String>) {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
        Json::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Json::Object(members) => {
            for (values, marks) in [
                ("before", "before_sensitive"),
                ("after", "after_sensitive"),
                ("values", "sensitive_values"),
                ("value", "sensitive"),
                ("expression", "sensitive"),
            ] {
                if let (Some(values), Some(marks)) = (json.get(values), json.get(marks)) {
                    under_marks(values, marks, found);
                }
            }
            for member in members.values() {
                collect(member, found);
            }
        }
    }
}

/// The leaves of `value` at every place where `marks` has `true`.
fn under_marks(value: &Json, marks: &Json, found: &mut Vec<String>) {
    match (value, marks) {
        (value, Json::Bool(true)) => leaves(value, found),
        (Json::Object(members), Json::Object(marks)) => {
            for (key, marks) in marks {
                if let Some(member) = members.get(key) {
                    under_marks(member, marks, found);
                }
            }
        }
        (Json::Array(items), Json::Array(marks)) => {
            for (item, marks) in items.iter().zip(marks) {
                under_marks(item, marks, found);
            }
        }
        _ => {}
    }
}

/// A variable carries no mark beside its value; its declaration does.
fn variables(document: &Json) -> Vec<String> {
    let mut found = Vec::new();
    let declared = document
        .get("configuration")
        .and_then(|configuration| configuration.get("root_module"))
        .and_then(|module| module.get("variables"));
    if let (Some(Json::Object(declared)), Some(values)) = (declared, document.get("variables")) {
        for (name, declaration) in declared {
            if declaration.get("sensitive") == Some(&Json::Bool(true)) {
                let value = values.get(name).and_then(|variable| variable.get("value"));
                if let Some(value) = value {
                    leaves(value, &mut found);
                }
            }
        }
    }
    found
}

fn leaves(value: &Json, found: &mut Vec<String>) {
    match value {
        Json::Null | Json::Bool(_) => {}
        Json::Number(text) | Json::String(text) => found.push(text.clone()),
        Json::Array(items) => items.iter().for_each(|item| leaves(item, found)),
        Json::Object(members) => members.values().for_each(|member| leaves(member, found)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_mark_is_found_and_nothing_else() {
        let text = r#"{
          "variables": {"a": {"value": {"k": "variable"}}, "b": {"value": "open"}},
          "configuration": {"root_module": {
            "variables": {"a": {"sensitive": true}, "b": {}},
            "outputs": {"o": {"sensitive": true, "expression": {"constant_value": "literal"}}}}},
          "resource_changes": [{"change": {
            "before": {"x": "before", "y": "open"}, "before_sensitive": {"x": true},
            "after": {"x": ["in list", "open"]}, "after_sensitive": {"x": [true, false]}}}],
          "prior_state": {"values": {
            "outputs": {"p": {"sensitive": true, "value": 1234567}, "q": {"sensitive": false, "value": "open"}},
            "root_module": {"child_modules": [{"resources": [
              {"values": {"t": "state", "u": "open"}, "sensitive_values": {"t": true, "v": true}}]}]}}}
        }"#;
        let mut found = marked(&Json::parse(text).unwrap());
        found.sort();
        let expected = [
            "1234567", "before", "in list", "literal", "state", "variable",
        ];
        assert_eq!(found, expected);
    }
}
