//! Rules over all nodes together.

mod address;
mod hardware;
mod identity;

use std::collections::BTreeMap;

use crate::code::Code;
use crate::finding::Finding;
use crate::path::Path;
use crate::reading::Reading;
use crate::topology::roster::{Draft, READS};

/// A rule over all nodes. It needs the inputs that decide who they are, and those it names itself.
struct NodeRule {
    code: Code,
    reads: &'static [&'static str],
    check: fn(&[Draft], &Reading<'_>, &mut Vec<Finding>),
}

/// Applies every rule whose inputs are usable; returns the others, each with the input that stands in its way.
pub(super) fn apply(
    drafts: &[Draft],
    reading: &Reading<'_>,
    findings: &mut Vec<Finding>,
) -> Vec<(&'static str, Code)> {
    let mut skipped = Vec::new();
    for rule in [identity::RULES, address::RULES, hardware::RULES]
        .into_iter()
        .flatten()
    {
        match reading
            .first_invalid(READS)
            .or_else(|| reading.first_invalid(rule.reads))
        {
            Some(input) => skipped.push((input, rule.code)),
            None => (rule.check)(drafts, reading, findings),
        }
    }
    skipped
}

/// Reports each draft whose `key` an earlier one has too. `say` gives message and help. Two lines with one name share
/// everything; that is said once, of the name.
fn duplicates<K: Ord>(
    drafts: &[Draft],
    code: Code,
    attribute: &str,
    key: impl Fn(&Draft) -> Option<K>,
    say: impl Fn(&Draft, &Draft) -> (String, String),
    findings: &mut Vec<Finding>,
) {
    let mut seen: BTreeMap<K, &Draft> = BTreeMap::new();
    for draft in drafts {
        let Some(key) = key(draft) else { continue };
        let first = *seen.entry(key).or_insert(draft);
        if first.name != draft.name {
            let (message, help) = say(draft, first);
            let finding = Finding::new(code, draft.place(attribute), message, help);
            findings
                .push(finding.with_related(first.place(attribute), format!("`{}`", first.name)));
        }
    }
}

/// The line that would set `attribute` for a node.
fn override_line(draft: &Draft, attribute: &str, value: &str) -> String {
    let path = Path::input("node_overrides").key(&draft.name);
    format!("set `{attribute}` for it: `{path} = {{ {attribute} = {value} }}`")
}
