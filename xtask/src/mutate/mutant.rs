//! Which changes are tried: each makes a rule weaker, silent, or another one.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};

/// One change to one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mutant {
    /// The file, from the crate's folder.
    pub(super) path: PathBuf,
    /// The line, from 0.
    pub(super) line: usize,
    /// What stands there.
    pub(super) before: String,
    /// What is put there.
    pub(super) after: String,
    rank: Rank,
}

/// The order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A rule that no longer refuses, is not asked, or speaks under another code.
    Rule,
    /// A bound, a comparison, a condition.
    Detail,
}

/// Texts and what they are replaced by, each occurrence by itself.
const SWAPS: &[(&str, &str, Rank)] = &[
    ("severity: Error", "severity: Note", Rank::Rule),
    ("severity: Warning", "severity: Note", Rank::Rule),
    ("severity: Note", "severity: Error", Rank::Rule),
    ("findings.push(", "drop(", Rank::Rule),
    ("findings.extend(", "drop(", Rank::Rule),
    ("out.push(", "drop(", Rank::Rule),
    ("out.extend(", "drop(", Rank::Rule),
    (".hidden()", "", Rank::Rule),
    (" < ", " <= ", Rank::Detail),
    (" > ", " >= ", Rank::Detail),
    (" <= ", " < ", Rank::Detail),
    (" >= ", " > ", Rank::Detail),
    (" == ", " != ", Rank::Detail),
    (" != ", " == ", Rank::Detail),
    (" && ", " || ", Rank::Detail),
    (" || ", " && ", Rank::Detail),
    ("if !", "if ", Rank::Detail),
    ("| !", "| ", Rank::Detail),
    ("matches!(", "!matches!(", Rank::Detail),
    (".any(", ".all(", Rank::Detail),
    (".all(", ".any(", Rank::Detail),
    ("is_some_and(", "is_none_or(", Rank::Detail),
    ("is_none_or(", "is_some_and(", Rank::Detail),
];

/// Every mutant of the sources, the most telling first. Within a rank they are spread over the files, so that a run
/// that ends early has looked everywhere.
pub(super) fn all(sources: &[(PathBuf, String)]) -> Vec<Mutant> {
    let mut mutants: Vec<Mutant> = sources
        .iter()
        .flat_map(|(path, text)| of_file(path, text))
        .collect();
    let spread = |index: usize| index.wrapping_mul(7919) % 10_007;
    let mut order: Vec<(Rank, usize, usize)> = mutants
        .iter()
        .enumerate()
        .map(|(index, mutant)| (mutant.rank, spread(index), index))
        .collect();
    order.sort_unstable();
    let sorted = order.iter().map(|(_, _, index)| mutants[*index].clone());
    mutants = sorted.collect();
    mutants
}

/// The mutants of the part of a file that is no test.
fn of_file(path: &Path, text: &str) -> Vec<Mutant> {
    let code = text.split("#[cfg(test)]").next().unwrap_or(text);
    let quoted = quoted(code);
    let mut mutants = Vec::new();
    let mut start = 0;
    for (line, before) in code.lines().enumerate() {
        let is_told = |at: usize| quoted.iter().any(|span| span.contains(&(start + at)));
        if !before.trim_start().starts_with("//") {
            for change in changes(before, rule_arguments(path)) {
                if change.is_in_pattern || !is_told(change.at) {
                    mutants.push(Mutant {
                        path: path.to_owned(),
                        line,
                        before: before.to_owned(),
                        after: change.after,
                        rank: change.rank,
                    });
                }
            }
        }
        start += before.len() + 1;
    }
    mutants
}

/// Where texts stand: what is said to people, and examples, are no rules. Generated documents and their tests hold them.
fn quoted(code: &str) -> Vec<Range<usize>> {
    fn collect(tokens: TokenStream, found: &mut Vec<Range<usize>>) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => collect(group.stream(), found),
                TokenTree::Literal(literal) if literal.to_string().contains('"') => {
                    found.push(literal.span().byte_range());
                }
                TokenTree::Literal(_) | TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
    let mut found = Vec::new();
    collect(code.parse().unwrap_or_default(), &mut found);
    found
}

/// Rules over nodes get the nodes as well.
fn rule_arguments(path: &Path) -> &'static str {
    if path.starts_with("src/topology") {
        "|_, _, _|"
    } else {
        "|_, _|"
    }
}

/// What a line becomes.
struct Change {
    at: usize,
    after: String,
    rank: Rank,
    /// How often a part of a pattern comes: the one thing in a text that is a rule.
    is_in_pattern: bool,
}

fn changes(line: &str, rule_arguments: &str) -> Vec<Change> {
    let mut found = Vec::new();
    for (from, to, rank) in SWAPS {
        for (at, _) in line.match_indices(from) {
            found.push(Change {
                at,
                after: replaced(line, at, from.len(), to),
                rank: *rank,
                is_in_pattern: false,
            });
        }
    }
    found.extend(unasked(line, rule_arguments));
    found.extend(negated(line));
    found.extend(other_code(line));
    found.extend(numbers(line));
    found
}

fn replaced(line: &str, at: usize, length: usize, new: &str) -> String {
    format!("{}{new}{}", &line[..at], &line[at + length..])
}

/// The opposite of a condition that is one call or one name.
fn negated(line: &str) -> Vec<Change> {
    let conditions = line.match_indices("if ").map(|(at, _)| at + 3);
    let is_one = |at: &usize| {
        let condition = line[*at..].trim_end_matches([' ', '{']);
        !condition.starts_with(['!', '|'])
            && !condition.starts_with("let ")
            && ![" && ", " || ", " == ", " != ", " < ", " > ", " <= ", " >= "]
                .iter()
                .any(|operator| condition.contains(operator))
            && line[..*at - 3].chars().all(|char| char == ' ')
            && line.ends_with('{')
    };
    let negate = |at| Change {
        at,
        after: replaced(line, at, 0, "!"),
        rank: Rank::Detail,
        is_in_pattern: false,
    };
    conditions.filter(is_one).map(negate).collect()
}

/// A rule of a table that is never asked, one that is not gone on to, and a format that takes everything.
fn unasked(line: &str, rule_arguments: &str) -> Option<Change> {
    let indent = line.len() - line.trim_start().len();
    let change = |after| Change {
        at: indent,
        after,
        rank: Rank::Rule,
        is_in_pattern: false,
    };
    let written = line.trim_start();
    if let Some(format) = written.strip_prefix("Self::")
        && written.ends_with("(text),")
        && let Some((name, _)) = format.split_once(" => ")
    {
        return Some(change(format!("{:indent$}Self::{name} => Ok(()),", "")));
    }
    if written.ends_with(", findings);") && !written.contains(" = ") {
        return Some(change(String::new()));
    }
    let rule = written.strip_prefix("check: ")?.strip_suffix(',')?;
    let is_name = |char: char| char.is_ascii_lowercase() || char == '_';
    let is_whole = rule.chars().all(is_name) || rule.ends_with(", findings)");
    is_whole.then(|| change(format!("{:indent$}check: {rule_arguments} {{}},", "")))
}

/// The same refusal under the code of another rule.
fn other_code(line: &str) -> Vec<Change> {
    let mut found = Vec::new();
    for (at, _) in line.match_indices("Code::") {
        let name: String = line[at + 6..]
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect();
        let is_variant = name.starts_with(|char: char| char.is_ascii_uppercase());
        if is_variant && !line.trim_start().starts_with("code:") && name.len() > 3 {
            let other = if name == "Syntax" {
                "InputUnknown"
            } else {
                "Syntax"
            };
            found.push(Change {
                at,
                after: replaced(line, at + 6, name.len(), other),
                rank: Rank::Rule,
                is_in_pattern: false,
            });
        }
    }
    found
}

/// Whether what follows says how often a part of a pattern comes: `[0-9]{`, `){2,`.
fn is_how_often(before: &str) -> bool {
    let before = before.trim_end_matches(|char: char| char.is_ascii_digit() || char == ',');
    let part = before.trim_end_matches('{');
    part.len() < before.len() && part.ends_with([']', ')'])
}

/// Every number by itself, one more.
fn numbers(line: &str) -> Vec<Change> {
    let mut found = Vec::new();
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let starts = bytes[at].is_ascii_digit()
            && (at == 0
                || !(bytes[at - 1].is_ascii_alphanumeric() || b"_\".x-".contains(&bytes[at - 1])));
        let length = bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit() || **byte == b'_')
            .count();
        let ends = bytes
            .get(at + length)
            .is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'"');
        if starts
            && ends
            && let Ok(number) = line[at..at + length].replace('_', "").parse::<u64>()
        {
            found.push(Change {
                at,
                after: replaced(line, at, length, &(number + 1).to_string()),
                rank: Rank::Detail,
                is_in_pattern: is_how_often(&line[..at]),
            });
        }
        at += length.max(1);
    }
    found
}

impl Mutant {
    /// Tells it from every other one of the same sources.
    pub(super) fn key(&self) -> String {
        format!(
            "{}:{}:{}",
            self.path.display(),
            self.line + 1,
            self.after.trim()
        )
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{}:{}\n  - {}\n  + {}",
            self.path.display(),
            self.line + 1,
            self.before.trim(),
            self.after.trim()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_occurrence_is_changed_by_itself() {
        let cases: [(&str, &[&str]); 15] = [
            ("if a < b && c {", &["if a <= b && c {", "if a < b || c {"]),
            ("    severity: Error,", &["    severity: Note,"]),
            ("    apply(reading, NODES, findings);", &[""]),
            (
                "    check: |reading, findings| apply(reading, NODES, findings),",
                &["    check: |_, _| {},"],
            ),
            ("    if is_free(net) {", &["    if !is_free(net) {"]),
            ("    if !is_free(net) {", &["    if is_free(net) {"]),
            ("    if let Some(net) = net {", &[]),
            (
                "any.filter(|one| !matches!(one, A))",
                &[
                    "any.filter(|one| matches!(one, A))",
                    "any.filter(|one| !!matches!(one, A))",
                ],
            ),
            ("    check: odd,", &["    check: |_, _| {},"]),
            (
                "    Self::Mac => hardware::mac(text),",
                &["    Self::Mac => Ok(()),"],
            ),
            ("(8, 29)", &["(9, 29)", "(8, 30)"]),
            ("// a < b", &[]),
            (
                r##"fix: r#"a < "b" 8"#, if c > 1"##,
                &[
                    r##"fix: r#"a < "b" 8"#, if c >= 1"##,
                    r##"fix: r#"a < "b" 8"#, if c > 2"##,
                ],
            ),
            (r#"'"', 7, '"'"#, &[r#"'"', 8, '"'"#]),
            (
                r#""^[a-z]{2,9}-1$""#,
                &[r#""^[a-z]{3,9}-1$""#, r#""^[a-z]{2,10}-1$""#],
            ),
        ];
        for (line, expected) in cases {
            let made = of_file(Path::new("x.rs"), line);
            let made: Vec<&str> = made.iter().map(|mutant| mutant.after.as_str()).collect();
            assert_eq!(made, expected, "{line}");
        }
    }

    #[test]
    fn a_rule_is_silenced_with_the_arguments_it_takes() {
        let made = |path: &str| of_file(Path::new(path), "    check: odd,").remove(0).after;
        assert_eq!(made("src/across/quorum.rs"), "    check: |_, _| {},");
        assert_eq!(made("src/topology/rules/x.rs"), "    check: |_, _, _| {},");
    }

    #[test]
    fn the_most_telling_come_first_and_tests_are_left_alone() {
        let text = "if a < 1 {}\nseverity: Error\n#[cfg(test)]\nif a < 1 {}\n";
        let made = all(&[("x.rs".into(), text.to_owned())]);
        assert_eq!(made.len(), 3);
        assert_eq!(made[0].after, "severity: Note");
    }
}
