//! Objects with many entries, read a part at a time: the parser compares each key of an object with all before it, so
//! that ten thousand entries in one piece would cost a hundred times what a thousand do.
//!
//! What is read is what the parser reads of the whole text. Where a part cannot be read, or a key stands twice, the
//! parser gets the whole after all, and says what is wrong with it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::str::FromStr;

use hcl_edit::expr::{Expression, Object};
use hcl_edit::parser::Error;

use super::Reader;
use super::statements::{Open, Scanner};
use crate::inputs::node::{Entries, Key, Node, NodeKind};

/// Lines or entries of an object that are read in one piece.
const PART: usize = 64;

/// The entries of large objects, by the place of their opening brace.
#[derive(Default)]
pub(super) struct Objects(BTreeMap<usize, Vec<(Key, Node)>>);

impl Objects {
    /// Gives each object inside a value its entries again.
    pub(super) fn put_back(&mut self, node: &mut Node) {
        if self.0.is_empty() {
            return;
        }
        match &mut node.kind {
            NodeKind::List(items) => items.iter_mut().for_each(|item| self.put_back(item)),
            NodeKind::Map(entries) => {
                entries.values_mut().for_each(|value| self.put_back(value));
                if let Some(found) = self.0.remove(&node.span.start) {
                    *entries = Entries::new(found);
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

/// Parses a text that begins at `base`: what the parser makes of it without the entries of large objects, and those.
pub(super) fn parse<T: FromStr<Err = Error>>(
    text: &str,
    base: usize,
) -> Result<(T, Objects), Error> {
    match in_parts(text, base) {
        Some(parsed) => Ok(parsed),
        None => Ok((text.parse()?, Objects::default())),
    }
}

fn in_parts<T: FromStr>(text: &str, base: usize) -> Option<(T, Objects)> {
    let large = find(text);
    if large.is_empty() {
        return None;
    }
    let mut objects = Objects::default();
    let mut thin = text.as_bytes().to_vec();
    for object in large {
        let entries = object.read(text, base)?;
        objects.0.insert(base + object.span.start, entries);
        // Blanks, so that every place stays where it is.
        thin[object.inside()].fill(b' ');
    }
    let thin = String::from_utf8(thin).ok()?;
    Some((thin.parse().ok()?, objects))
}

/// An object with many entries.
struct Large {
    /// With its braces.
    span: Range<usize>,
    /// Where an entry may end: behind each comma and line end that is inside nothing else.
    ends: Vec<usize>,
}

impl Large {
    fn inside(&self) -> Range<usize> {
        self.span.start + 1..self.span.end - 1
    }

    fn parts(&self) -> impl Iterator<Item = Range<usize>> {
        let inside = self.inside();
        let cuts = self.ends.iter().copied().skip(PART - 1).step_by(PART);
        let starts = std::iter::once(inside.start).chain(cuts.clone());
        let ends = cuts.chain([inside.end]);
        starts.zip(ends).map(|(start, end)| start..end)
    }

    /// The entries; none where one cannot be read, or has the key of one in another part.
    fn read(&self, text: &str, base: usize) -> Option<Vec<(Key, Node)>> {
        let mut entries: Vec<(Key, Node)> = Vec::new();
        let mut earlier: BTreeSet<String> = BTreeSet::new();
        for part in self.parts() {
            let read = part_of_object(&text[part.clone()], base + part.start)?;
            if read.iter().any(|(key, _)| earlier.contains(&key.name)) {
                return None;
            }
            earlier.extend(read.iter().map(|(key, _)| key.name.clone()));
            entries.extend(read);
        }
        Some(entries)
    }
}

/// Reads some entries of an object as an object of their own.
fn part_of_object(entries: &str, start: usize) -> Option<Vec<(Key, Node)>> {
    let text = format!("{{{entries}}}");
    // A brace stands before the entries, in the whole text as well as here.
    let base = start - 1;
    let (expression, mut objects) = parse::<Expression>(&text, base).ok()?;
    let object: &Object = expression.as_object()?;
    let reader = Reader { text: &text, base };
    let mut entries = reader.items(object, &(base..base + text.len()));
    for (_, value) in &mut entries {
        objects.put_back(value);
    }
    Some(entries)
}

/// The outermost objects with more than one part, in the order of the text.
fn find(text: &str) -> Vec<Large> {
    let mut scanner = Scanner::new(text, 0);
    let mut found: Vec<Large> = Vec::new();
    // For each that is open, where an entry of it may end.
    let mut ends: Vec<Vec<usize>> = Vec::new();
    while let Some(byte) = text.as_bytes().get(scanner.at).copied() {
        let innermost = scanner.open.last().copied();
        scanner.step(byte);
        match scanner.open.len() {
            more if more > ends.len() => ends.push(Vec::new()),
            same if same == ends.len() => {
                let in_bracket = matches!(innermost, Some((Open::Bracket, _)));
                if let (true, b',' | b'\n', Some(ends)) = (in_bracket, byte, ends.last_mut()) {
                    ends.push(scanner.at);
                }
            }
            fewer => {
                let closed = ends.drain(fewer..).next().unwrap_or_default();
                if let (b'}', Some((Open::Bracket, start))) = (byte, innermost)
                    && is_object(text, start)
                    && closed.len() > PART
                {
                    while found.last().is_some_and(|inner| inner.span.start > start) {
                        found.pop();
                    }
                    found.push(Large {
                        span: start..scanner.at,
                        ends: closed,
                    });
                }
            }
        }
    }
    found
}

/// Whether a brace opens an object, and is not the place of a value in a quoted text.
fn is_object(text: &str, brace: usize) -> bool {
    let before = &text.as_bytes()[..brace];
    text.as_bytes()[brace] == b'{' && !before.ends_with(b"$") && !before.ends_with(b"%")
}

#[cfg(test)]
mod tests {
    use hcl_edit::structure::Body;
    use proptest::prelude::*;

    use super::super::statements as read;
    use super::super::{Fault, unreadable};
    use super::*;
    use crate::inputs::node::Assignment;

    /// What is read when the parser gets the text in one piece.
    fn whole(text: &str) -> Result<Vec<Result<Assignment, Fault>>, Fault> {
        let body: Body = text.parse().map_err(|error| unreadable(text, &error))?;
        let reader = Reader { text, base: 0 };
        Ok(body.iter().map(|one| reader.assignment(one)).collect())
    }

    fn entry() -> impl Strategy<Value = String> {
        let key = prop_oneof![
            200 => "[a-z]{6}",
            1 => "[ab]",
            1 => Just("\"a\"".to_owned()),
            1 => Just("(a)".to_owned()),
        ];
        let value = prop::sample::select(vec![
            "1",
            "\"ü\"",
            "\"}, {\"",
            "\"${a}\"",
            "\"$${\"",
            "[1,\n2]",
            "{ b = 1, c = { d = 2 } }",
            "{ # }\n b = 1\n }",
            "/* ,\n} */ 1",
            "<<E\n} ,\nE",
            "a.b",
            "{ for a, b in c : a => b }",
        ]);
        let end = prop::sample::select(vec![
            "\n", ",", ",\n", " # x }\n", " // ,\n", "\r\n", "\n\n",
        ]);
        (key, value, end).prop_map(|(key, value, end)| format!(" {key} = {value}{end}"))
    }

    fn text() -> impl Strategy<Value = String> {
        let broken = prop::sample::select(vec![
            "a = \n",
            "a = \"x\n",
            "a = [\n",
            "}\n",
            "{\n",
            "a 1\n",
            ",,",
            "/*",
        ]);
        let broken = prop::option::weighted(0.3, (broken, any::<prop::sample::Index>()));
        let object =
            (prop::collection::vec(entry(), 0..200), broken).prop_map(|(mut all, broken)| {
                if let Some((broken, at)) = broken {
                    all.insert(at.index(all.len() + 1), broken.to_owned());
                }
                format!("{{{}}}", all.concat())
            });
        prop::collection::vec(object, 1..3).prop_map(|objects| {
            let inner = objects.join(",\nz = ");
            format!("x = {}\ny = {{ a = {inner} }}\n", objects[0])
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn parts_are_read_as_the_whole(text in text()) {
            prop_assert_eq!(read(&text, 0..text.len()), whole(&text));
        }
    }

    #[test]
    fn a_long_object_is_read_in_parts_and_a_short_one_is_not() {
        let of = |entries: usize| {
            let lines: Vec<String> = (0..entries)
                .map(|entry| format!("e{entry} = 1\n"))
                .collect();
            format!("x = {{\n{}}}\n", lines.concat())
        };
        let parts = |text: &str| {
            find(text)
                .iter()
                .map(|one| one.parts().count())
                .sum::<usize>()
        };
        assert_eq!([parts(&of(PART - 1)), parts(&of(4 * PART))], [0, 5]);
    }
}
