//! Rows for the evidence log of a Markdown tracker.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use files::Mode;

/// The heading that the table stands under.
const HEADING: &str = "## Evidence log";

/// A tracker with an evidence log, which rows are appended to.
#[derive(Debug)]
pub struct Tracker {
    path: PathBuf,
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The day.
    pub date: String,
    /// The task it speaks for.
    pub task: String,
    /// What was done.
    pub change: String,
    /// The command that anybody can repeat.
    pub command: String,
    /// What it came to.
    pub result: String,
    /// On which kind of host, and where the evidence is.
    pub notes: String,
}

/// A tracker that no row can be appended to.
#[derive(Debug, thiserror::Error)]
pub enum TrackerError {
    /// It could not be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// The tracker.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It has no table for rows.
    #[error("`{}` has no table below `{HEADING}`", path.display())]
    NoTable {
        /// The tracker.
        path: PathBuf,
    },
    /// It could not be written.
    #[error(transparent)]
    Write(#[from] files::Error),
}

impl Tracker {
    /// The tracker at `path`, which must have the table: found out before a run rather than after it.
    pub fn open(path: &Path) -> Result<Self, TrackerError> {
        let tracker = Self {
            path: path.to_owned(),
        };
        tracker.place_in(&tracker.read()?)?;
        Ok(tracker)
    }

    /// Appends `entry` below the table's last row; everything else stays as it is.
    pub fn append(&self, entry: &Entry) -> Result<(), TrackerError> {
        let mut text = self.read()?;
        let place = self.place_in(&text)?;
        text.insert_str(place, &entry.row());
        Ok(files::create_atomic(
            &self.path,
            text.as_bytes(),
            Mode::Public,
        )?)
    }

    fn read(&self) -> Result<String, TrackerError> {
        fs::read_to_string(&self.path).map_err(|source| TrackerError::Read {
            path: self.path.clone(),
            source,
        })
    }

    fn place_in(&self, text: &str) -> Result<usize, TrackerError> {
        end_of_table(text).ok_or_else(|| TrackerError::NoTable {
            path: self.path.clone(),
        })
    }
}

/// Where the line after the table's last row begins.
fn end_of_table(text: &str) -> Option<usize> {
    let mut at = 0;
    let mut end = None;
    let mut lines = text.split_inclusive('\n').map(|line| {
        at += line.len();
        (at, line.trim_end())
    });
    lines.find(|(_, line)| *line == HEADING)?;
    for (after, line) in lines {
        match (line.starts_with('|'), end) {
            (true, _) => end = Some(after),
            (false, None) if !line.starts_with('#') => {}
            (false, _) => break,
        }
    }
    end.filter(|end| text[..*end].ends_with('\n'))
}

impl Entry {
    fn row(&self) -> String {
        let cells = [
            &self.date,
            &self.task,
            &self.change,
            &format!("`{}`", self.command),
            &self.result,
            &self.notes,
        ];
        let cells = cells.map(|cell| cell.replace('|', "\\|").replace(['\n', '\r'], " "));
        format!("| {} |\n", cells.join(" | "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACKER: &str = "# T\n\n| a |\n|---|\n\n## Evidence log\n\nWords.\n\n| Date | Task |\n|---|---|\n| old | x |\n\n## Next\n\n| b |\n";

    fn entry() -> Entry {
        Entry {
            date: "2026-11-23".to_owned(),
            task: "P2-T5".to_owned(),
            change: "3 added".to_owned(),
            command: "a | b".to_owned(),
            result: "passed".to_owned(),
            notes: "embedded\nhost".to_owned(),
        }
    }

    fn at(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tracker.md");
        files::create_new(&path, text.as_bytes(), Mode::Public).unwrap();
        (directory, path)
    }

    #[test]
    fn a_row_goes_below_the_last_one_and_nothing_else_moves() {
        let (_directory, path) = at(TRACKER);
        Tracker::open(&path).unwrap().append(&entry()).unwrap();
        let row = "| 2026-11-23 | P2-T5 | 3 added | `a \\| b` | passed | embedded host |\n";
        let expected = TRACKER.replace("| old | x |\n", &format!("| old | x |\n{row}"));
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
    }

    #[test]
    fn a_file_without_the_table_is_refused_before_anything_is_run() {
        let table = [
            "",
            "# T\n\n| a |\n",
            "## Evidence log\n\n## Next\n\n| b |\n",
            "## Evidence log\n| a |",
        ];
        for text in table {
            let (_directory, path) = at(text);
            let error = Tracker::open(&path).unwrap_err();
            assert!(
                matches!(error, TrackerError::NoTable { .. }),
                "{text:?}: {error}"
            );
        }
        assert!(matches!(
            Tracker::open(Path::new("/nowhere/tracker.md")),
            Err(TrackerError::Read { .. })
        ));
    }

    #[test]
    fn the_tracker_of_this_repository_has_the_table() {
        let path = "../../docs/implementation/phase-2/phase-2-implementation-tracker.md";
        Tracker::open(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    }
}
