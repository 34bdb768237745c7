//! Errors of the client as messages to the user.

use host::{explained, unusable};
use pve_client::Error;
use tf_plugin::Diagnostic;

/// Reports that the host cannot be used at all.
pub(crate) fn host(provenance: &str, error: &Error) -> Diagnostic {
    let detail = format!("{}\n\nCalled was {provenance}.", explained(error));
    Diagnostic::error(unusable(error)).detail(detail)
}

/// Reports a call that failed.
pub(crate) fn call(summary: &str, error: &Error) -> Diagnostic {
    Diagnostic::error(summary).detail(explained(error))
}
