//! What a provider has to say about a request: errors and warnings, each at its place.

use crate::path::AttributePath;
use crate::wire;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The request failed.
    Error,
    /// The user should know.
    Warning,
}

/// One message to the user.
///
/// Terraform wraps `detail` at the width of the terminal; lines that start with a space are left alone, so
/// commands belong on lines of their own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// What happened, in a few words.
    pub summary: String,
    /// Why, and what to do next.
    pub detail: String,
    /// The attribute it is about.
    pub path: Option<AttributePath>,
}

impl Diagnostic {
    /// Starts an error.
    pub fn error(summary: impl Into<String>) -> Self {
        Self::new(Severity::Error, summary.into())
    }

    /// Starts a warning.
    pub fn warning(summary: impl Into<String>) -> Self {
        Self::new(Severity::Warning, summary.into())
    }

    fn new(severity: Severity, summary: String) -> Self {
        Self {
            severity,
            summary,
            detail: String::new(),
            path: None,
        }
    }

    /// Says why, and what to do next.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// Says why with an error and everything that led to it, outermost first.
    pub fn caused_by(self, error: &dyn std::error::Error) -> Self {
        let chain = std::iter::successors(Some(error), |error| error.source());
        let reasons: Vec<_> = chain.map(ToString::to_string).collect();
        self.detail(format!("{}.", reasons.join(": ")))
    }

    /// Points at an attribute.
    pub fn at(mut self, path: AttributePath) -> Self {
        self.path = Some(path);
        self
    }

    fn to_wire(&self) -> wire::Diagnostic {
        let severity = match self.severity {
            Severity::Error => wire::Severity::Error,
            Severity::Warning => wire::Severity::Warning,
        };
        let path = self.path.as_ref().filter(|path| !path.is_root());
        wire::Diagnostic {
            severity: severity.into(),
            summary: self.summary.clone(),
            detail: self.detail.clone(),
            attribute: path.map(AttributePath::to_wire),
        }
    }
}

#[cfg(feature = "client")]
impl Diagnostic {
    pub(crate) fn from_wire(diagnostic: wire::Diagnostic) -> Self {
        let severity = if diagnostic.severity == i32::from(wire::Severity::Warning) {
            Severity::Warning
        } else {
            Severity::Error
        };
        Self {
            severity,
            summary: diagnostic.summary,
            detail: diagnostic.detail,
            path: diagnostic.attribute.map(AttributePath::from_wire),
        }
    }
}

/// The messages of one request, in order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[must_use]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// No messages.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds the message of a failed reading and returns the value of a good one.
    ///
    /// With it a handler collects every fault of a configuration instead of the first.
    pub fn take<T>(&mut self, result: Result<T, Diagnostic>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(diagnostic) => {
                self.push(diagnostic);
                None
            }
        }
    }

    /// Says whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0
            .iter()
            .any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Says whether there is no message at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The messages in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Returns the messages as a failure if one of them is an error.
    pub fn into_result(self) -> Result<Self, Self> {
        if self.has_errors() {
            Err(self)
        } else {
            Ok(self)
        }
    }

    pub(crate) fn to_wire(&self) -> Vec<wire::Diagnostic> {
        self.0.iter().map(Diagnostic::to_wire).collect()
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl From<Vec<Diagnostic>> for Diagnostics {
    fn from(diagnostics: Vec<Diagnostic>) -> Self {
        Self(diagnostics)
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Self {
        Self(diagnostics.into_iter().collect())
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, diagnostics: I) {
        self.0.extend(diagnostics);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{Diagnostic, Diagnostics};
    use crate::ty::Type;

    #[test]
    fn a_failure_is_told_with_everything_that_led_to_it() {
        let error = Type::from_json(b"[").expect_err("no type");
        let detail = Diagnostic::error("Unable to read it")
            .caused_by(&error)
            .detail;
        assert_eq!(
            detail,
            "the type is not JSON: EOF while parsing a list at line 1 column 1."
        );
    }

    #[test]
    fn warnings_alone_are_no_failure() {
        let mut diagnostics = Diagnostics::from(Diagnostic::warning("a"));
        assert_eq!(diagnostics.clone().into_result(), Ok(diagnostics.clone()));
        assert_eq!(diagnostics.take::<()>(Err(Diagnostic::error("b"))), None);
        assert_eq!(diagnostics.take(Ok(1)), Some(1));
        assert_eq!(diagnostics.clone().into_result(), Err(diagnostics));
    }
}
