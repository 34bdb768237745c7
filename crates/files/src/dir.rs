//! Directories: private ones, and a tree that appears at its place as a whole.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::error::failed_to;
use crate::{Result, kill_point};

/// Makes one directory with mode 0700; fails where the path is taken.
pub fn create_private_dir(path: &Path) -> Result<()> {
    kill_point::reach();
    private()
        .create(path)
        .map_err(failed_to("create the directory", path))?;
    sync_parent(path)
}

/// Makes `path` and its missing parents with mode 0700 each. What exists keeps its mode.
pub fn create_private_dirs(path: &Path) -> Result<()> {
    kill_point::reach();
    private()
        .recursive(true)
        .create(path)
        .map_err(failed_to("create the directory", path))
}

/// The path from the root of the file system, for programs that run in another directory. Links stay.
pub fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(failed_to("find the place of", path))
}

fn private() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

/// Whether [`publish_dir`] put the tree there or somebody else had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The tree is at its place now.
    Now,
    /// A tree was there already and was left alone; the new one is where it was made.
    Already,
}

/// Moves a finished directory to `place`, on the same file system: `place` is never seen half
/// filled, also after a crash.
pub fn publish_dir(finished: &Path, place: &Path) -> Result<Published> {
    sync_tree(finished).map_err(failed_to("write to disk", finished))?;
    kill_point::reach();
    match rename(finished, place) {
        Ok(()) => {
            kill_point::reach();
            sync_parent(place).map(|()| Published::Now)
        }
        Err(error) if is_taken(&error) => Ok(Published::Already),
        Err(error) => Err(failed_to("create the directory", place)(error)),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a new directory, no state file and no lock in it"
)]
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)
}

fn is_taken(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists
    )
}

fn sync_tree(path: &Path) -> io::Result<()> {
    if path.is_symlink() {
        return Ok(());
    }
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            sync_tree(&entry?.path())?;
        }
    }
    File::open(path)?.sync_all()
}

/// The directory that holds `path`; of a bare name the current one.
pub(crate) fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes the name of `path` in its directory durable.
pub(crate) fn sync_parent(path: &Path) -> Result<()> {
    let parent = parent(path);
    File::open(parent)
        .and_then(|directory| directory.sync_all())
        .map_err(failed_to("write to disk", parent))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::{Mode, create_new};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn every_directory_made_on_the_way_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let deep = dir.path().join("a/b");
        create_private_dirs(&deep).unwrap();
        assert_eq!([mode(&deep), mode(&dir.path().join("a"))], [0o700, 0o700]);
        create_private_dirs(&deep).unwrap();
        assert!(create_private_dir(&deep).unwrap_err().is_already_there());
    }

    #[test]
    fn a_path_means_the_same_in_another_directory() {
        let here = std::env::current_dir().unwrap();
        assert_eq!(absolute(Path::new("a/b")).unwrap(), here.join("a/b"));
        assert_eq!(absolute(Path::new("/a/b")).unwrap(), Path::new("/a/b"));
        let error = absolute(Path::new("")).unwrap_err();
        assert_eq!(error.to_string(), "failed to find the place of ``");
    }

    #[test]
    fn the_second_publisher_leaves_the_first_tree_alone() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("place");
        let publish = |name: &str| {
            let tree = dir.path().join(name);
            create_private_dir(&tree).unwrap();
            create_new(&tree.join("who"), name.as_bytes(), Mode::Private).unwrap();
            publish_dir(&tree, &place).unwrap()
        };
        assert_eq!(
            [publish("one"), publish("two")],
            [Published::Now, Published::Already]
        );
        assert_eq!(fs::read_to_string(place.join("who")).unwrap(), "one");
        assert_eq!(
            fs::read_to_string(dir.path().join("two/who")).unwrap(),
            "two"
        );
    }

    #[test]
    fn a_bare_name_lies_in_the_current_directory() {
        assert_eq!(parent(Path::new("name")), Path::new("."));
        assert_eq!(parent(Path::new("/a/name")), Path::new("/a"));
    }
}
