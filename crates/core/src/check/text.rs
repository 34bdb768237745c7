//! Texts that are fit to be shown: the values of secrets are masked, whatever line a finding is on.

use contract::{Privacy, inputs as table};

use crate::inputs::{Origin, Sources, TextId};

/// One text that inputs were read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedText {
    /// Where it came from, as a person would name it.
    pub name: String,
    /// The text. Every byte of a secret's value is a `*`, so that places stay where they are.
    pub text: String,
}

pub(super) fn of(sources: &Sources) -> Vec<CheckedText> {
    sources.text_ids().map(|id| checked(sources, id)).collect()
}

fn checked(sources: &Sources, id: TextId) -> CheckedText {
    let (origin, text) = sources.text(id);
    let mut masked = text.to_owned();
    for given in sources.all().filter(|given| given.text == id) {
        if is_secret(&given.assignment.name.name) {
            mask(&mut masked, given.assignment.value.span.clone());
        }
    }
    // Nothing is known about where a secret stands in a text that could not be parsed.
    if sources.faults().iter().any(|fault| fault.text == id) && mentions_secret(text) {
        masked = text.lines().map(mask_line).collect::<Vec<_>>().join("\n");
    }
    CheckedText {
        name: name(origin),
        text: masked,
    }
}

fn mask(text: &mut String, span: std::ops::Range<usize>) {
    if text.get(span.clone()).is_some() {
        let stars = "*".repeat(span.len());
        text.replace_range(span, &stars);
    }
}

fn mask_line(line: &str) -> String {
    if mentions_secret(line) {
        "*".repeat(line.len())
    } else {
        line.to_owned()
    }
}

fn mentions_secret(text: &str) -> bool {
    table::INPUTS
        .iter()
        .any(|input| input.privacy == Privacy::Secret && text.contains(input.name))
}

fn is_secret(name: &str) -> bool {
    table::find(name).is_some_and(|input| input.privacy == Privacy::Secret)
}

fn name(origin: &Origin) -> String {
    match origin {
        Origin::File(path) => path.display().to_string(),
        Origin::Environment(variable) => variable.clone(),
        Origin::CommandLine => "-var".to_owned(),
    }
}
