//! What a variable file of the earlier contract needs, as a diff on its own text. Nothing is written.

use std::path::Path;

use contract::{Finding, InputValues, Replacement, Value, generate::hcl, inputs as table};

use super::text;
use crate::inputs::{self, CommandLineInput, InputError, Sources};

/// Adding one input can make another one necessary; more rounds than this it never takes.
const ROUNDS: usize = 10;

/// Lines of the text around a change.
const CONTEXT: usize = 3;

/// One line of a diff.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Line {
    Kept(String),
    Removed(String),
    Added(String),
}

/// What a file needs.
#[derive(Debug)]
pub struct Upgrade {
    lines: Vec<Line>,
    /// Errors that are about values that stand there, which `em-infra check` shows.
    pub left: usize,
}

impl Upgrade {
    /// How many lines are removed and added.
    pub fn changes(&self) -> usize {
        let kept = |line: &&Line| matches!(line, Line::Kept(_));
        self.lines.len() - self.lines.iter().filter(kept).count()
    }

    /// A unified diff; secrets are masked in it.
    pub fn diff(&self, name: &str) -> String {
        let mut out = format!("--- {name}\n+++ {name}\n");
        let mut shown = 0;
        for (index, line) in self.lines.iter().enumerate() {
            if !self.is_near_a_change(index) {
                continue;
            }
            if index == 0 || shown < index {
                out.push_str(&self.hunk_header(index));
            }
            shown = index + 1;
            let (mark, text) = match line {
                Line::Kept(text) => (' ', text),
                Line::Removed(text) => ('-', text),
                Line::Added(text) => ('+', text),
            };
            out.push(mark);
            out.push_str(text);
            out.push('\n');
        }
        out
    }

    fn is_near_a_change(&self, index: usize) -> bool {
        let first = index.saturating_sub(CONTEXT);
        let last = (index + CONTEXT + 1).min(self.lines.len());
        self.lines[first..last]
            .iter()
            .any(|line| !matches!(line, Line::Kept(_)))
    }

    fn hunk_header(&self, start: usize) -> String {
        let length = (start..self.lines.len())
            .take_while(|index| self.is_near_a_change(*index))
            .count();
        let (before, hunk) = (&self.lines[..start], &self.lines[start..start + length]);
        let old = |lines: &[Line]| {
            lines
                .iter()
                .filter(|line| !matches!(line, Line::Added(_)))
                .count()
        };
        let new = |lines: &[Line]| {
            lines
                .iter()
                .filter(|line| !matches!(line, Line::Removed(_)))
                .count()
        };
        format!(
            "@@ -{},{} +{},{} @@\n",
            old(before) + 1,
            old(hunk),
            new(before) + 1,
            new(hunk)
        )
    }
}

/// Looks at one variable file by itself.
pub fn upgrade(file: &Path) -> Result<Upgrade, InputError> {
    let folder = file.parent().unwrap_or_else(|| Path::new(""));
    let option =
        CommandLineInput::VarFile(file.file_name().map_or_else(|| file.to_owned(), Into::into));
    let sources =
        inputs::with_command_line(Sources::default(), folder, &[option], &super::declared)?;
    let texts = text::of(&sources, &[]);
    let shown = texts.first().map_or("", |text| text.text.as_str());
    let mut lines: Vec<Line> = shown
        .lines()
        .map(|line| Line::Kept(line.to_owned()))
        .collect();
    let mut values = super::values(&sources);
    replace_lines(&sources, shown, &mut values, &mut lines);
    let left = add_lines(&mut values, &mut lines);
    Ok(Upgrade { lines, left })
}

/// From the last to the first, so that the places of those before stay as they are.
fn replace_lines(sources: &Sources, text: &str, values: &mut InputValues, lines: &mut Vec<Line>) {
    for given in sources
        .effective_all()
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
    {
        let name = &given.assignment.name;
        let Some(value) = values.get(&name.name).cloned() else {
            continue;
        };
        let Some(replacement) = contract::replacement(&name.name, &value) else {
            continue;
        };
        let line_of = |at: usize| text[..at].matches('\n').count();
        let (first, last) = (
            line_of(name.span.start),
            line_of(given.assignment.value.span.end),
        );
        values.remove(&name.name);
        let new = match replacement {
            Replacement::Nothing => None,
            Replacement::Line(name, value) => Some((name, value)),
        };
        for line in &mut lines[first..=last] {
            if let Line::Kept(text) = line {
                *line = Line::Removed(std::mem::take(text));
            }
        }
        if let Some((name, value)) = new {
            lines.insert(last + 1, Line::Added(assignment(name, &value)));
            values.insert(name.to_owned(), value);
        }
    }
}

fn assignment(name: &str, value: &Value) -> String {
    format!("{name} = {}", hcl(value))
}

/// Adds every input that is missing, with its example; returns how many errors are left after that.
fn add_lines(values: &mut InputValues, lines: &mut Vec<Line>) -> usize {
    for _ in 0..ROUNDS {
        let missing: Vec<(&str, Value)> = contract::check(values)
            .iter()
            .filter(|finding| is_missing(finding, values))
            .filter_map(|finding| table::find(&finding.path.input))
            .map(|input| (input.name, input.example_value()))
            .collect();
        if missing.is_empty() {
            break;
        }
        for (name, value) in missing {
            let line = format!("{} # yours", assignment(name, &value));
            lines.push(Line::Added(line));
            values.insert(name.to_owned(), value);
        }
    }
    contract::check(values)
        .iter()
        .filter(|finding| finding.is_error())
        .count()
}

/// An error about an input that is not there.
fn is_missing(finding: &Finding, values: &InputValues) -> bool {
    finding.is_error() && finding.path.steps.is_empty() && !values.contains_key(&finding.path.input)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Upgrade {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("terraform.tfvars");
        files::create_new(&path, text.as_bytes(), files::Mode::Private).unwrap();
        upgrade(&path).unwrap()
    }

    #[test]
    fn lines_of_the_earlier_contract_are_replaced_where_they_stand() {
        let upgrade = of(
            "node = \"pve\"\ndhcp = true\nstatic_ip_map = {\n  k3s-dev-control-1 = \"ip=192.168.1.50/24\"\n}\n\
            gateway = \"192.168.1.1\"\nproxmox_api_token_secret = \"hunter2\"\nwait_for_ip_timeout = 300\n\
            disk_pool = \"local-lvm\"\ncontrol_plane_template = \"t\"\ntalos_version = \"v1.13.9\"\n",
        );
        insta::assert_snapshot!(upgrade.diff("terraform.tfvars"));
        assert_eq!(upgrade.left, 0);
    }

    #[test]
    fn a_file_that_holds_needs_nothing() {
        let upgrade = of(
            "node = \"pve\"\ndisk_pool = \"local-lvm\"\ncontrol_plane_template = \"t\"\n\
            talos_version = \"v1.13.9\"\ncluster_network_cidr = \"192.168.1.0/24\"\nnetwork_gateway = \"192.168.1.1\"\n",
        );
        assert_eq!((upgrade.changes(), upgrade.left), (0, 0));
    }

    #[test]
    fn what_is_wrong_with_a_value_is_left_to_check() {
        let upgrade = of(
            "node = \"pve.lan\"\ndisk_pool = \"local-lvm\"\ncontrol_plane_template = \"t\"\n\
            talos_version = \"v1.13.9\"\ncluster_network_cidr = \"192.168.1.0/24\"\nnetwork_gateway = \"192.168.1.1\"\n",
        );
        assert_eq!((upgrade.changes(), upgrade.left), (0, 1));
    }
}
