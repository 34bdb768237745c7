//! Many mutants in one program: a function that has some gets its body once for each, and a variable of the environment
//! says which one runs. The price of building is then paid once and not for each of hundreds.
//!
//! It works on lines, and on sources that `rustfmt` has written: a body ends with the brace that stands as far right as
//! its `fn`. What cannot be switched at run time (constants, and functions whose type names no type) is left alone.

use std::ops::Range;

use super::mutant::Mutant;

/// The variable that says which mutant runs.
pub(super) const SWITCH: &str = "EM_INFRA_MUTANT";

/// What a woven crate has in addition: the number of the mutant that runs, none of them unless the variable says so.
pub(super) const MODULE: &str = "
pub(crate) mod mutant {
    //! Which mutant runs.
    static ACTIVE: std::sync::LazyLock<usize> = std::sync::LazyLock::new(|| {
        let number = std::env::var(\"EM_INFRA_MUTANT\").ok();
        number.and_then(|number| number.parse().ok()).unwrap_or(usize::MAX)
    });
    pub(crate) fn active() -> usize {
        *ACTIVE
    }
}
";

/// A mutant and the number it is switched by.
pub(super) type Numbered<'a> = (usize, &'a Mutant);

/// A source with mutants in it.
#[derive(Default)]
pub(super) struct Woven {
    lines: Vec<String>,
    /// For each line the mutants that are to blame when the compiler refuses it.
    blame: Vec<Vec<usize>>,
}

impl Woven {
    pub(super) fn text(&self) -> String {
        self.lines.join("\n") + "\n"
    }

    /// The mutants to blame for a line, from 1; none for a line of the original.
    pub(super) fn blame(&self, line: usize) -> &[usize] {
        let line = line.checked_sub(1).and_then(|line| self.blame.get(line));
        line.map_or(&[], Vec::as_slice)
    }

    fn push(&mut self, line: impl Into<String>, blame: &[usize]) {
        self.lines.push(line.into());
        self.blame.push(blame.to_vec());
    }

    fn push_function(&mut self, lines: &[&str], body: &Range<usize>, mutants: &[Numbered<'_>]) {
        let all: Vec<usize> = mutants.iter().map(|(number, _)| *number).collect();
        self.push("match crate::mutant::active() {", &all);
        for (number, mutant) in mutants {
            self.push(format!("{number} => {{"), &[*number]);
            for line in body.clone() {
                let changed = line == mutant.line;
                self.push(
                    if changed { &mutant.after } else { lines[line] },
                    &[*number],
                );
            }
            self.push("}", &[*number]);
        }
        self.push("_ => {", &all);
        for line in body.clone() {
            self.push(lines[line], &all);
        }
        self.push("}", &all);
        self.push("}", &all);
    }
}

/// Puts those mutants into the source of their file that can be switched, and returns the numbers of the others too.
pub(super) fn weave(text: &str, mutants: &[Numbered<'_>]) -> (Woven, Vec<usize>) {
    let lines: Vec<&str> = text.lines().collect();
    let bodies = bodies(&lines);
    let in_body = |line: usize| bodies.iter().position(|body| body.contains(&line));
    let mut left = Vec::new();
    let mut of_body: Vec<Vec<Numbered<'_>>> = vec![Vec::new(); bodies.len()];
    let mut of_line: Vec<Option<Numbered<'_>>> = vec![None; lines.len()];
    for (number, mutant) in mutants {
        match in_body(mutant.line) {
            Some(body) => of_body[body].push((*number, mutant)),
            None if asked(&mutant.before).is_some() => {
                of_line[mutant.line] = Some((*number, mutant));
            }
            None => left.push(*number),
        }
    }
    let mut woven = Woven::default();
    let mut line = 0;
    while line < lines.len() {
        let body = bodies.iter().position(|body| body.start == line);
        match body.map(|body| (&bodies[body], &of_body[body])) {
            Some((body, mutants)) if !mutants.is_empty() => {
                woven.push_function(&lines, body, mutants);
                line = body.end;
            }
            _ => {
                match of_line[line].and_then(|mutant| switched(lines[line], mutant)) {
                    Some((number, text)) => woven.push(text, &[number]),
                    None => woven.push(lines[line], &[]),
                }
                line += 1;
            }
        }
    }
    (woven, left)
}

/// The rule that a line of a table asks.
fn asked(line: &str) -> Option<&str> {
    let rule = line.trim().strip_prefix("check: ")?.strip_suffix(',')?;
    (!rule.contains('|')).then_some(rule)
}

/// The line of a table that asks its rule unless the mutant runs.
fn switched(line: &str, (number, mutant): Numbered<'_>) -> Option<(usize, String)> {
    let rule = asked(line)?;
    let arguments = ["a", "b", "c"][..mutant.after.matches('_').count().min(3)].join(", ");
    let text = format!(
        "check: |{arguments}| if crate::mutant::active() != {number} {{ {rule}({arguments}) }},"
    );
    Some((number, text))
}

/// The lines inside the outermost functions whose bodies can be chosen at run time.
fn bodies(lines: &[&str]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut line = 0;
    while line < lines.len() {
        let head = line;
        line += 1;
        let Some(indent) = function(lines[head]).filter(|_| !lines[head].ends_with(';')) else {
            continue;
        };
        let Some(opens) = (head..lines.len()).find(|line| lines[*line].ends_with(['{', '}']))
        else {
            continue;
        };
        let closing = format!("{:indent$}}}", "");
        let Some(closes) = (opens + 1..lines.len()).find(|line| lines[*line] == closing) else {
            continue;
        };
        let names_its_type = !lines[head..=opens]
            .iter()
            .any(|line| line.contains("-> impl "));
        if lines[opens].ends_with('{') && names_its_type {
            found.push(opens + 1..closes);
            line = closes + 1;
        }
    }
    found
}

/// How far right a function that is no constant begins.
fn function(line: &str) -> Option<usize> {
    let written = line.trim_start();
    let rest = match written.strip_prefix("pub") {
        Some(rest) => rest.split_once(' ')?.1,
        None => written,
    };
    rest.starts_with("fn ").then(|| line.len() - written.len())
}

#[cfg(test)]
mod tests {
    use super::super::mutant::all;
    use super::*;

    const SOURCE: &str = "\
const ODD: i64 = 3;

pub(super) fn odd(
    count: i64,
) -> bool {
    count > ODD && count != 5
}

fn several() -> impl Iterator<Item = i64> {
    0..2
}

const RULE: Rule = Rule {
    check: odd,
};
";

    #[test]
    fn each_body_with_mutants_is_there_once_for_each_of_them() {
        let mutants = all(&[("src/x.rs".into(), SOURCE.to_owned())]);
        let numbered: Vec<Numbered<'_>> = mutants.iter().enumerate().collect();
        let (woven, left) = weave(SOURCE, &numbered);
        let text = woven.text();

        for (number, mutant) in &numbered {
            let is_left = left.contains(number);
            assert_eq!(
                is_left,
                ["const ODD", "0..2"]
                    .iter()
                    .any(|one| mutant.before.contains(one)),
                "{mutant}"
            );
            let arm = format!("{number} => {{\n{}\n}}\n", mutant.after);
            let switch =
                format!("check: |a, b| if crate::mutant::active() != {number} {{ odd(a, b) }},");
            assert!(
                is_left || text.contains(&arm) || text.contains(&switch),
                "{mutant}\n{text}"
            );
        }
        assert!(
            text.contains("_ => {\n    count > ODD && count != 5\n}\n}\n}\n"),
            "{text}"
        );
        assert!(
            text.starts_with("const ODD: i64 = 3;\n") && text.contains("    0..2\n"),
            "{text}"
        );
    }

    #[test]
    fn the_compiler_is_told_who_is_to_blame() {
        let mutants = all(&[("src/x.rs".into(), SOURCE.to_owned())]);
        let numbered: Vec<Numbered<'_>> = mutants.iter().enumerate().collect();
        let (woven, _) = weave(SOURCE, &numbered);
        let text = woven.text();
        let line = |what: &str| 1 + text.lines().position(|line| line.contains(what)).unwrap();
        assert_eq!(woven.blame(1), [] as [usize; 0]);
        assert_eq!(woven.blame(line("count >= ODD")).len(), 1);
        assert!(woven.blame(line("_ => {")).len() > 1);
        assert_eq!(woven.blame(line("check: ")).len(), 1);
    }
}
