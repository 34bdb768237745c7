//! YAML, written with care for its readers.
//!
//! An own writer: the maintained emitters quote for YAML 1.2 and write no comments, while talosctl and talhelper parse
//! with a YAML 1.1 heritage, where a bare `off` is false and `1:30` a number. So a text stays bare only when it
//! cannot be anything else, and everything else is a double-quoted string in ASCII. The tests read it back with
//! an independent parser.

use std::fmt::Write as _;

/// A document as it will be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Yaml {
    Bool(bool),
    /// A number in JSON's spelling.
    Number(String),
    Text(String),
    List(Vec<Self>),
    Map(Vec<Entry>),
}

/// A key, its value, and what a reader should know about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    comment: Option<&'static str>,
    key: String,
    value: Yaml,
}

/// An entry of a map.
pub(super) fn entry(key: &str, value: impl Into<Yaml>) -> Entry {
    Entry {
        comment: None,
        key: key.to_owned(),
        value: value.into(),
    }
}

impl Entry {
    /// The same with a comment above it.
    pub(super) fn because(mut self, comment: &'static str) -> Self {
        self.comment = Some(comment);
        self
    }
}

/// A list of texts.
pub(super) fn texts<T: AsRef<str>>(texts: &[T]) -> Yaml {
    Yaml::List(texts.iter().map(|text| text.as_ref().into()).collect())
}

impl From<&str> for Yaml {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Yaml {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Yaml {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

impl From<Vec<Entry>> for Yaml {
    fn from(entries: Vec<Entry>) -> Self {
        Self::Map(entries)
    }
}

/// The same data; a null does not occur in the contract and becomes the empty text.
pub(super) fn of_json(json: &serde_json::Value) -> Yaml {
    match json {
        serde_json::Value::Null => Yaml::Text(String::new()),
        serde_json::Value::Bool(flag) => Yaml::Bool(*flag),
        serde_json::Value::Number(number) => Yaml::Number(number.to_string()),
        serde_json::Value::String(text) => Yaml::Text(text.clone()),
        serde_json::Value::Array(elements) => Yaml::List(elements.iter().map(of_json).collect()),
        serde_json::Value::Object(entries) => Yaml::Map(
            entries
                .iter()
                .map(|(key, value)| entry(key, of_json(value)))
                .collect(),
        ),
    }
}

/// One document in block style, with a newline at its end.
pub(super) fn text(yaml: &Yaml) -> String {
    let mut out = String::new();
    match yaml {
        Yaml::Map(entries) if !entries.is_empty() => map(entries, 0, &mut out),
        Yaml::List(elements) if !elements.is_empty() => list(elements, 0, &mut out),
        _ => {
            scalar(yaml, &mut out);
            out.push('\n');
        }
    }
    out
}

/// Several documents, separated as Talos' configuration is.
pub(super) fn documents(documents: &[Yaml]) -> String {
    let texts: Vec<String> = documents.iter().map(text).collect();
    texts.join("---\n")
}

fn map(entries: &[Entry], indent: usize, out: &mut String) {
    for (index, entry) in entries.iter().enumerate() {
        if let Some(comment) = entry.comment {
            pad(if index == 0 { 0 } else { indent }, out);
            out.push_str("# ");
            out.push_str(comment);
            out.push('\n');
            pad(indent, out);
        } else if index > 0 {
            pad(indent, out);
        }
        scalar_text(&entry.key, out);
        out.push(':');
        under_key(&entry.value, indent, out);
    }
}

fn under_key(value: &Yaml, indent: usize, out: &mut String) {
    match value {
        Yaml::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            pad(indent + 2, out);
            map(entries, indent + 2, out);
        }
        Yaml::List(elements) if !elements.is_empty() => {
            out.push('\n');
            pad(indent + 2, out);
            list(elements, indent + 2, out);
        }
        _ => {
            out.push(' ');
            scalar(value, out);
            out.push('\n');
        }
    }
}

fn list(elements: &[Yaml], indent: usize, out: &mut String) {
    for (index, element) in elements.iter().enumerate() {
        if index > 0 {
            pad(indent, out);
        }
        out.push_str("- ");
        match element {
            Yaml::Map(entries) if !entries.is_empty() => map(entries, indent + 2, out),
            Yaml::List(inner) if !inner.is_empty() => list(inner, indent + 2, out),
            _ => {
                scalar(element, out);
                out.push('\n');
            }
        }
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

fn scalar(value: &Yaml, out: &mut String) {
    match value {
        Yaml::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Yaml::Number(number) => out.push_str(number),
        Yaml::Text(text) => scalar_text(text, out),
        Yaml::List(_) => out.push_str("[]"),
        Yaml::Map(_) => out.push_str("{}"),
    }
}

fn scalar_text(text: &str, out: &mut String) {
    if is_plainly_text(text) {
        out.push_str(text);
    } else {
        quoted(text, out);
    }
}

/// Words that some YAML takes for something else.
const WORDS: [&str; 11] = [
    "y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf",
];

/// A letter or `/` first, then nothing that has a meaning in YAML 1.1 or 1.2.
fn is_plainly_text(text: &str) -> bool {
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
    let harmless = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    begins && text.chars().all(harmless) && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for char in text.chars() {
        match char {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            ' '..='~' => out.push(char),
            _ => {
                let escaped = write!(out, "\\U{:08x}", u32::from(char));
                escaped.expect("writing to a string cannot fail");
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;

    fn read_back(text: &str) -> Json {
        serde_saphyr::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    #[test]
    fn words_that_yaml_1_1_takes_for_something_else_are_quoted() {
        let table = [
            ("off", "\"off\""),
            ("No", "\"No\""),
            ("y", "\"y\""),
            ("NaN", "\"NaN\""),
            ("1.5", "\"1.5\""),
            ("v1.13.9", "v1.13.9"),
            ("/dev/sda", "/dev/sda"),
            ("192.168.1.1", "\"192.168.1.1\""),
            ("~", "\"~\""),
            ("", "\"\""),
            ("a: b", "\"a: b\""),
            ("- a", "\"- a\""),
            ("a\"b\\c\nd", "\"a\\\"b\\\\c\\U0000000ad\""),
            ("é\u{85}", "\"\\U000000e9\\U00000085\""),
        ];
        for (given, written) in table {
            assert_eq!(text(&given.into()), format!("{written}\n"));
        }
    }

    #[test]
    fn nested_lists_and_maps_keep_their_shape() {
        let data = json!({"a": [[1, [2, {"b": [], "c": {}}]], {"d": {"e": [true, "x"], "f": "no"}}], "g": -1});
        insta::assert_snapshot!(text(&of_json(&data)), @r#"
        a:
          - - 1
            - - 2
              - b: []
                c: {}
          - d:
              e:
                - true
                - x
              f: "no"
        g: -1
        "#);
        assert_eq!(read_back(&text(&of_json(&data))), data);
    }

    #[test]
    fn a_comment_stands_above_its_key() {
        let inner = vec![
            entry("b", "x").because("why"),
            entry("c", "z").because("so"),
        ];
        let yaml = Yaml::from(vec![entry("a", Yaml::List(vec![inner.into()]))]);
        insta::assert_snapshot!(text(&yaml), @r"
        a:
          - # why
            b: x
            # so
            c: z
        ");
        assert_eq!(
            read_back(&text(&yaml)),
            json!({"a": [{"b": "x", "c": "z"}]})
        );
    }

    fn any_json() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            any::<bool>().prop_map(Json::from),
            any::<i32>().prop_map(Json::from),
            any::<String>().prop_map(Json::from),
            "[a-zA-Z0-9:/. #~-]{0,8}".prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                proptest::collection::btree_map("[a-z]{1,3}|[ -~]{0,4}", inner, 0..4)
                    .prop_map(|entries| Json::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn an_independent_parser_reads_what_was_written(data in any_json()) {
            prop_assert_eq!(read_back(&text(&of_json(&data))), data);
        }
    }
}
