//! `.tfvars.json` files: the values by `serde_json`, which is exact, the places by the HCL parser, whose expressions
//! contain JSON. Where the two disagree about a text (escapes that HCL lacks), the values stay and the place is the file.

use std::ops::Range;

use serde_json::Value;

use super::hcl::{self, Fault};
use super::node::{Assignment, Key, Node, NodeKind};

/// Reads the assignments of a `.tfvars.json` file.
pub(super) fn parse(text: &str) -> Result<Vec<Assignment>, Fault> {
    let value: Value = serde_json::from_str(text).map_err(|error| syntax(text, &error))?;
    let Value::Object(members) = value else {
        return Err(Fault {
            message: "the outermost value is not an object of inputs".to_owned(),
            span: 0..text.len(),
        });
    };
    let places = hcl::parse_value(text).ok();
    let whole = Node {
        kind: NodeKind::Null,
        span: 0..text.len(),
    };
    let places = places.as_ref().unwrap_or(&whole);
    Ok(members
        .iter()
        .map(|(name, value)| {
            let (span, place) = member(places, name);
            Assignment {
                name: Key {
                    name: name.clone(),
                    span,
                },
                value: node(value, &place),
            }
        })
        .collect())
}

fn syntax(text: &str, error: &serde_json::Error) -> Fault {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let start = (line_start + error.column().saturating_sub(1)).min(text.len());
    let start = (0..=start)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default();
    let end = text[start..]
        .chars()
        .next()
        .map_or(start, |found| start + found.len_utf8());
    let message = error.to_string();
    let message = message
        .split(" at line ")
        .next()
        .unwrap_or(&message)
        .to_owned();
    Fault {
        message,
        span: start..end,
    }
}

fn node(value: &Value, place: &Node) -> Node {
    let kind = match value {
        Value::Null => NodeKind::Null,
        Value::Bool(value) => NodeKind::Bool(*value),
        Value::Number(number) => NodeKind::Number(number.to_string()),
        Value::String(text) => NodeKind::String(text.clone()),
        Value::Array(values) => NodeKind::List(
            values
                .iter()
                .enumerate()
                .map(|(index, value)| node(value, &item(place, index)))
                .collect(),
        ),
        Value::Object(members) => NodeKind::Map(
            members
                .iter()
                .map(|(name, value)| {
                    let (span, place) = member(place, name);
                    (
                        Key {
                            name: name.clone(),
                            span,
                        },
                        node(value, &place),
                    )
                })
                .collect(),
        ),
    };
    Node {
        kind,
        span: place.span.clone(),
    }
}

fn member(place: &Node, name: &str) -> (Range<usize>, Node) {
    let NodeKind::Map(items) = &place.kind else {
        return (place.span.clone(), place.clone());
    };
    items.iter().find(|(key, _)| key.name == name).map_or_else(
        || (place.span.clone(), place.clone()),
        |(key, value)| (key.span.clone(), value.clone()),
    )
}

fn item(place: &Node, index: usize) -> Node {
    match &place.kind {
        NodeKind::List(items) => items.get(index).unwrap_or(place).clone(),
        _ => place.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_exact_and_have_their_places() {
        let text = "{\n  \"worker_count\": 3,\n  \"gpu_worker_pci_bdfs\": [\"0000:01:00.0\"]\n}\n";
        let found = parse(text).unwrap();

        let places: Vec<_> = found
            .iter()
            .map(|one| &text[one.value.span.clone()])
            .collect();
        assert_eq!(places, ["[\"0000:01:00.0\"]", "3"]);
        assert_eq!(found[1].value.kind, NodeKind::Number("3".to_owned()));
    }

    #[test]
    fn an_interpolation_is_plain_text_in_json() {
        let found = parse("{\"env_name\": \"${x}\"}").unwrap();
        assert_eq!(found[0].value.kind, NodeKind::String("${x}".to_owned()));
    }

    #[test]
    fn a_syntax_fault_has_a_place_inside_the_text() {
        for text in ["{", "{\"a\": }", "{\n\"ü\": ü}", "", "[]", "{\"a\": 1} x"] {
            let fault = parse(text).unwrap_err();
            assert!(
                text.get(fault.span.clone()).is_some(),
                "{text:?}: {fault:?}"
            );
        }
    }
}
