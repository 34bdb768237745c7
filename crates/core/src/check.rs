//! Checks the inputs of an environment without Terraform: every source, every rule, each finding at the user's own text.

mod lines;
mod live;
mod places;
mod text;
mod upgrade;

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::Path;

use contract::{
    Code, Finding, InputValues, Kind, Severity, Subject, Topology, Value, inputs as table,
};

use self::places::Places;
use crate::inputs::{
    self, CommandLineInput, Declared, Given, InputError, Node, NodeKind, Sources, TextId,
};

pub use lines::Lines;
pub use live::{Live, Remark, preflight};
pub use text::CheckedText;
pub use upgrade::{Upgrade, upgrade};

/// Everything [`check`] needs to know.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The Terraform root with the variable files.
    pub root: &'a Path,
    /// The process environment, for `TF_VAR_*`.
    pub environment: &'a [(String, String)],
    /// `-var` and `-var-file`, in order.
    pub command_line: &'a [CommandLineInput],
}

/// What was found, sorted by place.
#[derive(Debug)]
pub struct Report {
    /// The texts that places point into; the values of secrets are masked.
    pub texts: Vec<CheckedText>,
    /// What is wrong or worth knowing.
    pub findings: Vec<Located>,
    /// The nodes that the inputs describe; none when an error stands in the way.
    pub topology: Option<Topology>,
}

/// A finding and the place it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The rule that speaks.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to type instead.
    pub help: String,
    /// Where it stands; none for an input that was not given.
    pub place: Option<Place>,
    /// Other places that take part, each with its role.
    pub related: Vec<(Place, String)>,
}

/// A stretch of one of the texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Index into [`Report::texts`].
    pub text: usize,
    /// Bytes of that text.
    pub span: (usize, usize),
}

impl Report {
    /// How many findings weigh this much.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .count()
    }
}

/// Reads every source and applies every rule.
pub fn check(request: Request<'_>) -> Result<Report, InputError> {
    let sources = read(request)?;
    let values = values(&sources);
    let (topology, findings) = contract::evaluate(&values);
    let places = Places::of(&sources);
    let hidden = hidden(&places, &findings);
    let mut found = faults(&sources);
    let computed: Vec<Located> = sources.effective_all().flat_map(not_literal).collect();
    let at_computed: BTreeSet<&Place> =
        computed.iter().filter_map(|of| of.place.as_ref()).collect();
    let rules = located_all(&sources, &places, &findings);
    found.extend(rules.filter(|found| !is_of(found, &at_computed)));
    found.extend(computed);
    found.sort_by_cached_key(|found| order(&sources, found));
    let clean = found
        .iter()
        .all(|finding| finding.severity != Severity::Error);
    Ok(Report {
        texts: text::of(&sources, &hidden),
        findings: found,
        topology: topology.filter(|_| clean),
    })
}

/// The values of every source, as far as the sources can be read. Holds the secrets among them.
pub fn input_values(request: Request<'_>) -> Result<InputValues, InputError> {
    Ok(values(&read(request)?))
}

fn read(request: Request<'_>) -> Result<Sources, InputError> {
    let variables = request
        .environment
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let sources = inputs::with_environment(Sources::default(), variables, &declared);
    let sources = inputs::read_directory(sources, request.root)?;
    inputs::with_command_line(sources, request.root, request.command_line, &declared)
}

/// How `variables.tf` declares an input.
fn declared(name: &str) -> Declared {
    match table::find(name).map(|input| input.kind) {
        None => Declared::No,
        Some(Kind::Bool) => Declared::Bool,
        Some(Kind::Whole(_)) => Declared::Number,
        Some(Kind::Text(_)) => Declared::Text,
        Some(Kind::List(_) | Kind::Map(_) | Kind::Object(_)) => Declared::Collection,
    }
}

fn values(sources: &Sources) -> InputValues {
    sources
        .effective_all()
        .map(|given| {
            let name = &given.assignment.name.name;
            let value = match (&given.assignment.value.kind, declared(name)) {
                (NodeKind::NotLiteral, Declared::Bool) => Value::from(0),
                _ => value(&given.assignment.value),
            };
            (name.clone(), value)
        })
        .collect()
}

/// By place; what has none comes last. That rules were not asked is said below what is wrong with the input.
fn order(sources: &Sources, found: &Located) -> (bool, usize, usize, Severity) {
    let (text, start) = match &found.place {
        Some(place) => (place.text, place.span.0),
        None => (0, 0),
    };
    let below = (found.code == Code::NotEvaluated)
        .then(|| {
            let named = |given: &&Given| {
                given.text.index() == text && given.assignment.name.span.start == start
            };
            let given = sources.all().find(named)?;
            Some(given.assignment.value.span.end)
        })
        .flatten();
    (
        found.place.is_none(),
        text,
        below.unwrap_or(start),
        found.severity,
    )
}

/// Whether a finding is about a value that is computed: the rules saw what [`value`] put in its place.
fn is_of(found: &Located, computed: &BTreeSet<&Place>) -> bool {
    let place = found.place.as_ref();
    found.severity == Severity::Error && place.is_some_and(|place| computed.contains(place))
}

/// A value that is computed is of the wrong type wherever it can be, so that no rule takes its default for it.
fn value(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::NotLiteral => Value::Bool(true),
        NodeKind::Bool(value) => Value::Bool(*value),
        NodeKind::Number(text) => {
            contract::Number::parse(text).map_or_else(|| Value::String(text.clone()), Value::Number)
        }
        NodeKind::String(text) => Value::String(text.clone()),
        NodeKind::List(items) => Value::List(items.iter().map(value).collect()),
        NodeKind::Map(items) => Value::Map(
            items
                .iter()
                .map(|(key, item)| (key.name.clone(), value(item)))
                .collect(),
        ),
    }
}

/// Places whose text may hold a secret, whatever the name before it says: a whole token in the place of its id.
fn hidden(places: &Places<'_>, findings: &[Finding]) -> Vec<Place> {
    findings
        .iter()
        .filter(|finding| finding.subject == Subject::Hidden)
        .filter_map(|finding| places.place(finding.code, &finding.path))
        .collect()
}

/// What the rules say. Of a text that could not be read nothing is known to be missing, so that only findings about
/// what was read are said then.
fn located_all(
    sources: &Sources,
    places: &Places<'_>,
    findings: &[Finding],
) -> impl Iterator<Item = Located> {
    let complete = sources.faults().iter().all(|fault| fault.unread.is_empty());
    findings
        .iter()
        .map(|finding| located(places, finding))
        .filter(move |finding| complete || finding.place.is_some())
}

fn faults(sources: &Sources) -> Vec<Located> {
    sources
        .faults()
        .iter()
        .map(|fault| Located {
            code: fault.code,
            severity: Severity::Error,
            message: fault.message.clone(),
            help: fault.help.clone(),
            place: Some(Place::new(fault.text, fault.span.clone())),
            related: fault
                .related
                .iter()
                .map(|(span, role)| (Place::new(fault.text, span.clone()), (*role).to_owned()))
                .collect(),
        })
        .collect()
}

/// Variable files hold literals: Terraform computes what needs no variable and no function, and refuses the rest.
fn not_literal(given: &Given) -> Vec<Located> {
    let mut spans = Vec::new();
    collect_not_literal(&given.assignment.value, &mut spans);
    spans
        .into_iter()
        .map(|span| Located {
            code: Code::ValueComputed,
            severity: Severity::Error,
            message: format!("`{}` is computed here", given.assignment.name.name),
            help: "a variable file holds plain values only: write the value itself, text in double quotes".to_owned(),
            place: Some(Place::new(given.text, span)),
            related: Vec::new(),
        })
        .collect()
}

fn collect_not_literal(node: &Node, into: &mut Vec<Range<usize>>) {
    match &node.kind {
        NodeKind::NotLiteral => into.push(node.span.clone()),
        NodeKind::List(items) => items
            .iter()
            .for_each(|item| collect_not_literal(item, into)),
        NodeKind::Map(items) => {
            for (_, item) in items {
                collect_not_literal(item, into);
            }
        }
        NodeKind::Null | NodeKind::Bool(_) | NodeKind::Number(_) | NodeKind::String(_) => {}
    }
}

fn located(places: &Places<'_>, finding: &Finding) -> Located {
    Located {
        code: finding.code,
        severity: finding.severity,
        message: finding.message.clone(),
        help: finding.help.clone(),
        place: places.place(finding.code, &finding.path),
        related: finding
            .related
            .iter()
            .filter_map(|(path, role)| Some((places.place(finding.code, path)?, role.clone())))
            .collect(),
    }
}

impl Place {
    fn new(text: TextId, span: Range<usize>) -> Self {
        Self {
            text: text.index(),
            span: (span.start, span.end),
        }
    }
}

#[cfg(test)]
mod tests;
