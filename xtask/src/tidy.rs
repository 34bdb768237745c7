//! The architecture invariants as tests: what a crate may depend on, and what it may not contain.
//!
//! An invariant about absence is invisible in the code it protects, so each rule here carries its reason.

mod arrows;
mod words;
mod workspace;

pub(crate) use workspace::root;

use crate::failure::Failure;
use crate::tidy::workspace::Workspace;

/// Runs every rule and reports all violations at once.
pub(crate) fn run() -> Result<(), Failure> {
    let workspace = Workspace::read()?;
    let mut found = arrows::violations(&workspace);
    found.extend(words::violations(&workspace));
    if found.is_empty() {
        Ok(())
    } else {
        Err(Failure::Tidy(found))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_workspace_keeps_its_invariants() {
        if let Err(failure) = super::run() {
            panic!("{failure}");
        }
    }
}
