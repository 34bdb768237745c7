//! The one error of this crate: a text that is not what it should be.

use std::borrow::Cow;

/// A text that cannot be read as the named thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}: {expected}")]
pub struct Malformed {
    what: &'static str,
    text: String,
    expected: Cow<'static, str>,
}

impl Malformed {
    /// Names what was expected (with its article, as in `a VMID`) and the rule that `text` broke.
    pub fn new(what: &'static str, text: &str, expected: impl Into<Cow<'static, str>>) -> Self {
        Self {
            what,
            text: text.to_owned(),
            expected: expected.into(),
        }
    }

    /// Returns what was expected, with its article.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// Returns the offending text.
    pub fn text(&self) -> &str {
        &self.text
    }
}
