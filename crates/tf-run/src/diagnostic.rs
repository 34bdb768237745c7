//! What Terraform complains about.

use serde::Deserialize;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// It goes on.
    Warning,
    /// It stops.
    Error,
}

/// One complaint, without the values that Terraform quotes with it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// One line.
    pub summary: String,
    /// Some more lines, may be empty.
    #[serde(default)]
    pub detail: String,
    /// The resource it is about.
    pub address: Option<String>,
    /// The place in the configuration.
    pub range: Option<Range>,
}

/// A place in the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Range {
    /// The file, relative to the root module.
    pub filename: String,
    /// Where it begins.
    pub start: Position,
    /// Where it ends.
    pub end: Position,
}

/// A line and a column, both from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column, in characters.
    pub column: u64,
}
