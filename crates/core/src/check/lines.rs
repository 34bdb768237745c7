//! Where the lines of a text are, found once: each finding asks for its own.

use std::ops::Range;

/// The lines of one text, counted from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    starts: Vec<usize>,
    end: usize,
}

impl Lines {
    /// The lines of `text`.
    pub fn of(text: &str) -> Self {
        let ends = text.match_indices('\n').map(|(at, _)| at);
        Self {
            starts: std::iter::once(0).chain(ends.map(|at| at + 1)).collect(),
            end: text.len(),
        }
    }

    /// The line of a byte; one past the last is on the last line.
    pub fn at(&self, offset: usize) -> usize {
        let begun = self.starts.partition_point(|start| *start <= offset);
        begun.saturating_sub(1)
    }

    /// The bytes of the lines from the first to the last, both included, with their ends.
    pub fn span(&self, first: usize, last: usize) -> Range<usize> {
        let start = |line: usize| self.starts.get(line).copied().unwrap_or(self.end);
        start(first)..start(last.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_its_end_and_the_last_one_may_be_empty() {
        let text = "ab\r\n\ncd\n";
        let lines = Lines::of(text);
        let at: Vec<usize> = (0..=text.len() + 1)
            .map(|offset| lines.at(offset))
            .collect();
        assert_eq!(at, [0, 0, 0, 0, 1, 2, 2, 2, 3, 3]);
        let spans = [(0, 0), (1, 2), (3, 3), (0, 9)].map(|(first, last)| lines.span(first, last));
        assert_eq!(
            spans.map(|span| &text[span]),
            ["ab\r\n", "\ncd\n", "", text]
        );
    }
}
