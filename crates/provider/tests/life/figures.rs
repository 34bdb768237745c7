//! How much runs, and the figures that `cargo xtask prove` shows.

/// Whether everything runs, as `cargo xtask prove … --full` asks for.
#[expect(clippy::disallowed_methods, reason = "a test binary is its own edge")]
pub(crate) fn full() -> bool {
    std::env::var("EM_INFRA_PROVE").is_ok_and(|value| value == "full")
}

/// A line that `cargo xtask prove` shows.
#[expect(clippy::print_stdout, reason = "the figures of a proof")]
pub(crate) fn report(line: &str) {
    println!("figures: {line}");
}
