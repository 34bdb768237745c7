//! Writes the files that are made from the tables of `contract`, or says which of them are stale.

use std::fs;
use std::path::Path;

use files::{Mode, create_atomic};

use crate::failure::Failure;
use crate::tidy::root;

/// Whether generated files are written or only compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Generation {
    /// Writes each file whose text differs.
    Write,
    /// Fails where a file's text differs.
    Check,
}

/// Brings every generated file up to date, or compares each.
pub(crate) fn run(generation: Generation) -> Result<(), Failure> {
    let root = root();
    let files = contract::generate::files();
    let stale: Vec<_> = files
        .iter()
        .filter(|(path, text)| differs(&root.join(path), text))
        .collect();
    match generation {
        Generation::Write => stale
            .into_iter()
            .try_for_each(|(path, text)| write(&root, path, text)),
        Generation::Check if stale.is_empty() => Ok(()),
        Generation::Check => Err(Failure::Stale(
            stale.iter().map(|(path, _)| (*path).to_owned()).collect(),
        )),
    }
}

fn differs(path: &Path, text: &str) -> bool {
    fs::read_to_string(path).ok().as_deref() != Some(text)
}

fn write(root: &Path, path: &str, text: &str) -> Result<(), Failure> {
    let path = root.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(|source| Failure::Folder {
            path: folder.to_owned(),
            source,
        })?;
    }
    create_atomic(&path, text.as_bytes(), Mode::Public).map_err(Failure::Write)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generated_files_are_up_to_date() {
        if let Err(failure) = run(Generation::Check) {
            panic!("{failure}");
        }
    }
}
