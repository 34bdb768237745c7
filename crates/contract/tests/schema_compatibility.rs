//! What a minor version of the output contract may do to its schema, and what takes a major one.
//!
//! The released schema is a file that is never edited. A field more, not required, is a minor step; whatever else differs
//! apart from wording breaks somebody: a reader that rests on a field, or a document made elsewhere.

use contract::handoff;
use serde_json::{Value as Json, json};

const RELEASED: &str = include_str!("golden/talos-bootstrap-contract.v1.0.schema.json");

/// What in `now` breaks those who know `before`, one line each.
fn breaking(before: &Json, now: &Json) -> Vec<String> {
    let mut found = Vec::new();
    compare(before, now, "", &mut found);
    found
}

fn compare(before: &Json, now: &Json, at: &str, found: &mut Vec<String>) {
    for keyword in keywords(before).chain(keywords(now)) {
        let differs = before.get(&keyword) != now.get(&keyword);
        match keyword.as_str() {
            "description" | "title" | "$schema" | "properties" | "items" | "required" => {}
            _ if differs => found.push(format!("{at}: `{keyword}` changed")),
            _ => {}
        }
    }
    if let (Some(before), Some(now)) = (before.get("items"), now.get("items")) {
        compare(before, now, &format!("{at}[]"), found);
    } else if before.get("items") != now.get("items") {
        found.push(format!("{at}: `items` came or went"));
    }
    fields(before, now, at, found);
}

fn fields(before: &Json, now: &Json, at: &str, found: &mut Vec<String>) {
    let empty = serde_json::Map::new();
    let properties = |schema: &Json| schema["properties"].as_object().unwrap_or(&empty).clone();
    let required = |schema: &Json, name: &str| {
        let list = schema["required"].as_array().cloned().unwrap_or_default();
        list.contains(&json!(name))
    };
    for (name, field) in properties(before) {
        match properties(now).get(&name) {
            None => found.push(format!("{at}/{name}: gone")),
            Some(still) => {
                if required(before, &name) != required(now, &name) {
                    found.push(format!("{at}/{name}: required or not changed"));
                }
                compare(&field, still, &format!("{at}/{name}"), found);
            }
        }
    }
    for (name, _) in properties(now) {
        if properties(before).get(&name).is_none() && required(now, &name) {
            found.push(format!("{at}/{name}: new and required"));
        }
    }
}

fn keywords(schema: &Json) -> impl Iterator<Item = String> {
    let names: Vec<String> = schema
        .as_object()
        .map(|schema| schema.keys().cloned().collect())
        .unwrap_or_default();
    names.into_iter()
}

fn released() -> Json {
    serde_json::from_str(RELEASED).expect("the golden schema is JSON")
}

#[test]
fn nothing_breaks_who_knows_the_released_schema() {
    assert_eq!(
        breaking(&released(), &handoff::json_schema()),
        Vec::<String>::new()
    );
}

#[test]
fn a_schema_that_differs_from_the_released_one_has_a_newer_version() {
    let same = released() == handoff::json_schema();
    assert_eq!(same, handoff::SCHEMA_VERSION == "1.0");
}

/// Changes that must not land within version 1, and what is said about each.
#[test]
fn every_breaking_change_is_noticed() {
    type Change = fn(&mut Json);
    let table: [(&str, Change); 9] = [
        ("/cluster/endpoint: gone", |schema| {
            remove(schema, "/properties/cluster", "endpoint");
        }),
        ("/cluster/host: new and required", |schema| {
            let endpoint = remove(schema, "/properties/cluster", "endpoint");
            add(
                schema,
                "/properties/cluster",
                "host",
                endpoint,
                Need::Required,
            );
        }),
        ("/nodes[]/prefix_length: `type` changed", |schema| {
            at(schema, "/properties/nodes/items/properties/prefix_length")["type"] =
                json!("string");
        }),
        ("/nodes[]/rack: new and required", |schema| {
            add(
                schema,
                "/properties/nodes/items",
                "rack",
                json!({"type": "string"}),
                Need::Required,
            );
        }),
        ("/nodes[]/mac: required or not changed", |schema| {
            let mac = remove(schema, "/properties/nodes/items", "mac");
            add(
                schema,
                "/properties/nodes/items",
                "mac",
                mac,
                Need::Optional,
            );
        }),
        ("/cluster/vip: required or not changed", |schema| {
            let vip = remove(schema, "/properties/cluster", "vip");
            add(schema, "/properties/cluster", "vip", vip, Need::Required);
        }),
        ("/nodes[]/role: `enum` changed", |schema| {
            at(schema, "/properties/nodes/items/properties/role/enum")[0] = json!("control-plane");
        }),
        ("/schema_version: `pattern` changed", |schema| {
            at(schema, "/properties/schema_version")["pattern"] = json!("^2");
        }),
        ("/cluster/pod_cidrs: `items` came or went", |schema| {
            let pods = at(schema, "/properties/cluster/properties/pod_cidrs");
            pods.as_object_mut().expect("an object").remove("items");
        }),
    ];
    for (said, change) in table {
        let mut schema = released();
        change(&mut schema);
        let found = breaking(&released(), &schema);
        assert!(found.contains(&said.to_owned()), "{said}: {found:?}");
    }
}

#[test]
fn a_field_more_and_other_words_break_nobody() {
    let mut schema = released();
    add(
        &mut schema,
        "/properties/nodes/items",
        "rack",
        json!({"type": "string"}),
        Need::Optional,
    );
    at(&mut schema, "/properties/cluster/properties/name")["description"] = json!("Other words.");
    assert_eq!(breaking(&released(), &schema), Vec::<String>::new());
}

enum Need {
    Required,
    Optional,
}

fn at<'a>(schema: &'a mut Json, pointer: &str) -> &'a mut Json {
    schema
        .pointer_mut(pointer)
        .expect("the schema has the place")
}

fn remove(schema: &mut Json, object: &str, name: &str) -> Json {
    let object = at(schema, object);
    if let Some(required) = object["required"].as_array_mut() {
        required.retain(|field| *field != json!(name));
    }
    let properties = object["properties"].as_object_mut().expect("an object");
    properties.remove(name).expect("it had the field")
}

fn add(schema: &mut Json, object: &str, name: &str, field: Json, need: Need) {
    let object = at(schema, object);
    object["properties"][name] = field;
    if let (Need::Required, Some(required)) = (need, object["required"].as_array_mut()) {
        required.push(json!(name));
    }
}
