//! Reading Terraform's versioned JSON documents.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::plan::FormatVersion;

/// A document that Terraform printed and em-infra cannot read.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// It is not the JSON that was expected.
    #[error("failed to read the {document} that Terraform printed")]
    Unreadable {
        /// Which document.
        document: &'static str,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// It has another major format version.
    #[error("the {document} has format version {found}, and this em-infra reads 1.x")]
    TooNew {
        /// Which document.
        document: &'static str,
        /// The version found.
        found: FormatVersion,
    },
}

#[derive(Deserialize)]
struct Header {
    format_version: FormatVersion,
}

/// Looks at the format version first, so that a format this em-infra does not know is called that
/// and not a syntax error.
pub(crate) fn parse<T: DeserializeOwned>(
    document: &'static str,
    text: &str,
) -> Result<T, FormatError> {
    let unreadable = |source| FormatError::Unreadable { document, source };
    let header: Header = serde_json::from_str(text).map_err(unreadable)?;
    if header.format_version.major != 1 {
        return Err(FormatError::TooNew {
            document,
            found: header.format_version,
        });
    }
    serde_json::from_str(text).map_err(unreadable)
}
