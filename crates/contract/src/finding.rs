//! What is wrong with an input, as plain data: rendering belongs to whoever prints.

use std::fmt;

use crate::code::Code;
use crate::path::Path;

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The inputs cannot be used.
    Error,
    /// The inputs can be used; somebody should look.
    Warning,
    /// Said so that silence is not mistaken for a pass.
    Note,
}

impl Severity {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// One thing found in the inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that speaks.
    pub code: Code,
    /// How much it weighs.
    pub severity: Severity,
    /// The place it is about.
    pub path: Path,
    /// What is wrong, in the operator's words.
    pub message: String,
    /// What to type instead.
    pub help: String,
    /// Other places that take part, each with its role.
    pub related: Vec<(Path, String)>,
    /// Whether the value at `path` may be shown.
    pub subject: Subject,
}

impl Finding {
    pub(crate) fn new(code: Code, path: Path, message: String, help: impl Into<String>) -> Self {
        let severity = code.rule().severity;
        Self {
            code,
            severity,
            path,
            message,
            help: help.into(),
            related: Vec::new(),
            subject: Subject::Quoted,
        }
    }

    /// Says that the value at the path may hold a secret, so that nobody shows it.
    pub(crate) fn hidden(mut self) -> Self {
        self.subject = Subject::Hidden;
        self
    }

    pub(crate) fn with_related(mut self, path: Path, role: impl Into<String>) -> Self {
        self.related.push((path, role.into()));
        self
    }

    /// Whether the inputs cannot be used because of it.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// One line without colour or source text: `path: message; help (code)`.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}: {}; {} ({})",
            self.path, self.message, self.help, self.code
        )
    }
}

/// All errors among `findings`, and the notes on what they kept from being evaluated, as the text of one failure.
///
/// Lines inside are indented, because Terraform wraps those that are not.
pub fn report(findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.is_error()).count();
    let noun = if errors == 1 { "error" } else { "errors" };
    let said = findings
        .iter()
        .filter(|finding| finding.severity != Severity::Warning);
    let blocks: String = said.map(block).collect();
    format!("{errors} {noun} in the inputs.\n{blocks}")
}

fn block(finding: &Finding) -> String {
    let Finding {
        code,
        path,
        message,
        help,
        ..
    } = finding;
    let severity = finding.severity.as_str();
    format!("\n  {severity}[{code}]: {path}\n    {message}\n    help: {help}\n")
}

/// What one format check has against one text, before it knows where the text stands.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: Code,
    /// Continues a sentence whose subject is the value.
    pub(crate) what: String,
    pub(crate) help: String,
    pub(crate) subject: Subject,
}

/// Whether the value that a finding is about may be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The value is quoted.
    Quoted,
    /// The value may hold a secret and is not shown.
    Hidden,
}

impl Fault {
    pub(crate) fn new(code: Code, what: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            code,
            what: what.into(),
            help: help.into(),
            subject: Subject::Quoted,
        }
    }

    pub(crate) fn hidden(mut self) -> Self {
        self.subject = Subject::Hidden;
        self
    }

    /// A text of several lines is somebody's paste: it is not quoted, since anything can stand in it.
    pub(crate) fn at(mut self, path: Path, text: &str) -> Finding {
        if text.contains('\n') {
            self.subject = Subject::Hidden;
        }
        let message = match self.subject {
            Subject::Quoted => format!("`{}` {}", text.escape_debug(), self.what),
            Subject::Hidden => format!("the value {}", self.what),
        };
        let finding = Finding::new(self.code, path, message, self.help);
        match self.subject {
            Subject::Quoted => finding,
            Subject::Hidden => finding.hidden(),
        }
    }
}
