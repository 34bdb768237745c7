//! A value with the place of each of its parts.

use std::collections::BTreeMap;
use std::ops::Range;

use super::fault::Fault;

/// One `name = value` of a file, the environment or the command line.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// The input's name.
    pub name: Key,
    /// What it is set to.
    pub value: Node,
}

/// A name, and where it stands in its text (bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The name as Terraform sees it.
    pub name: String,
    /// Where it stands.
    pub span: Range<usize>,
}

/// A value, and where it stands in its text (bytes).
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Where it stands.
    pub span: Range<usize>,
}

/// What a value is. Variable files hold literals only; anything else is kept as [`NodeKind::NotLiteral`].
#[derive(Debug, Clone, PartialEq)]
pub enum NodeKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written.
    Number(String),
    /// A string without interpolation.
    String(String),
    /// `[…]`
    List(Vec<Node>),
    /// `{…}`
    Map(Entries),
    /// A reference, call or operation, which Terraform refuses in a variable file.
    NotLiteral,
}

/// The entries of a map, in the order of the text.
#[derive(Debug, Clone, PartialEq)]
pub struct Entries {
    entries: Vec<(Key, Node)>,
    /// Positions by name, those of one name in the order of the text: each finding of a long map looks up its entry.
    by_name: Vec<usize>,
}

impl Entries {
    pub(super) fn new(entries: Vec<(Key, Node)>) -> Self {
        let mut by_name: Vec<usize> = (0..entries.len()).collect();
        by_name.sort_by(|one, other| entries[*one].0.name.cmp(&entries[*other].0.name));
        Self { entries, by_name }
    }

    /// Every entry, in the order of the text.
    pub fn iter(&self) -> std::slice::Iter<'_, (Key, Node)> {
        self.entries.iter()
    }

    /// Every value, in the order of the text.
    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut Node> {
        self.entries.iter_mut().map(|(_, value)| value)
    }

    /// The entry that counts: of a key twice, Terraform takes the last.
    fn last(&self, name: &str) -> Option<&(Key, Node)> {
        let end = self
            .by_name
            .partition_point(|at| self.entries[*at].0.name.as_str() <= name);
        let found = &self.entries[self.by_name[end.checked_sub(1)?]];
        (found.0.name == name).then_some(found)
    }
}

impl<'a> IntoIterator for &'a Entries {
    type Item = &'a (Key, Node);
    type IntoIter = std::slice::Iter<'a, (Key, Node)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Entries {
    type Item = (Key, Node);
    type IntoIter = std::vec::IntoIter<(Key, Node)>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

/// One step into a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step<'a> {
    /// The element with this key.
    Key(&'a str),
    /// The element at this position.
    Index(usize),
}

impl Node {
    /// The place of the part that `path` leads to: the value itself, or the nearest enclosing one that exists.
    pub fn span_at(&self, path: &[Step<'_>]) -> Range<usize> {
        let Some((step, rest)) = path.split_first() else {
            return self.span.clone();
        };
        match (step, &self.kind) {
            (Step::Key(name), NodeKind::Map(items)) => items
                .last(name)
                .map_or(self.span.clone(), |(_, value)| value.span_at(rest)),
            (Step::Index(index), NodeKind::List(items)) => items
                .get(*index)
                .map_or(self.span.clone(), |item| item.span_at(rest)),
            _ => self.span.clone(),
        }
    }

    /// The place of the key that `path` ends with, where it ends with one that is there.
    pub fn key_span_at(&self, path: &[Step<'_>]) -> Option<Range<usize>> {
        match (path, &self.kind) {
            ([Step::Key(name)], NodeKind::Map(items)) => {
                items.last(name).map(|(key, _)| key.span.clone())
            }
            ([Step::Key(name), rest @ ..], NodeKind::Map(items)) => items
                .last(name)
                .and_then(|(_, value)| value.key_span_at(rest)),
            ([Step::Index(index), rest @ ..], NodeKind::List(items)) => {
                items.get(*index).and_then(|item| item.key_span_at(rest))
            }
            _ => None,
        }
    }

    /// Every key that stands in its map a second time, at any depth.
    pub(super) fn duplicate_keys(&self, found: &mut Vec<Fault>) {
        match &self.kind {
            NodeKind::List(items) => items.iter().for_each(|item| item.duplicate_keys(found)),
            NodeKind::Map(items) => {
                let mut first: BTreeMap<&str, &Key> = BTreeMap::new();
                for (key, item) in items {
                    if let Some(first) = first.get(key.name.as_str()) {
                        let spans = (key.span.clone(), first.span.clone());
                        found.push(Fault::duplicate(&key.name, spans.0, spans.1));
                    } else {
                        first.insert(&key.name, key);
                    }
                    item.duplicate_keys(found);
                }
            }
            NodeKind::Null
            | NodeKind::Bool(_)
            | NodeKind::Number(_)
            | NodeKind::String(_)
            | NodeKind::NotLiteral => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{hcl, json};
    use super::*;

    #[test]
    fn a_path_leads_to_the_users_own_text() {
        let text = "workers = { worker-1 = { cores = 4, tags = [\"a\", \"b\"] } }\n";
        let assignments = hcl::parse(text).assignments;
        let node = &assignments[0].value;
        let tag = [Step::Key("worker-1"), Step::Key("tags"), Step::Index(1)];
        let cores = [Step::Key("worker-1"), Step::Key("cores")];
        let missing = [Step::Key("worker-1"), Step::Key("memory")];

        assert_eq!(&text[node.span_at(&tag)], "\"b\"");
        assert_eq!(&text[node.span_at(&cores)], "4");
        assert_eq!(
            node.key_span_at(&cores).map(|span| &text[span]),
            Some("cores")
        );
        assert_eq!(
            &text[node.span_at(&missing)],
            "{ cores = 4, tags = [\"a\", \"b\"] }"
        );
        assert_eq!(node.key_span_at(&missing), None);
    }

    #[test]
    fn of_a_key_that_stands_twice_the_last_one_counts() {
        let text = "{\"a\": 1, \"b\": 2, \"a\": 3, \"\": 4}";
        let map = json::parse(&format!("{{\"x\": {text}}}")).assignments;
        let value = |name| {
            let span = map[0].value.span_at(&[Step::Key(name)]);
            text[span.start - 6..span.end - 6].to_owned()
        };
        assert_eq!(["a", "b", ""].map(value), ["3", "2", "4"]);
        assert_eq!(value("ab"), text);
    }
}
