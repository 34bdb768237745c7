//! The result of `check` as JSON, for scripts and editors.

use contract::Severity;
use em_infra_core::check::{Live, Located, Place, Report};
use serde::Serialize;

/// Everything that was found. Fields are only ever added.
#[derive(Serialize)]
pub(super) struct Document<'a> {
    errors: usize,
    warnings: usize,
    notes: usize,
    findings: Vec<Finding<'a>>,
    nodes: Option<&'a [contract::Node]>,
    /// What the host says; nothing unless it was asked.
    live: Option<&'a Live>,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    help: &'a str,
    place: Option<Position<'a>>,
    related: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct Related<'a> {
    role: &'a str,
    place: Position<'a>,
}

/// Lines and columns begin at 1; a column counts characters, the end is past the last one.
#[derive(Serialize)]
pub(super) struct Position<'a> {
    file: &'a str,
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
}

pub(super) fn of<'a>(report: &'a Report, live: Option<&'a Live>) -> Document<'a> {
    Document {
        errors: report.count(Severity::Error),
        warnings: report.count(Severity::Warning),
        notes: report.count(Severity::Note),
        findings: report
            .findings
            .iter()
            .map(|found| finding(report, found))
            .collect(),
        nodes: report
            .topology
            .as_ref()
            .map(|topology| topology.nodes.as_slice()),
        live,
    }
}

fn finding<'a>(report: &'a Report, found: &'a Located) -> Finding<'a> {
    Finding {
        code: found.code.as_str(),
        severity: match found.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        },
        message: &found.message,
        help: &found.help,
        place: found.place.as_ref().map(|place| position(report, place)),
        related: found
            .related
            .iter()
            .map(|(place, role)| Related {
                role,
                place: position(report, place),
            })
            .collect(),
    }
}

pub(super) fn position<'a>(report: &'a Report, place: &Place) -> Position<'a> {
    let text = &report.texts[place.text];
    let (line, column) = text.position(place.span.0);
    let (end_line, end_column) = text.position(place.span.1);
    Position {
        file: &text.name,
        line,
        column,
        end_line,
        end_column,
    }
}
