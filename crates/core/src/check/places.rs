//! Where in the texts a finding stands: from the path of a value to the operator's own text.

use std::collections::BTreeMap;

use contract::{Code, Path};

use super::Place;
use crate::inputs::{Given, Sources, Step};

/// The assignments that count, by name.
pub(super) struct Places<'a> {
    winners: BTreeMap<&'a str, &'a Given>,
}

impl<'a> Places<'a> {
    pub(super) fn of(sources: &'a Sources) -> Self {
        Self {
            winners: sources.winners(),
        }
    }

    /// The place that a finding with this code and path is about; none where the input was not given.
    pub(super) fn place(&self, code: Code, path: &Path) -> Option<Place> {
        let given = self.winners.get(path.input.as_str())?;
        let steps: Vec<Step<'_>> = path.steps.iter().map(step).collect();
        let node = &given.assignment.value;
        let value = || node.span_at(&steps);
        let span = match steps.last() {
            None if speaks_of_name(code) => given.assignment.name.span.clone(),
            Some(Step::Key(_)) if speaks_of_key(code, path) => {
                node.key_span_at(&steps).unwrap_or_else(value)
            }
            _ => value(),
        };
        Some(Place::new(given.text, span))
    }
}

/// Whether a finding about an input as a whole is about its name, since its value may be many lines.
fn speaks_of_name(code: Code) -> bool {
    matches!(
        code,
        Code::InputUnknown | Code::InputDeprecated | Code::StaticIpMapReplaced | Code::NotEvaluated
    )
}

/// A finding about an entry of a map is about the node of that name, unless its value is no node at all. One about an
/// attribute is about its value, unless there is no such attribute.
fn speaks_of_key(code: Code, path: &Path) -> bool {
    match path.steps.last() {
        Some(contract::Step::Key(_)) => !matches!(code, Code::TypeMismatch | Code::ElementNull),
        _ => code == Code::AttributeUnknown,
    }
}

fn step(step: &contract::Step) -> Step<'_> {
    match step {
        contract::Step::Attribute(name) | contract::Step::Key(name) => Step::Key(name),
        contract::Step::Index(index) => Step::Index(*index),
    }
}
