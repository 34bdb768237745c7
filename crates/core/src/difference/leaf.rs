//! Where two values differ.

use tf_run::Json;
use tf_run::plan::Change;

use super::Path;

/// A place with its value before and after.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    pub(super) path: Path,
    pub(super) before: &'a Json,
    pub(super) after: &'a Json,
    unknown: &'a Json,
    marks: [&'a Json; 2],
}

impl<'a> Node<'a> {
    pub(super) fn of(change: &'a Change) -> Self {
        Self {
            path: Path::default(),
            before: &change.before,
            after: &change.after,
            unknown: &change.after_unknown,
            marks: [&change.before_sensitive, &change.after_sensitive],
        }
    }

    /// Whether the value after is known only after an apply.
    pub(super) fn is_unknown(&self) -> bool {
        *self.unknown == Json::Bool(true)
    }

    /// Whether the value, or any part of it, is marked sensitive on either side.
    pub(super) fn is_sensitive(&self) -> bool {
        let marked = |marks: &&Json| !marks.paths_where(&|m| *m == Json::Bool(true)).is_empty();
        self.marks.iter().any(marked)
    }

    /// The smallest places that differ.
    pub(super) fn leaves(&self) -> Vec<Self> {
        if self.is_unknown() {
            return vec![self.clone()];
        }
        match self.children() {
            Some(children) => children.iter().flat_map(Self::leaves).collect(),
            None if self.before == self.after => Vec::new(),
            None => vec![self.clone()],
        }
    }

    /// The places one step below, where both sides have the same kind of them.
    pub(super) fn children(&self) -> Option<Vec<Self>> {
        match (self.before, self.after) {
            (Json::Object(before), Json::Object(after)) => {
                let mut keys: Vec<&String> = before.keys().chain(after.keys()).collect();
                if let Json::Object(unknown) = self.unknown {
                    keys.extend(unknown.keys());
                }
                keys.sort();
                keys.dedup();
                Some(keys.into_iter().map(|key| self.member(key)).collect())
            }
            (Json::Array(before), Json::Array(after)) if before.len() == after.len() => {
                Some((0..before.len()).map(|index| self.item(index)).collect())
            }
            _ => None,
        }
    }

    fn member(&self, key: &str) -> Self {
        let of = |json: &'a Json| json.get(key).unwrap_or(&Json::Null);
        Self {
            path: self.path.key(key),
            before: of(self.before),
            after: of(self.after),
            unknown: of(self.unknown),
            marks: self.marks.map(|marks| below(marks, of)),
        }
    }

    fn item(&self, index: usize) -> Self {
        let of = |json: &'a Json| match json {
            Json::Array(items) => items.get(index).unwrap_or(&Json::Null),
            _ => &Json::Null,
        };
        Self {
            path: self.path.index(index),
            before: of(self.before),
            after: of(self.after),
            unknown: of(self.unknown),
            marks: self.marks.map(|marks| below(marks, of)),
        }
    }
}

/// A mark on a whole value is one on all of its parts.
fn below<'a>(marks: &'a Json, of: impl Fn(&'a Json) -> &'a Json) -> &'a Json {
    match marks {
        Json::Bool(true) => marks,
        marks => of(marks),
    }
}
