//! Files of rows that notice when they are changed.
//!
//! A line is `{"n":2,"prev":"<SHA-256 of the line before>",…,"seal":"<SHA-256 of all bytes of this
//! line before the seal>"}`. The seal finds a changed row, `prev` a row that was exchanged, put in or
//! taken out together with its seal.

use std::fmt;
use std::fs;
use std::io;
use std::path::Path;

use files::{Appender, Digest};
use serde::{Deserialize, Serialize};

use super::EvidenceError;

const SEAL: &str = ",\"seal\":\"";

/// A chain that is appended to.
#[derive(Debug)]
pub(crate) struct Chain {
    file: Appender,
    rows: usize,
    last: Option<Digest>,
}

/// What is wrong at a row, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(tag = "breach", rename_all = "kebab-case")]
pub enum Breach {
    /// It is not as it was written.
    Altered {
        /// The row.
        row: usize,
    },
    /// It does not follow the row before it: one was exchanged, put in or taken out.
    Unlinked {
        /// The row.
        row: usize,
    },
    /// It has no end: the machine stopped while it was written, or it was cut.
    Torn {
        /// The row.
        row: usize,
    },
}

/// What can be read of a chain.
#[derive(Debug)]
pub(super) struct Rows<R> {
    /// Rows that are as they were written.
    pub(super) sound: Vec<R>,
    pub(super) breaches: Vec<Breach>,
    /// The digest of the last row.
    pub(super) head: Option<Digest>,
}

#[derive(Deserialize)]
struct Link {
    n: usize,
    prev: Option<String>,
}

impl Chain {
    /// Goes on where the file at `path` ends, and makes it where it is missing.
    pub(crate) fn open(path: &Path) -> Result<Self, EvidenceError> {
        let bytes = content(path)?;
        let mut file = Appender::open(path)?;
        if !bytes.is_empty() && !bytes.ends_with(b"\n") {
            // The torn row stays as it is, on a line of its own.
            file.line("")?;
        }
        let lines: Vec<&[u8]> = lines(&bytes).collect();
        Ok(Self {
            file,
            rows: lines.len(),
            last: lines.last().map(|line| Digest::of_bytes(line)),
        })
    }

    /// Appends a row, which is on disk when this returns. A row is an object with members.
    pub(crate) fn append(&mut self, row: &impl Serialize) -> Result<(), EvidenceError> {
        let members = serde_json::to_string(row)?;
        let prev = self.last.map(|digest| digest.to_string());
        let prev = serde_json::to_string(&prev)?;
        let members = members
            .trim_start_matches('{')
            .strip_suffix('}')
            .unwrap_or_default();
        let body = format!("{{\"n\":{},\"prev\":{prev},{members}", self.rows + 1);
        let seal = Digest::of_bytes(body.as_bytes());
        let line = format!("{body}{SEAL}{seal}\"}}");
        self.file.durable_line(&line)?;
        self.rows += 1;
        self.last = Some(Digest::of_bytes(line.as_bytes()));
        Ok(())
    }
}

/// Reads the chain at `path`; a missing file is an empty one.
pub(super) fn read<R: for<'de> Deserialize<'de>>(path: &Path) -> Result<Rows<R>, EvidenceError> {
    Ok(parse(&content(path)?))
}

fn parse<R: for<'de> Deserialize<'de>>(bytes: &[u8]) -> Rows<R> {
    let mut rows = Rows {
        sound: Vec::new(),
        breaches: Vec::new(),
        head: None,
    };
    for (index, line) in lines(bytes).enumerate() {
        let row = index + 1;
        match sealed::<R>(line) {
            None => rows.breaches.push(Breach::Altered { row }),
            Some((link, value)) => {
                if link.n != row || link.prev != rows.head.map(|head| head.to_string()) {
                    rows.breaches.push(Breach::Unlinked { row });
                }
                rows.sound.push(value);
            }
        }
        rows.head = Some(Digest::of_bytes(line));
    }
    if !bytes.is_empty() && !bytes.ends_with(b"\n") {
        let row = lines(bytes).count();
        rows.breaches.retain(|found| found.row() != row);
        rows.breaches.push(Breach::Torn { row });
    }
    rows
}

/// The content of a line whose seal is right.
fn sealed<R: for<'de> Deserialize<'de>>(line: &[u8]) -> Option<(Link, R)> {
    let text = str::from_utf8(line).ok()?;
    let (body, rest) = text.rsplit_once(SEAL)?;
    let seal = rest.strip_suffix("\"}")?;
    if seal != Digest::of_bytes(body.as_bytes()).to_string() {
        return None;
    }
    Some((
        serde_json::from_str(text).ok()?,
        serde_json::from_str(text).ok()?,
    ))
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let lines = whole.split(|byte| *byte == b'\n');
    lines.take(if bytes.is_empty() { 0 } else { usize::MAX })
}

fn content(path: &Path) -> Result<Vec<u8>, EvidenceError> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(EvidenceError::Read {
            path: path.to_owned(),
            source,
        }),
    }
}

impl Breach {
    fn row(self) -> usize {
        match self {
            Self::Altered { row } | Self::Unlinked { row } | Self::Torn { row } => row,
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered { row } => write!(f, "row {row} is not as it was written"),
            Self::Unlinked { row } => write!(
                f,
                "row {row} does not follow the one before it: a row was exchanged, put in or taken out"
            ),
            Self::Torn { row } => write!(f, "row {row} has no end"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    type Row = BTreeMap<String, serde_json::Value>;

    fn chain(words: &[&str]) -> Vec<u8> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("chain.jsonl");
        for word in words {
            // Opened anew each time, as runs do.
            let mut chain = Chain::open(&path).unwrap();
            chain.append(&BTreeMap::from([("word", word)])).unwrap();
        }
        fs::read(&path).unwrap()
    }

    fn breaches(bytes: &[u8]) -> Vec<Breach> {
        parse::<Row>(bytes).breaches
    }

    #[test]
    fn an_untouched_chain_is_sound_and_its_rows_come_back() {
        let bytes = chain(&["a", "{b}", "c\n\"d\""]);
        let rows = parse::<Row>(&bytes);
        let words: Vec<&str> = rows
            .sound
            .iter()
            .map(|row| row["word"].as_str().unwrap())
            .collect();
        assert_eq!(
            (words.as_slice(), rows.breaches),
            (["a", "{b}", "c\n\"d\""].as_slice(), Vec::new())
        );
        assert!(breaches(b"").is_empty());
    }

    #[test]
    fn any_flipped_bit_is_found_and_the_row_is_named() {
        let bytes = chain(&["a", "b", "c"]);
        let ends: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] == b'\n').collect();
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                let row = 1 + ends.iter().filter(|end| **end < at).count();
                let found = breaches(&flipped);
                assert_eq!(
                    found.first().map(|breach| breach.row()),
                    Some(row),
                    "byte {at} bit {bit}: {found:?}"
                );
            }
        }
    }

    #[test]
    fn rows_taken_out_put_in_or_exchanged_with_their_seals_are_found() {
        let bytes = chain(&["a", "b", "c"]);
        let other = chain(&["a", "x"]);
        let (lines, others): (Vec<&[u8]>, Vec<&[u8]>) =
            (lines(&bytes).collect(), lines(&other).collect());
        let table: [(&str, Vec<&[u8]>, Breach); 5] = [
            (
                "first gone",
                vec![lines[1], lines[2]],
                Breach::Unlinked { row: 1 },
            ),
            (
                "middle gone",
                vec![lines[0], lines[2]],
                Breach::Unlinked { row: 2 },
            ),
            (
                "doubled",
                vec![lines[0], lines[0], lines[1]],
                Breach::Unlinked { row: 2 },
            ),
            (
                "swapped",
                vec![lines[1], lines[0], lines[2]],
                Breach::Unlinked { row: 1 },
            ),
            (
                "rewritten",
                vec![lines[0], others[1], lines[2]],
                Breach::Unlinked { row: 3 },
            ),
        ];
        for (what, rows, breach) in table {
            let text = [rows.join(&b'\n'), b"\n".to_vec()].concat();
            assert_eq!(breaches(&text).first(), Some(&breach), "{what}");
        }
    }

    #[test]
    fn a_torn_row_is_told_and_the_chain_goes_on_behind_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("chain.jsonl");
        let torn = {
            let bytes = chain(&["a", "b"]);
            bytes[..bytes.len() - 20].to_vec()
        };
        files::create_new(&path, &torn, files::Mode::Private).unwrap();
        assert_eq!(breaches(&torn), [Breach::Torn { row: 2 }]);
        let mut chain = Chain::open(&path).unwrap();
        chain.append(&BTreeMap::from([("word", "c")])).unwrap();
        assert_eq!(
            read::<Row>(&path).unwrap().breaches,
            [Breach::Altered { row: 2 }]
        );
    }
}
