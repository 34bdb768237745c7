//! Rules over several inputs. Each names the inputs it reads, so that one that cannot be evaluated says why.

mod access;
pub(crate) mod network;
mod quorum;
mod release;

use crate::code::Code;
use crate::finding::Finding;
use crate::path::Path;
use crate::reading::Reading;

/// A rule over several inputs.
pub(crate) struct AcrossRule {
    pub(crate) code: Code,
    pub(crate) reads: &'static [&'static str],
    pub(crate) check: fn(&Reading<'_>, &mut Vec<Finding>),
}

/// Applies every rule whose inputs are usable; returns the others, each with the input that stands in its way.
pub(crate) fn apply(
    reading: &Reading<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<(&'static str, Code)> {
    let mut skipped = Vec::new();
    for rule in [access::RULES, network::RULES, release::RULES, quorum::RULES]
        .into_iter()
        .flatten()
    {
        match reading.first_invalid(rule.reads) {
            Some(input) => skipped.push((input, rule.code)),
            None => (rule.check)(reading, findings),
        }
    }
    skipped
}

/// One note for each input that stands in the way of rules.
pub(crate) fn not_evaluated(skipped: &[(&'static str, Code)]) -> Vec<Finding> {
    let mut inputs: Vec<&'static str> = Vec::new();
    for (input, _) in skipped {
        if !inputs.contains(input) {
            inputs.push(input);
        }
    }
    inputs
        .into_iter()
        .map(|input| skipped_because_of(input, skipped))
        .collect()
}

fn skipped_because_of(input: &'static str, skipped: &[(&'static str, Code)]) -> Finding {
    let mut codes: Vec<String> = Vec::new();
    for (_, code) in skipped.iter().filter(|(name, _)| *name == input) {
        let code = format!("`{code}`");
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    let message = format!(
        "not evaluated because `{input}` is invalid: {}",
        codes.join(", ")
    );
    let help = format!("mend `{input}` and check again");
    Finding::new(Code::NotEvaluated, Path::input(input), message, help)
}
