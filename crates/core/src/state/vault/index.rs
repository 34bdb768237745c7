//! The index: what happened to the vault, a row each, chained by digests.
//!
//! Changing, removing or exchanging a row breaks the chain at the row after it. Cutting rows off the end does not, but
//! leaves sets that no row names.

use std::fs;
use std::io;
use std::path::Path;

use files::Digest;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::INDEX;
use super::snapshot::Standing;
use crate::state::stamp;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// A set was stored.
    Snapshot {
        /// Its id.
        id: String,
        /// The digest of its manifest.
        manifest: String,
        /// The digest of its state.
        state: String,
        /// Why it was taken.
        reason: String,
        /// Whether it can be built on.
        standing: Standing,
        /// The lineage; empty where the state is unusable.
        lineage: String,
        /// The serial, where the state is usable.
        serial: Option<u64>,
        /// How many objects Terraform manages in it.
        managed: usize,
        /// Whether it is kept whatever the keep rules say.
        pinned: bool,
    },
    /// The live state was a stored one.
    Seen {
        /// The set.
        id: String,
        /// Why it was looked at.
        reason: String,
    },
    /// A set is kept whatever the keep rules say.
    Pinned {
        /// The set.
        id: String,
    },
    /// A set is kept no more than others.
    Unpinned {
        /// The set.
        id: String,
    },
    /// Sets are removed; written before the removal.
    Pruned {
        /// The sets.
        ids: Vec<String>,
    },
    /// A state is about to be put in place of the live one.
    RestoreBegun {
        /// What is restored.
        source: String,
        /// The set that keeps what is replaced.
        replaced: Option<String>,
        /// The serial it gets.
        serial: u64,
        /// The digest of the live state before, where there is one.
        before: Option<String>,
        /// The digest that the live state will have.
        after: String,
    },
    /// The live state is the restored one.
    Restored {
        /// What was restored.
        source: String,
        /// The digest of the live state.
        after: String,
    },
    /// The vault was copied elsewhere and the copy was read back.
    Copied {
        /// Where to.
        to: String,
        /// How many sets the copy holds.
        snapshots: usize,
    },
    /// Something that this em-infra is too old for.
    #[serde(other)]
    Unknown,
}

/// An event, and its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Row {
    /// Counts from 0.
    #[serde(rename = "row")]
    pub(super) number: usize,
    /// The digest of the line before; of nothing for the first.
    pub(super) previous: String,
    /// When.
    #[serde(with = "stamp")]
    pub(super) time: OffsetDateTime,
    #[serde(flatten)]
    pub(super) event: Event,
}

/// What can be wrong with the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Break {
    /// The row cannot be read.
    Unreadable(usize),
    /// The row does not follow from the one before it.
    Chain(usize),
}

/// The rows of an index.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    pub(super) rows: Vec<Row>,
    pub(super) breaks: Vec<Break>,
    /// Where a row that was cut off by a crash begins, in bytes.
    pub(super) torn: Option<usize>,
    lines: usize,
    last: String,
}

impl Index {
    /// Reads the index of the vault in `dir`; a vault that is not there has an empty one.
    pub(super) fn read(dir: &Path) -> io::Result<Self> {
        match fs::read(dir.join(INDEX)) {
            Ok(bytes) => Ok(Self::parse(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::parse(&[])),
            Err(error) => Err(error),
        }
    }

    pub(super) fn parse(bytes: &[u8]) -> Self {
        let whole = bytes
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |end| end + 1);
        let mut index = Self {
            last: Digest::of_bytes(b"").to_string(),
            torn: (whole < bytes.len()).then_some(whole),
            ..Self::default()
        };
        bytes[..whole]
            .split_inclusive(|byte| *byte == b'\n')
            .for_each(|line| index.take_in(line));
        index
    }

    fn take_in(&mut self, line: &[u8]) {
        let line = &line[..line.len() - 1];
        match serde_json::from_slice::<Row>(line) {
            Ok(row) => {
                if row.previous != self.last || row.number != self.lines {
                    self.breaks.push(Break::Chain(self.lines));
                }
                self.rows.push(row);
            }
            Err(_) => self.breaks.push(Break::Unreadable(self.lines)),
        }
        self.last = Digest::of_bytes(line).to_string();
        self.lines += 1;
    }

    /// Adds a row and answers the line to write.
    pub(super) fn push(&mut self, time: OffsetDateTime, event: Event) -> String {
        let row = Row {
            number: self.lines,
            previous: self.last.clone(),
            time,
            event,
        };
        let line = serde_json::to_string(&row).expect("rows are text, numbers and lists");
        self.take_in(format!("{line}\n").as_bytes());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> String {
        let mut index = Index::parse(b"");
        let mut lines = String::new();
        for id in ["a", "b", "c"] {
            let event = Event::Pinned { id: id.to_owned() };
            lines += &index.push(OffsetDateTime::UNIX_EPOCH, event);
            lines.push('\n');
        }
        lines
    }

    #[test]
    fn rows_read_back_as_they_were_written() {
        let index = Index::parse(three().as_bytes());
        assert_eq!(
            (index.rows.len(), index.breaks, index.torn),
            (3, vec![], None)
        );
    }

    #[test]
    fn a_flipped_byte_names_the_row_or_the_one_after_it() {
        let text = three();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let index = Index::parse(&bytes);
            let last_row = text[..text.len() - 1].rfind('\n').unwrap();
            let caught = !index.breaks.is_empty() || index.torn.is_some();
            // The last row has no row after it that would notice: its set does (verify compares digests).
            assert!(caught || at > last_row, "byte {at}");
        }
    }

    #[test]
    fn removed_and_exchanged_rows_break_the_chain() {
        let text = three();
        let lines: Vec<&str> = text.lines().collect();
        for order in [vec![0, 2], vec![1, 0, 2], vec![1, 2], vec![0, 1, 1]] {
            let joined: String = order.iter().flat_map(|n| [lines[*n], "\n"]).collect();
            assert!(
                !Index::parse(joined.as_bytes()).breaks.is_empty(),
                "{order:?}"
            );
        }
    }

    #[test]
    fn a_row_that_was_cut_off_is_no_row() {
        let text = three();
        let index = Index::parse(&text.as_bytes()[..text.len() - 5]);
        assert_eq!((index.rows.len(), index.breaks.len()), (2, 0));
        assert_eq!(
            index.torn,
            text[..text.len() - 1].rfind('\n').map(|end| end + 1)
        );
    }

    #[test]
    fn an_event_of_a_newer_version_is_skipped() {
        let mut index = Index::parse(b"");
        let line = index.push(
            OffsetDateTime::UNIX_EPOCH,
            Event::Pinned { id: "a".to_owned() },
        );
        let newer = Index::parse(line.replace("pinned", "polished").as_bytes());
        assert_eq!(newer.torn, Some(0));
        let newer = Index::parse(format!("{}\n", line.replace("pinned", "polished")).as_bytes());
        assert_eq!(
            (newer.rows[0].event.clone(), newer.breaks),
            (Event::Unknown, vec![])
        );
    }
}
