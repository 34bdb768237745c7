//! Where the statements of a variable file end, without understanding them: one that cannot be read hides no other.

/// Where a statement ends, and what in it is opened and not closed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) end: usize,
    /// The place of the quote or bracket.
    pub(super) unclosed: Option<usize>,
}

/// The statement that begins at `start`: up to the first line end that is inside nothing.
pub(super) fn at(text: &str, start: usize) -> Statement {
    let mut scanner = Scanner::new(text, start);
    scanner.run();
    Statement {
        end: scanner.at,
        unclosed: scanner.unclosed,
    }
}

/// The first line between `start` and `end`, but for the first, that begins with `name =`. In a statement whose
/// brackets are never closed, that is where the next one begins.
pub(super) fn next_assignment(text: &str, start: usize, end: usize) -> Option<usize> {
    let mut at = start;
    for line in text[start..end].split_inclusive('\n') {
        if at > start && is_assignment(line) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

fn is_assignment(line: &str) -> bool {
    let name = line
        .find(|char: char| !char.is_ascii_alphanumeric() && !"_-".contains(char))
        .unwrap_or(line.len());
    let rest = line[name..].trim_start_matches([' ', '\t']);
    name > 0 && rest.starts_with('=') && !rest.starts_with("==")
}

/// What can be open at a place of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Open {
    /// `(`, `[` or `{`.
    Bracket,
    /// `"`.
    Text,
}

/// Goes over a text and knows what is open where it is.
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    pub(super) at: usize,
    /// What is open, the innermost last, each with its place.
    pub(super) open: Vec<(Open, usize)>,
    unclosed: Option<usize>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str, start: usize) -> Self {
        Self {
            text: text.as_bytes(),
            at: start,
            open: Vec::new(),
            unclosed: None,
        }
    }

    fn run(&mut self) {
        while let Some(byte) = self.text.get(self.at) {
            if self.open.is_empty() && *byte == b'\n' {
                self.at += 1;
                return;
            }
            self.step(*byte);
        }
        self.forget_open();
    }

    /// Steps over the byte here, and over more of what it begins.
    pub(super) fn step(&mut self, byte: u8) {
        match self.open.last() {
            Some((Open::Text, _)) => self.inside_text(byte),
            _ => self.outside_text(byte),
        }
    }

    fn starts_with(&self, what: &str) -> bool {
        self.text[self.at..].starts_with(what.as_bytes())
    }

    fn open(&mut self, what: Open) {
        self.open.push((what, self.at));
    }

    fn forget_open(&mut self) {
        let innermost = self.open.last().map(|(_, at)| *at);
        self.unclosed = self.unclosed.or(innermost);
        self.open.clear();
    }

    fn inside_text(&mut self, byte: u8) {
        match byte {
            // No quoted text goes on in the next line: its end was forgotten. What is around it goes on, unless its end
            // was in what was taken for text.
            b'\n' => {
                let start = self.open.pop().map(|(_, at)| at);
                self.unclosed = self.unclosed.or(start);
                return;
            }
            b'"' => drop(self.open.pop()),
            b'\\' => self.at += usize::from(self.text.get(self.at + 1) != Some(&b'\n')),
            _ if self.starts_with("$${") || self.starts_with("%%{") => self.at += 2,
            _ if self.starts_with("${") || self.starts_with("%{") => {
                self.at += 1;
                self.open(Open::Bracket);
            }
            _ => {}
        }
        self.at = (self.at + 1).min(self.text.len());
    }

    fn outside_text(&mut self, byte: u8) {
        match byte {
            b'"' => self.open(Open::Text),
            b'(' | b'[' | b'{' => self.open(Open::Bracket),
            b')' | b']' | b'}' => drop(self.open.pop()),
            b'#' => return self.line_comment(),
            b'/' if self.starts_with("//") => return self.line_comment(),
            b'/' if self.starts_with("/*") => return self.past("*/"),
            b'<' if self.starts_with("<<") => return self.heredoc(),
            _ => {}
        }
        self.at += 1;
    }

    /// Up to the line end, which is the statement's as well.
    fn line_comment(&mut self) {
        let rest = &self.text[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\n');
        self.at += length.unwrap_or(rest.len());
    }

    fn past(&mut self, end: &str) {
        let rest = &self.text[self.at..];
        let found = rest
            .windows(end.len())
            .position(|window| window == end.as_bytes());
        self.at += found.map_or(rest.len(), |found| found + end.len());
    }

    /// From `<<NAME` to the line that holds `NAME` alone; the line end after it ends the statement.
    fn heredoc(&mut self) {
        let rest = &self.text[self.at..];
        let mut lines = rest.split_inclusive(|byte| *byte == b'\n');
        let first = lines.next().unwrap_or_default();
        let name = first
            .trim_ascii()
            .strip_prefix(b"<<")
            .map(|name| name.strip_prefix(b"-").unwrap_or(name))
            .unwrap_or_default();
        let mut length = first.len();
        for line in lines {
            if line.trim_ascii() == name {
                length += line.trim_ascii_end().len();
                break;
            }
            length += line.len();
        }
        self.at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(text: &str) -> Vec<&str> {
        let mut found = Vec::new();
        let mut start = 0;
        while start < text.len() {
            let end = at(text, start).end;
            assert!(end > start, "{text:?} stands still at {start}");
            found.push(&text[start..end]);
            start = end;
        }
        found
    }

    #[test]
    fn a_statement_ends_with_the_line_that_closes_it() {
        let cases: [(&str, &[&str]); 13] = [
            ("a = 1\nb = 2\n", &["a = 1\n", "b = 2\n"]),
            ("a = [\n1,\n]\nb = 2", &["a = [\n1,\n]\n", "b = 2"]),
            ("a = \"[\"\nb = 2\n", &["a = \"[\"\n", "b = 2\n"]),
            ("a = \"\\\"[\"\nb\n", &["a = \"\\\"[\"\n", "b\n"]),
            ("a = 1 # [\nb\n", &["a = 1 # [\n", "b\n"]),
            ("a = /* [\n */ 1\nb\n", &["a = /* [\n */ 1\n", "b\n"]),
            ("a = <<E\n[\nE\nb\n", &["a = <<E\n[\nE\n", "b\n"]),
            ("a = <<-E\n  x\n  E\nb\n", &["a = <<-E\n  x\n  E\n", "b\n"]),
            (
                "a = \"${x[\"y\"]}\"\nb\n",
                &["a = \"${x[\"y\"]}\"\n", "b\n"],
            ),
            ("a = \"x\nb = 2\n", &["a = \"x\n", "b = 2\n"]),
            ("a = ]\nb = 2\n", &["a = ]\n", "b = 2\n"]),
            ("a = \"$${[\"\nb\n", &["a = \"$${[\"\n", "b\n"]),
            ("a = [\n\"x,\n1\n]\nb\n", &["a = [\n\"x,\n1\n]\n", "b\n"]),
        ];
        for (text, expected) in cases {
            assert_eq!(statements(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_is_never_closed_is_the_innermost_that_is_open() {
        let cases = [
            ("a = \"x\nb = 2\n", Some(4)),
            ("a = [{ b = 1 },\n", Some(4)),
            ("a = [{ b = 1\n", Some(5)),
            ("a = [\"x\n]\n", Some(5)),
            ("a = [1]\n", None),
        ];
        for (text, expected) in cases {
            assert_eq!(at(text, 0).unclosed, expected, "{text:?}");
        }
    }

    #[test]
    fn an_unclosed_statement_can_be_cut_before_the_next_assignment() {
        let text = "a = [\n  b == 1\n  c = 2\nd-e = 3\n";
        assert_eq!(next_assignment(text, 0, text.len()), text.find("d-e"));
        assert_eq!(next_assignment("a = 1\n", 0, 6), None);
    }
}
