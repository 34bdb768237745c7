//! Texts that are fit to be shown: whatever can be a secret is masked, whatever line a finding is on.

use std::ops::Range;
use std::path::PathBuf;

use contract::{Privacy, inputs as table, nearest};

use super::Place;
use super::lines::Lines;
use crate::inputs::{Node, NodeKind, Origin, Sources, TextId};

/// Words in a name of ours or of nobody's that say what stands behind it.
const TELLING: [&str; 6] = [
    "secret",
    "passw",
    "passphrase",
    "token",
    "credential",
    "api_key",
];

/// One text that inputs were read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedText {
    /// Where it came from, as a person would name it.
    pub name: String,
    /// The file, where it came from one.
    pub file: Option<PathBuf>,
    /// The text. Every byte of what can be a secret is a `*`, line ends apart, so that places stay where they are.
    pub text: String,
    /// The lines of the text.
    pub lines: Lines,
}

impl CheckedText {
    /// Line and column of a byte. Both begin at 1; a column counts characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.at(offset);
        let start = self.lines.span(line, line).start;
        let before = self.text.get(start..offset);
        let before = before.unwrap_or_else(|| &self.text[start..]);
        (line + 1, before.chars().count() + 1)
    }
}

/// `hidden` are places that a rule found too delicate to quote.
pub(super) fn of(sources: &Sources, hidden: &[Place]) -> Vec<CheckedText> {
    sources
        .text_ids()
        .map(|id| {
            let hidden = hidden.iter().filter(|place| place.text == id.index());
            checked(sources, id, hidden.map(|place| place.span.0..place.span.1))
        })
        .collect()
}

fn checked(
    sources: &Sources,
    id: TextId,
    hidden: impl Iterator<Item = Range<usize>>,
) -> CheckedText {
    let (origin, text) = sources.text(id);
    let mut spans: Vec<Range<usize>> = hidden.collect();
    for given in sources.all().filter(|given| given.text == id) {
        let name = &given.assignment.name.name;
        secrets(is_secret, name, &given.assignment.value, &mut spans);
    }
    spans.extend(unread_secrets(sources, id, text));
    let text = masked(text, &spans);
    CheckedText {
        name: name(origin),
        file: match origin {
            Origin::File(path) => Some(path.clone()),
            Origin::Environment(_) | Origin::CommandLine => None,
        },
        lines: Lines::of(&text),
        text,
    }
}

/// The values that stand behind names of secrets, at any depth.
fn secrets(is_secret: fn(&str) -> bool, name: &str, node: &Node, found: &mut Vec<Range<usize>>) {
    if is_secret(name) {
        found.push(node.span.clone());
        return;
    }
    match &node.kind {
        NodeKind::List(items) => items
            .iter()
            .for_each(|item| secrets(is_telling, "", item, found)),
        NodeKind::Map(items) => items
            .iter()
            .for_each(|(key, item)| secrets(is_telling, &key.name, item, found)),
        // A heredoc that was opened too early, with the lines below it inside.
        NodeKind::String(text) if text.contains('\n') && tells_of_a_secret(text) => {
            found.push(node.span.clone());
        }
        NodeKind::Null
        | NodeKind::Bool(_)
        | NodeKind::Number(_)
        | NodeKind::String(_)
        | NodeKind::NotLiteral => {}
    }
}

/// An input is what the table says. A name that is none may be a misspelt secret.
fn is_secret(name: &str) -> bool {
    if let Some(input) = table::find(name) {
        return input.privacy == Privacy::Secret;
    }
    is_telling(name) || nearest(name, secret_names()).is_some()
}

fn is_telling(name: &str) -> bool {
    let lower = name.to_lowercase();
    TELLING.iter().any(|word| lower.contains(word))
}

fn secret_names() -> impl Iterator<Item = &'static str> {
    let secret = |privacy| privacy == Privacy::Secret;
    table::INPUTS
        .iter()
        .filter(move |input| secret(input.privacy))
        .map(|input| input.name)
}

/// Nothing is known about where a secret stands in what could not be read. Statements side by side count as one: a
/// value may have got into the line after its name.
fn unread_secrets(sources: &Sources, id: TextId, text: &str) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    let faults = sources.faults().iter().filter(|fault| fault.text == id);
    for unread in faults.map(|fault| fault.unread.clone()) {
        match runs.last_mut() {
            Some(last) if last.end >= unread.start => last.end = last.end.max(unread.end),
            _ => runs.push(unread),
        }
    }
    runs.into_iter()
        .filter(|run| text.get(run.clone()).is_some_and(tells_of_a_secret))
        .flat_map(|run| values_of_lines(text, run))
        .collect()
}

fn tells_of_a_secret(text: &str) -> bool {
    is_telling(text)
        || text
            .split(|char: char| !char.is_alphanumeric() && char != '_')
            .any(is_secret)
}

/// What follows the `=` of each line that has one; all of the others.
fn values_of_lines(text: &str, run: Range<usize>) -> Vec<Range<usize>> {
    let mut at = run.start;
    let lines = text[run].split_inclusive('\n');
    lines
        .map(|line| {
            let start = at;
            at += line.len();
            let name = line
                .find('=')
                .filter(|equals| table::find(line[..*equals].trim()).is_some());
            start + name.map_or(0, |equals| equals + 1)..at
        })
        .collect()
}

/// Places stay where they are: a star for each byte, and quotes and line ends as they were.
fn masked(text: &str, spans: &[Range<usize>]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for span in spans {
        for byte in bytes.get_mut(span.clone()).into_iter().flatten() {
            if !matches!(byte, b'"' | b'\n' | b'\r') {
                *byte = b'*';
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| "*".repeat(text.len()))
}

fn name(origin: &Origin) -> String {
    match origin {
        Origin::File(path) => path.display().to_string(),
        Origin::Environment(variable) => variable.clone(),
        Origin::CommandLine => "-var".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_begin_at_one() {
        let position = |text: &str, offset| {
            let checked = CheckedText {
                name: String::new(),
                file: None,
                text: text.to_owned(),
                lines: Lines::of(text),
            };
            checked.position(offset)
        };
        assert_eq!(position("äb\ncd", 0), (1, 1));
        assert_eq!(position("äb\ncd", 2), (1, 2));
        assert_eq!(position("äb\ncd", 4), (2, 1));
        assert_eq!(position("ab", 2), (1, 3));
        assert_eq!(position("ab\n", 3), (2, 1));
    }
}
