//! Following a file that another process writes.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

/// Reads whole lines from a growing file.
#[derive(Debug)]
pub(crate) struct Tail {
    file: File,
    pending: Vec<u8>,
}

impl Tail {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            file: File::open(path)?,
            pending: Vec::new(),
        })
    }

    /// Passes on the lines that were completed since the last call.
    pub(crate) fn read(&mut self, line: &mut dyn FnMut(&str)) -> io::Result<()> {
        let seen = self.pending.len();
        self.file.read_to_end(&mut self.pending)?;
        let Some(last) = self.pending[seen..].iter().rposition(|byte| *byte == b'\n') else {
            return Ok(());
        };
        let rest = self.pending.split_off(seen + last + 1);
        let complete = std::mem::replace(&mut self.pending, rest);
        String::from_utf8_lossy(&complete).lines().for_each(line);
        Ok(())
    }

    /// Passes on what is left when the writer has ended, a line without its end included.
    pub(crate) fn finish(mut self, line: &mut dyn FnMut(&str)) -> io::Result<()> {
        self.read(line)?;
        String::from_utf8_lossy(&self.pending)
            .lines()
            .for_each(line);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn lines_come_whole_and_once_whatever_the_writes() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        let mut tail = Tail::open(file.path()).unwrap();
        let mut seen = Vec::new();
        for part in ["a", "b\nc", "", "\n\u{e9}\n\nd", "e"] {
            file.write_all(part.as_bytes()).unwrap();
            tail.read(&mut |line| seen.push(line.to_owned())).unwrap();
            seen.push("|".to_owned());
        }
        tail.finish(&mut |line| seen.push(line.to_owned())).unwrap();
        assert_eq!(
            seen,
            ["|", "ab", "|", "|", "c", "\u{e9}", "", "|", "|", "de"]
        );
    }
}
