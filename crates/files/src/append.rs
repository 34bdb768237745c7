//! Files that only grow, a line at a time.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::dir::sync_parent;
use crate::error::failed_to;
use crate::{Mode, Result, kill_point};

/// A file that is appended to line by line. A line outlives the death of the process as soon as the
/// call returns, and a loss of power where that was asked for. After one the file can end in a torn
/// line.
#[derive(Debug)]
pub struct Appender {
    file: File,
    path: PathBuf,
}

impl Appender {
    /// Opens `path` for appending and makes it, private, where it is missing.
    pub fn open(path: &Path) -> Result<Self> {
        kill_point::reach();
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(Mode::Private.bits())
            .open(path)
            .map_err(failed_to("open for appending", path))?;
        sync_parent(path)?;
        Ok(Self {
            file,
            path: path.to_owned(),
        })
    }

    /// Appends `line` and a line end in one write.
    pub fn line(&mut self, line: &str) -> Result<()> {
        kill_point::reach();
        self.file
            .write_all(format!("{line}\n").as_bytes())
            .map_err(failed_to("append to", &self.path))
    }

    /// Appends `line` as [`line`](Self::line) does and waits until all of the file is on disk.
    pub fn durable_line(&mut self, line: &str) -> Result<()> {
        self.line(line)?;
        self.file
            .sync_data()
            .map_err(failed_to("append to", &self.path))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn lines_follow_those_of_an_earlier_run_and_the_file_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        Appender::open(&path).unwrap().durable_line("one").unwrap();
        Appender::open(&path).unwrap().line("two").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o7777,
            0o600
        );
    }
}
