//! Places inside the attributes of a resource, and patterns of them.

use std::fmt;

/// A place: keys and indexes from the resource down.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Vec<Segment>);

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Segment {
    Key(String),
    Index(usize),
}

/// A pattern of places: `disk[*].format`, `timeout_*`, `disks.**.format`, `**`.
///
/// `[*]` is any index, `*` in a key any text, and `**` any number of steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pattern(pub &'static str);

impl Path {
    pub(super) fn key(&self, key: &str) -> Self {
        self.with(Segment::Key(key.to_owned()))
    }

    pub(super) fn index(&self, index: usize) -> Self {
        self.with(Segment::Index(index))
    }

    pub(super) fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The attribute of the resource that the place is in.
    pub(super) fn attribute(&self) -> Option<&str> {
        match self.0.first() {
            Some(Segment::Key(key)) => Some(key),
            Some(Segment::Index(_)) | None => None,
        }
    }

    fn with(&self, segment: Segment) -> Self {
        let mut segments = self.0.clone();
        segments.push(segment);
        Self(segments)
    }
}

impl Pattern {
    /// Whether the pattern means this very place.
    pub fn matches(self, path: &Path) -> bool {
        let words: Vec<&str> = self.words().collect();
        meets(&words, path.segments())
    }

    fn words(self) -> impl Iterator<Item = &'static str> {
        self.0.split('.').flat_map(|word| {
            let any = word.strip_suffix("[*]");
            [Some(any.unwrap_or(word)), any.map(|_| "[*]")]
                .into_iter()
                .flatten()
        })
    }
}

fn meets(words: &[&str], segments: &[Segment]) -> bool {
    match (words, segments) {
        ([], []) | (["**"], _) => true,
        (["**", rest @ ..], _) => {
            meets(rest, segments)
                || segments
                    .split_first()
                    .is_some_and(|(_, below)| meets(words, below))
        }
        ([word, words @ ..], [segment, segments @ ..]) => {
            is_met(word, segment) && meets(words, segments)
        }
        ([], _) | (_, []) => false,
    }
}

fn is_met(word: &str, segment: &Segment) -> bool {
    match segment {
        Segment::Index(_) => word == "[*]",
        Segment::Key(key) => match word.split_once('*') {
            Some((beginning, end)) => {
                key.len() >= beginning.len() + end.len()
                    && key.starts_with(beginning)
                    && key.ends_with(end)
            }
            None => key == word,
        },
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if place == 0 => f.write_str(key)?,
                Segment::Key(key) => write!(f, ".{key}")?,
                Segment::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_places_and_not_those_above_or_below() {
        let disk = Path::default().key("disk");
        let format = disk.index(3).key("format");
        let deep = Path::default().key("disks").index(0).key("scsi").index(0);
        let deep = deep.key("format");
        let table = [
            ("disk", &disk, true),
            ("disk[*].format", &format, true),
            ("disk[*].*", &format, true),
            ("disk.**", &disk, true),
            ("disk.**", &format, true),
            ("disks.**.format", &deep, true),
            ("**.format", &deep, true),
            ("**", &deep, true),
            ("form*", &Path::default().key("format"), true),
            ("fo*mat", &Path::default().key("format"), true),
            ("format*t", &Path::default().key("format"), false),
            ("disk", &format, false),
            ("disk[*]", &format, false),
            ("disk[*].form", &format, false),
            ("disk.format", &format, false),
            ("disks.**.forma", &deep, false),
            ("disks.**.size", &deep, false),
        ];
        for (pattern, path, expected) in table {
            assert_eq!(Pattern(pattern).matches(path), expected, "{pattern} {path}");
        }
        assert_eq!(format.to_string(), "disk[3].format");
    }
}
