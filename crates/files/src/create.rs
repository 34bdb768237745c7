//! Files that must not be there yet.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use crate::dir::sync_parent;
use crate::error::failed_to;
use crate::{Mode, Result};

/// Opens a new, empty file for writing; fails where the path is taken, a dangling link included.
pub fn new_file(path: &Path, mode: Mode) -> Result<File> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode.bits())
        .open(path)
        .map_err(failed_to("create", path))
}

/// Writes a new file and makes it durable; fails where the path is taken.
///
/// A crash in between can leave an incomplete file; where that matters use
/// [`create_atomic`](crate::create_atomic).
pub fn create_new(path: &Path, bytes: &[u8], mode: Mode) -> Result<()> {
    let mut file = new_file(path, mode)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed_to("write", path))?;
    sync_parent(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_taken_path_is_refused_and_keeps_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        create_new(&path, b"first", Mode::Private).unwrap();
        let error = create_new(&path, b"second", Mode::Private).unwrap_err();
        assert!(error.is_already_there());
        assert_eq!(
            error.to_string(),
            format!("failed to create `{}`", path.display())
        );
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn the_mode_is_the_one_asked_for() {
        let dir = tempfile::tempdir().unwrap();
        for mode in [Mode::Private, Mode::PrivateProgram] {
            let path = dir.path().join(format!("{mode:?}"));
            create_new(&path, b"", mode).unwrap();
            assert_eq!(
                fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
                mode.bits()
            );
        }
    }

    #[test]
    fn a_dangling_link_is_not_written_through() {
        let dir = tempfile::tempdir().unwrap();
        let (link, target) = (dir.path().join("link"), dir.path().join("target"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(
            create_new(&link, b"x", Mode::Private)
                .unwrap_err()
                .is_already_there()
        );
        assert!(!target.exists());
    }
}
