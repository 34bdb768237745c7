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
    /// `{…}`, in the order of the text.
    Map(Vec<(Key, Node)>),
    /// A reference, call or operation, which Terraform refuses in a variable file.
    NotLiteral,
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
            (Step::Key(name), NodeKind::Map(items)) => {
                last(items, name).map_or(self.span.clone(), |(_, value)| value.span_at(rest))
            }
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
                last(items, name).map(|(key, _)| key.span.clone())
            }
            ([Step::Key(name), rest @ ..], NodeKind::Map(items)) => {
                last(items, name).and_then(|(_, value)| value.key_span_at(rest))
            }
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

/// The entry that counts: of a key twice, Terraform takes the last.
fn last<'a>(items: &'a [(Key, Node)], name: &str) -> Option<&'a (Key, Node)> {
    items.iter().rev().find(|(key, _)| key.name == *name)
}

#[cfg(test)]
mod tests {
    use super::super::hcl;
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
}
