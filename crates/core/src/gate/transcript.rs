//! The run in words, for people: each command, what it said, how it ended.

use std::path::{Path, PathBuf};

use super::kept::Sweep;
use super::secrets::Redactor;
use files::{Appender, Digest};
use tf_run::{Diagnostic, Event, ResourceEvent, Severity};

/// The file `transcript.txt` of a run. A killed run leaves all of its lines.
#[derive(Debug)]
pub(super) struct Transcript {
    file: Appender,
    path: PathBuf,
}

impl Transcript {
    pub(super) fn create(directory: &Path) -> files::Result<Self> {
        let path = directory.join("transcript.txt");
        Ok(Self {
            file: Appender::open(&path)?,
            path,
        })
    }

    pub(super) fn line(&mut self, line: &str) -> files::Result<()> {
        self.file.line(line)
    }

    /// Takes out secrets that came up after lines were written.
    pub(super) fn sweep(&mut self, redactor: &Redactor) -> files::Result<()> {
        if let Some(sweep) = Sweep::of(&self.path, redactor) {
            sweep.execute()?;
            self.file = Appender::open(&self.path)?;
        }
        Ok(())
    }

    pub(super) fn digest(&self) -> files::Result<Digest> {
        Digest::of_file(&self.path)
    }
}

/// The line an event gets, if any: reads and progress are folded away.
pub(super) fn line_of(event: &Event) -> Option<String> {
    match event {
        Event::Diagnostic(diagnostic) => Some(diagnostic_lines(diagnostic)),
        Event::Drift(resource)
        | Event::Planned(resource)
        | Event::ApplyStart(resource)
        | Event::ApplyComplete(resource)
        | Event::ApplyErrored(resource) => Some(resource_line(resource)),
        Event::Summary(counts) => Some(format!(
            "{}: {} to add, {} to change, {} to destroy, {} to import",
            counts.operation, counts.add, counts.change, counts.remove, counts.import
        )),
        Event::Message(message) => Some(message.clone()),
        Event::Text(text) => Some(text.clone()),
        Event::RefreshStart(_) | Event::RefreshComplete(_) | Event::ApplyProgress(_) => None,
    }
}

fn resource_line(resource: &ResourceEvent) -> String {
    match &resource.reason {
        Some(reason) => format!("{} ({})", resource.message, reason.replace('_', " ")),
        None => resource.message.clone(),
    }
}

fn diagnostic_lines(diagnostic: &Diagnostic) -> String {
    let severity = match diagnostic.severity {
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let mut lines = vec![format!("{severity}: {}", diagnostic.summary)];
    if let Some(range) = &diagnostic.range {
        let start = range.start;
        lines.push(format!(
            "  at {}:{}:{}",
            range.filename, start.line, start.column
        ));
    }
    if let Some(address) = &diagnostic.address {
        lines.push(format!("  with {address}"));
    }
    lines.extend(diagnostic.detail.lines().map(|line| format!("  {line}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_says_what_where_and_why() {
        let line = r#"{"@message":"x","type":"diagnostic","diagnostic":{"severity":"error",
            "summary":"No.","detail":"Because.\nReally.","address":"a.b","range":{"filename":
            "main.tf","start":{"line":1,"column":2},"end":{"line":1,"column":3}}}}"#;
        let expected = "error: No.\n  at main.tf:1:2\n  with a.b\n  Because.\n  Really.";
        assert_eq!(line_of(&Event::parse(line)).as_deref(), Some(expected));
    }
}
