//! Taking away: files, trees, and permissions of others.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use crate::dir::sync_parent;
use crate::error::failed_to;
use crate::{Result, kill_point};

/// Removes a file for good; one that is not there is fine.
pub fn remove_file(path: &Path) -> Result<()> {
    kill_point::reach();
    match fs::remove_file(path) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(failed_to("remove", path)(error)),
    }
}

/// Removes a directory and all in it; one that is not there is fine. A crash leaves some of it.
pub fn remove_tree(path: &Path) -> Result<()> {
    if path.is_symlink() || !path.is_dir() {
        return remove_file(path);
    }
    let entries = fs::read_dir(path).map_err(failed_to("read", path))?;
    for entry in entries {
        remove_tree(&entry.map_err(failed_to("read", path))?.path())?;
    }
    kill_point::reach();
    fs::remove_dir(path).map_err(failed_to("remove", path))?;
    sync_parent(path)
}

/// Takes the permissions of group and others from `path`, where they have any.
pub fn tighten(path: &Path) -> Result<()> {
    let mode = fs::metadata(path)
        .map_err(failed_to("look at", path))?
        .permissions()
        .mode();
    let others = mode & 0o077;
    if others == 0 {
        return Ok(());
    }
    kill_point::reach();
    fs::set_permissions(path, Permissions::from_mode(mode & 0o7700))
        .map_err(failed_to("change the mode of", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Mode, create_new, create_private_dirs};

    #[test]
    fn what_is_gone_already_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let tree = dir.path().join("tree");
        create_private_dirs(&tree.join("deep")).unwrap();
        create_new(&tree.join("deep/file"), b"", Mode::Private).unwrap();
        for _ in 0..2 {
            remove_tree(&tree).unwrap();
            remove_file(&dir.path().join("file")).unwrap();
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_link_in_a_tree_is_removed_and_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let (tree, kept) = (dir.path().join("tree"), dir.path().join("kept"));
        create_private_dirs(&tree).unwrap();
        create_private_dirs(&kept).unwrap();
        std::os::unix::fs::symlink(&kept, tree.join("link")).unwrap();
        remove_tree(&tree).unwrap();
        assert!(kept.is_dir() && !tree.exists());
    }

    #[test]
    fn only_group_and_others_lose_their_permissions() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        create_new(&path, b"", Mode::Public).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        tighten(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }
}
