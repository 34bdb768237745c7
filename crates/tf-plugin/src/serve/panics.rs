//! Panics of handlers, told to Terraform's log with their stack.

use std::backtrace::Backtrace;

/// Replaces the default message on stderr, which Terraform would log line by line.
pub(super) fn log_them() {
    std::panic::set_hook(Box::new(|info| {
        let stack = Backtrace::force_capture();
        tracing::error!(%stack, "the provider crashed: {info}");
    }));
}
