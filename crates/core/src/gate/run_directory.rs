//! The directory of one run: record, transcript, and what Terraform wrote.

use std::path::{Path, PathBuf};

use files::ExclusiveLock;
use time::OffsetDateTime;
use time::macros::format_description;

use crate::own_directory;

/// A private directory of its own for one run, below `.em-infra/` of the root module.
#[derive(Debug)]
pub struct RunDirectory {
    base: PathBuf,
    path: PathBuf,
    id: String,
    lock: Option<ExclusiveLock>,
}

impl RunDirectory {
    /// Makes the directory `<base>/runs/<time>`, and takes the lock that keeps a second gate out of
    /// the same root module. Where the lock is taken, the gate says so in its verdict.
    ///
    /// `base` is usually `.em-infra` in the root module; it keeps itself out of git. The path of the
    /// directory is absolute, since Terraform writes into it from another one.
    pub fn create(base: &Path, now: OffsetDateTime) -> files::Result<Self> {
        let base = &files::absolute(base)?;
        let runs = base.join("runs");
        own_directory::make(base)?;
        files::create_private_dirs(&runs)?;
        let lock = files::try_lock(&base.join("gate.lock"))?;
        let (path, id) = create_named(&runs, now)?;
        let base = base.to_owned();
        Ok(Self {
            base,
            path,
            id,
            lock,
        })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The run's name, which sorts by time.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The directory of all runs of the root module.
    pub fn base(&self) -> &Path {
        &self.base
    }

    pub(super) fn is_locked(&self) -> bool {
        self.lock.is_some()
    }
}

/// Two runs in one second get names that differ by a number.
fn create_named(runs: &Path, now: OffsetDateTime) -> files::Result<(PathBuf, String)> {
    let format = format_description!("[year]-[month]-[day]T[hour]-[minute]-[second]Z");
    let stamp = now.to_offset(time::UtcOffset::UTC).format(format);
    let stamp = stamp.expect("the format asks for nothing a moment lacks");
    let mut attempt = 1;
    loop {
        let id = if attempt == 1 {
            stamp.clone()
        } else {
            format!("{stamp}-{attempt}")
        };
        let path = runs.join(&id);
        match files::create_private_dir(&path) {
            Ok(()) => return Ok((path, id)),
            Err(error) if error.is_already_there() => attempt += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use time::macros::datetime;

    use super::*;

    #[test]
    fn runs_are_named_by_time_and_the_first_one_holds_the_lock() {
        let root = tempfile::tempdir().unwrap();
        let base = root.path().join(".em-infra");
        let create = || RunDirectory::create(&base, datetime!(2026-11-23 10:20:05 +01:00)).unwrap();
        let (first, second) = (create(), create());
        assert_eq!(
            [first.id(), second.id()],
            ["2026-11-23T09-20-05Z", "2026-11-23T09-20-05Z-2"]
        );
        assert_eq!([first.is_locked(), second.is_locked()], [true, false]);
        assert_eq!(first.path(), base.join("runs/2026-11-23T09-20-05Z"));
        assert_eq!(fs::read_to_string(base.join(".gitignore")).unwrap(), "*\n");
        drop(first);
        assert!(create().is_locked());
    }
}
