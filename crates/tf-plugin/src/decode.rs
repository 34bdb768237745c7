//! The error of both value decoders, and the bounds they share.

use crate::path::{AttributePath, Step};

/// The deepest nesting of a value. Terraform's own values stay far below; what is deeper is an attack.
pub(crate) const DEEPEST: usize = 128;

/// An encoded value that does not fit its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}", self.place())]
pub struct DecodeError {
    path: AttributePath,
    problem: String,
}

impl DecodeError {
    pub(crate) fn new(problem: impl Into<String>) -> Self {
        Self {
            path: AttributePath::root(),
            problem: problem.into(),
        }
    }

    pub(crate) fn expected(wanted: &str, found: &str) -> Self {
        Self::new(format!("expected {wanted}, found {found}"))
    }

    /// Adds the step that led to the error, from the inside out.
    pub(crate) fn inside(mut self, step: Step) -> Self {
        self.path = self.path.behind(step);
        self
    }

    /// The place of the fault.
    pub fn path(&self) -> &AttributePath {
        &self.path
    }

    fn place(&self) -> String {
        if self.path.is_root() {
            String::new()
        } else {
            format!("`{}`: ", self.path)
        }
    }
}
