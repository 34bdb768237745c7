//! `cargo xtask prove inputs`: the corpus of bad inputs through `check` and through Terraform, generated inputs through
//! rules and schema, and the score of the last run of `cargo xtask mutate`.

use super::life::{self, Suite};
use crate::failure::Failure;
use crate::mutate;
use crate::prove::Extent;

const CLAIM: &str = "inputs";

const SUITES: &[Suite] = &[
    Suite::all("em-infra-core", "corpus", 2),
    Suite::all("contract", "layers", 1),
    Suite::terraform("corpus::"),
];

/// Runs every layer. Terraform gets a sample of the corpus, or all of it in the long run.
#[expect(clippy::print_stdout, reason = "a proof prints what it counted")]
pub(super) fn run(extent: Extent) -> Result<(), Failure> {
    for suite in SUITES {
        life::figures(CLAIM, suite, extent)?;
    }
    println!("{}", mutate::recorded()?);
    println!("inputs: every bad file refused with its codes at its places, 0 writes to the host");
    Ok(())
}
