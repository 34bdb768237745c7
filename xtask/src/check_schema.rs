//! The simulator's parameter tables against a schema that Proxmox publishes.
//!
//! No such schema is part of the repository; it is given by path.

use std::fs;
use std::path::Path;

use pve_sim::{Comparison, PveVersion, compare_with_schema};

use crate::failure::Failure;

/// Reads a release that the simulator has tables of.
pub(crate) fn release(text: &str) -> Result<PveVersion, String> {
    [PveVersion::V8_4, PveVersion::V9_2]
        .into_iter()
        .find(|version| version.release() == text)
        .ok_or_else(|| "it is 8.4 or 9.2".to_owned())
}

/// Prints each difference, and fails where there is one.
#[expect(clippy::print_stdout, reason = "a comparison prints what it found")]
pub(crate) fn run(version: PveVersion, path: &Path) -> Result<(), Failure> {
    let comparison = compare(version, path)?;
    for difference in &comparison.differences {
        println!("{difference}");
    }
    println!(
        "{} methods and {} parameters compared, {} differences",
        comparison.methods,
        comparison.parameters,
        comparison.differences.len()
    );
    if comparison.differences.is_empty() {
        Ok(())
    } else {
        Err(Failure::Differs {
            path: path.to_owned(),
            count: comparison.differences.len(),
        })
    }
}

fn compare(version: PveVersion, path: &Path) -> Result<Comparison, Failure> {
    let text = fs::read_to_string(path).map_err(|source| Failure::Read {
        path: path.to_owned(),
        source,
    })?;
    compare_with_schema(&text, version).map_err(|source| Failure::Published {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_modelled_releases_have_tables() {
        let read = ["8.4", "9.2", "9", "7.4"].map(|text| release(text).ok());
        assert_eq!(
            read,
            [Some(PveVersion::V8_4), Some(PveVersion::V9_2), None, None]
        );
    }
}
