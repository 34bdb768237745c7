//! `.tfvars.json` files: `serde_json` says whether a text is JSON, and a walk over the same text says where each
//! value stands.

use std::ops::Range;

use serde_json::Value;

use super::fault::{Fault, char_at};
use super::hcl::{self, Parsed};
use super::node::{Assignment, Entries, Key, Node, NodeKind};

/// Reads the assignments of a `.tfvars.json` file. A text that is no JSON says nothing at all.
pub(super) fn parse(text: &str) -> Parsed {
    match read(text) {
        Ok(assignments) => Parsed {
            faults: hcl::duplicates(&assignments),
            assignments,
        },
        Err(fault) => Parsed {
            assignments: Vec::new(),
            faults: vec![fault],
        },
    }
}

fn read(text: &str) -> Result<Vec<Assignment>, Fault> {
    serde_json::from_str::<Value>(text).map_err(|error| syntax(text, &error))?;
    if let NodeKind::Map(members) = (Walk { text, at: 0 }).value().kind {
        let assignment = |(name, value)| Assignment { name, value };
        return Ok(members.into_iter().map(assignment).collect());
    }
    let whole = 0..text.len();
    let message = "the outermost value is not an object of inputs".to_owned();
    Err(Fault::syntax(message, whole.clone(), whole).help("write `{ \"name\": value }`"))
}

fn syntax(text: &str, error: &serde_json::Error) -> Fault {
    let line_start: usize = text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1))
        .map(str::len)
        .sum();
    let span = char_at(text, line_start + error.column().saturating_sub(1));
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or(&message);
    Fault::syntax(message.to_owned(), span, 0..text.len())
        .help("nothing in this file was checked; mend it and check again")
}

/// Goes over a text that is known to be JSON.
struct Walk<'a> {
    text: &'a str,
    at: usize,
}

impl Walk<'_> {
    fn value(&mut self) -> Node {
        self.skip_blanks();
        let start = self.at;
        let kind = match self.peek() {
            b'{' => NodeKind::Map(Entries::new(self.members())),
            b'[' => NodeKind::List(self.elements()),
            b'"' => NodeKind::String(self.string()),
            _ => self.word(),
        };
        Node {
            kind,
            span: start..self.at,
        }
    }

    fn members(&mut self) -> Vec<(Key, Node)> {
        let mut members = Vec::new();
        while self.enters(b'}') {
            let start = self.at;
            let name = self.string();
            let span = start..self.at;
            self.skip_blanks();
            // The colon.
            self.at += 1;
            members.push((Key { name, span }, self.value()));
        }
        members
    }

    fn elements(&mut self) -> Vec<Node> {
        let mut elements = Vec::new();
        while self.enters(b']') {
            elements.push(self.value());
        }
        elements
    }

    /// Steps over the opening bracket or a comma to what follows; over the closing one, and then there is nothing.
    fn enters(&mut self, close: u8) -> bool {
        self.skip_blanks();
        if self.peek() != close {
            self.at += 1;
            self.skip_blanks();
        }
        let closes = self.peek() == close;
        if closes {
            self.at += 1;
        }
        !closes && self.at < self.text.len()
    }

    fn string(&mut self) -> String {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                b'"' | 0 => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at = (self.at + 1).min(self.text.len());
        serde_json::from_str(self.source(start..self.at)).unwrap_or_default()
    }

    fn word(&mut self) -> NodeKind {
        let rest = &self.text[self.at..];
        let length = rest.find([',', ']', '}', ' ', '\t', '\r', '\n']);
        let word = &rest[..length.unwrap_or(rest.len())];
        self.at += word.len();
        match word {
            "null" => NodeKind::Null,
            "true" => NodeKind::Bool(true),
            "false" => NodeKind::Bool(false),
            number => NodeKind::Number(number.to_owned()),
        }
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), b' ' | b'\t' | b'\r' | b'\n') {
            self.at += 1;
        }
    }

    /// The next byte; 0, which no JSON has outside of nothing, at the end.
    fn peek(&self) -> u8 {
        self.text.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    fn source(&self, span: Range<usize>) -> &str {
        self.text.get(span).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(text: &str) -> Vec<Assignment> {
        let parsed = parse(text);
        assert_eq!(parsed.faults, [], "{text}");
        parsed.assignments
    }

    #[test]
    fn values_are_exact_and_have_their_places() {
        let text = "{\n  \"worker_count\": 3,\n  \"gpu_worker_pci_bdfs\": [\"0000:01:00.0\"]\n}\n";
        let found = read_all(text);

        let places: Vec<_> = found
            .iter()
            .map(|one| (&text[one.name.span.clone()], &text[one.value.span.clone()]))
            .collect();
        let expected = [
            ("\"worker_count\"", "3"),
            ("\"gpu_worker_pci_bdfs\"", "[\"0000:01:00.0\"]"),
        ];
        assert_eq!(places, expected);
        assert_eq!(found[0].value.kind, NodeKind::Number("3".to_owned()));
    }

    #[test]
    fn an_interpolation_is_plain_text_in_json() {
        let found = read_all("{\"env_name\": \"${x}\"}");
        assert_eq!(found[0].value.kind, NodeKind::String("${x}".to_owned()));
    }

    #[test]
    fn a_syntax_fault_has_a_place_inside_the_text() {
        for text in ["{", "{\"a\": }", "{\n\"ü\": ü}", "", "[]", "{\"a\": 1} x"] {
            let parsed = parse(text);
            assert_eq!(parsed.faults.len(), 1, "{text:?}");
            let span = parsed.faults[0].span.clone();
            assert!(text.get(span.clone()).is_some(), "{text:?}: {span:?}");
        }
    }

    #[test]
    fn a_member_that_stands_twice_is_a_fault() {
        let parsed = parse("{\"a\": {\"b\": 1, \"b\": 2}, \"a\": 1}");
        let places: Vec<_> = parsed.faults.iter().map(|fault| fault.span.start).collect();
        assert_eq!(places, [15, 24]);
    }

    /// The value that a node stands for, by itself: the walk must find what `serde_json` finds.
    fn plain(node: &Node) -> Value {
        match &node.kind {
            NodeKind::Null | NodeKind::NotLiteral => Value::Null,
            NodeKind::Bool(bool) => (*bool).into(),
            NodeKind::Number(text) => serde_json::from_str(text).unwrap(),
            NodeKind::String(text) => text.as_str().into(),
            NodeKind::List(items) => items.iter().map(plain).collect(),
            NodeKind::Map(items) => items
                .iter()
                .map(|(key, item)| (key.name.clone(), plain(item)))
                .collect(),
        }
    }

    fn json() -> impl proptest::strategy::Strategy<Value = Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(any::<String>(), inner, 0..4)
                    .prop_map(|map| map.into_iter().collect()),
            ]
        })
    }

    proptest::proptest! {
        #[test]
        fn the_walk_finds_what_serde_json_finds(value in json(), pretty in proptest::bool::ANY) {
            let text = if pretty { format!("{value:#}") } else { value.to_string() };
            let node = Walk { text: &text, at: 0 }.value();
            proptest::prop_assert_eq!(plain(&node), value);
            proptest::prop_assert_eq!(node.span, 0..text.len());
        }
    }
}
