//! A file that others lock with `fcntl`, locked and rewritten where it is.
//!
//! The lock is an open-file-description lock over the whole file: it conflicts with the process-owned
//! locks that Terraform takes on its state, and is not lost when this process opens and closes
//! the same path somewhere else. It ends with the value, or with the process.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, FcntlArg, fallocate, fcntl};
use nix::libc::{F_UNLCK, F_WRLCK, SEEK_SET, c_int, c_short, flock};

use crate::error::failed_to;
use crate::{Result, kill_point};

/// What came of an attempt to lock a file.
#[derive(Debug)]
pub enum Attempt {
    /// It is locked.
    Locked(LockedFile),
    /// Somebody else has it: the number of the process, where the system knows it.
    Held(Option<u32>),
    /// There is no such file. None was made: an empty file can mean something.
    Missing,
}

/// A locked file. Dropping it ends the lock.
#[derive(Debug)]
pub struct LockedFile {
    file: File,
    path: PathBuf,
}

impl LockedFile {
    /// Locks the file at `path` for writing, without waiting.
    pub fn attempt(path: &Path) -> Result<Attempt> {
        let opened = OpenOptions::new().read(true).write(true).open(path);
        let file = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Attempt::Missing),
            other => other.map_err(failed_to("open", path))?,
        };
        match fcntl(&file, FcntlArg::F_OFD_SETLK(&whole_file(F_WRLCK))) {
            Ok(_) => {}
            Err(Errno::EAGAIN | Errno::EACCES) => {
                return Ok(Attempt::Held(
                    holder_of(&file).map_err(failed_to("look at the lock of", path))?,
                ));
            }
            Err(error) => return Err(failed_to("lock", path)(error.into())),
        }
        let locked = Self {
            file,
            path: path.to_owned(),
        };
        locked.must_still_be_there()?;
        Ok(Attempt::Locked(locked))
    }

    /// The path it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole content.
    pub fn read(&mut self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.file
            .rewind()
            .and_then(|()| self.file.read_to_end(&mut bytes))
            .map_err(failed_to("read", &self.path))?;
        Ok(bytes)
    }

    /// Replaces the content in place, so that whoever waits for the lock sees the new one.
    ///
    /// One write covers the old content as a whole, filled up with `filler` where the new one is
    /// shorter; then the file is cut to its length and written to disk. The file is never empty on
    /// the way, and the space is reserved before: a full disk leaves the old content.
    pub fn rewrite(&mut self, bytes: &[u8], filler: u8) -> Result<()> {
        let before = self
            .file
            .metadata()
            .map_err(failed_to("look at", &self.path))?
            .len();
        let before = usize::try_from(before).unwrap_or(usize::MAX);
        let mut covering = bytes.to_vec();
        covering.resize(bytes.len().max(before), filler);
        kill_point::reach();
        reserve(&self.file, covering.len()).map_err(failed_to("reserve space for", &self.path))?;
        kill_point::reach();
        self.file
            .write_all_at(&covering, 0)
            .map_err(failed_to("write", &self.path))?;
        kill_point::reach();
        self.file
            .set_len(bytes.len() as u64)
            .map_err(failed_to("cut the length of", &self.path))?;
        kill_point::reach();
        self.file
            .sync_all()
            .map_err(failed_to("write to disk", &self.path))
    }

    /// A file that was replaced between opening and locking has another inode now, and the lock on
    /// the old one protects nothing.
    fn must_still_be_there(&self) -> Result<()> {
        let same = || {
            let (ours, named) = (self.file.metadata()?, std::fs::metadata(&self.path)?);
            if (ours.dev(), ours.ino()) == (named.dev(), named.ino()) {
                return Ok(());
            }
            Err(io::Error::other(
                "it was replaced by another file meanwhile",
            ))
        };
        same().map_err(failed_to("lock", &self.path))
    }
}

/// Unlocks instead of only closing: a process that another thread is just starting has a copy of
/// the open file until it becomes its program, and with it the lock.
impl Drop for LockedFile {
    fn drop(&mut self) {
        // Where unlocking fails, closing follows.
        fcntl(&self.file, FcntlArg::F_OFD_SETLK(&whole_file(F_UNLCK))).ok();
    }
}

/// Who holds a lock on the file at `path`: nobody, or a process whose number may be known.
pub fn holder(path: &Path) -> Result<Option<Option<u32>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(failed_to("open", path))?,
    };
    let lock = asked(&file).map_err(failed_to("look at the lock of", path))?;
    Ok((lock.l_type != short(F_UNLCK)).then(|| process_of(&lock)))
}

fn holder_of(file: &File) -> io::Result<Option<u32>> {
    asked(file).map(|lock| process_of(&lock))
}

/// The lock that stands in the way of ours, or one of type `F_UNLCK`.
fn asked(file: &File) -> io::Result<flock> {
    let mut lock = whole_file(F_WRLCK);
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut lock))?;
    Ok(lock)
}

/// Locks of open file descriptions have no process: the kernel says -1.
fn process_of(lock: &flock) -> Option<u32> {
    u32::try_from(lock.l_pid).ok().filter(|pid| *pid > 0)
}

fn whole_file(kind: c_int) -> flock {
    flock {
        l_type: short(kind),
        l_whence: short(SEEK_SET),
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

fn short(constant: c_int) -> c_short {
    c_short::try_from(constant).expect("the constants of struct flock fit its members")
}

/// Some file systems cannot reserve; there the write itself finds out.
fn reserve(file: &File, length: usize) -> io::Result<()> {
    let length = i64::try_from(length).map_err(io::Error::other)?;
    let reserved = fallocate(file.as_fd(), FallocateFlags::FALLOC_FL_KEEP_SIZE, 0, length);
    match reserved {
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL) => Ok(()),
        other => Ok(other?),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::{Mode, create_new};

    fn made(bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        create_new(&path, bytes, Mode::Private).unwrap();
        (dir, path)
    }

    fn locked(path: &Path) -> LockedFile {
        match LockedFile::attempt(path).unwrap() {
            Attempt::Locked(file) => file,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn shorter_longer_and_empty_content_replaces_in_place() {
        let (_dir, path) = made(b"twelve bytes");
        let inode = fs::metadata(&path).unwrap().ino();
        let mut file = locked(&path);
        for content in [&b"short"[..], b"something longer", b"", b"x"] {
            file.rewrite(content, b' ').unwrap();
            assert_eq!(file.read().unwrap(), content);
            assert_eq!(fs::read(&path).unwrap(), content);
        }
        assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
    }

    #[test]
    fn a_held_file_is_refused_also_after_the_holder_reopened_it() {
        let (_dir, path) = made(b"");
        let held = locked(&path);
        drop(File::open(&path).unwrap());
        assert!(matches!(
            LockedFile::attempt(&path).unwrap(),
            Attempt::Held(None)
        ));
        assert_eq!(holder(&path).unwrap(), Some(None));
        drop(held);
        assert_eq!(holder(&path).unwrap(), None);
        drop(locked(&path));
    }

    #[test]
    fn a_missing_file_stays_missing() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        assert!(matches!(
            LockedFile::attempt(&path).unwrap(),
            Attempt::Missing
        ));
        assert_eq!(holder(&path).unwrap(), None);
        assert!(!path.exists());
    }
}
