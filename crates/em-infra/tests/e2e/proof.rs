//! Tests that are a sample of a proof: how much of it runs, and the figures it prints.

/// Whether the whole proof was asked for, as `cargo xtask prove NAME --full` does.
#[expect(clippy::disallowed_methods, reason = "a test binary is its own edge")]
pub(crate) fn full() -> bool {
    std::env::var("EM_INFRA_PROVE").is_ok_and(|value| value == "full")
}

/// A line that `cargo xtask prove` shows.
#[expect(clippy::print_stdout, reason = "the figures of a proof")]
pub(crate) fn figures(line: &str) {
    println!("figures: {line}");
}
