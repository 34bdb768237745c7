//! Folders of earlier runs.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::failure::Failure;

/// Removes a folder with everything in it; one that is not there is removed already.
pub(crate) fn removed(path: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != ErrorKind::NotFound => Err(Failure::Folder {
            path: path.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}
