//! Does the gate catch what is wrong, and only that? Defects are planted and counted; clean environments are
//! run and must pass.
//!
//! `cargo test` runs what is cheap and a sample of the rest. With `EM_INFRA_PROVE=full` every case runs, as
//! `cargo xtask prove gate --full` does.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

mod clean;
mod evidence;
mod killed;
mod live;
mod project;
mod recorded;

use testkit::proof::{figures, is_full};

/// Those of `cases` that this run is about: all, or the first few.
fn sample<T>(cases: &[T], quick: usize) -> &[T] {
    if is_full() {
        cases
    } else {
        &cases[..quick.min(cases.len())]
    }
}

/// Counts and says what escaped; nothing may.
#[track_caller]
fn all_caught(what: &str, planted: usize, escaped: &[String]) {
    figures(format!(
        "defects {what}: {planted} planted, {} caught",
        planted - escaped.len()
    ));
    assert!(escaped.is_empty(), "escaped: {escaped:#?}");
}
