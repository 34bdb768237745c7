//! Files that must not be there yet.

use std::fs::{File, OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::dir::{parent, sync_parent};
use crate::error::failed_to;
use crate::{Mode, Result, kill_point};

/// Opens a new, empty file for writing; fails where the path is taken, a dangling link included.
pub fn new_file(path: &Path, mode: Mode) -> Result<File> {
    kill_point::reach();
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode.bits())
        .open(path)
        .map_err(failed_to("create", path))
}

/// Puts a new file at `path` as a whole; fails where the path is taken, and never shows an empty or
/// half-written file.
pub fn create_complete(path: &Path, bytes: &[u8], mode: Mode) -> Result<()> {
    kill_point::reach();
    let mut temporary = tempfile::Builder::new()
        .prefix(".em-infra-")
        .permissions(Permissions::from_mode(mode.bits()))
        .tempfile_in(parent(path))
        .map_err(failed_to("create a temporary file beside", path))?;
    kill_point::reach();
    temporary
        .write_all(bytes)
        .and_then(|()| temporary.as_file().sync_all())
        .map_err(failed_to("write", path))?;
    kill_point::reach();
    temporary
        .persist_noclobber(path)
        .map_err(|error| failed_to("create", path)(error.error))?;
    kill_point::reach();
    sync_parent(path)
}

/// Writes a new file and makes it durable; fails where the path is taken.
///
/// A crash in between can leave an incomplete file; where that matters use [`create_complete`].
pub fn create_new(path: &Path, bytes: &[u8], mode: Mode) -> Result<()> {
    let mut file = new_file(path, mode)?;
    kill_point::reach();
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed_to("write", path))?;
    sync_parent(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

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
    fn a_complete_file_does_not_replace_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        create_complete(&path, b"first", Mode::Private).unwrap();
        let error = create_complete(&path, b"second", Mode::Private).unwrap_err();
        assert!(error.is_already_there());
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
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
