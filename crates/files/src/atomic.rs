//! Files that are there whole or not at all.

use std::fs::Permissions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::dir::{parent, sync_parent};
use crate::error::failed_to;
use crate::{Mode, Result, kill_point};

/// Puts `bytes` at `path`, replacing what is there: readers and a crash see the old content or the
/// new one, nothing between.
///
/// The path gets a new inode. Never for a Terraform state file, whose lock is on its inode.
pub fn create_atomic(path: &Path, bytes: &[u8], mode: Mode) -> Result<()> {
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
        .persist(path)
        .map_err(|error| failed_to("replace", path)(error.error))?;
    kill_point::reach();
    sync_parent(path)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn replaces_content_and_mode_and_leaves_nothing_beside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        create_atomic(&path, b"old", Mode::Private).unwrap();
        create_atomic(&path, b"new", Mode::PrivateProgram).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
            0o700
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_path_that_cannot_be_replaced_leaves_nothing_beside() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("directory");
        fs::create_dir(&path).unwrap();
        let error = create_atomic(&path, b"new", Mode::Private).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("failed to replace `{}`", path.display())
        );
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
