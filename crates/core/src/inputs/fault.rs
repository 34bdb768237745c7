//! What is wrong with a text itself, before any of its values means something.

use std::ops::Range;

use contract::Code;

/// A part of a text that cannot be read as inputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The rule of the text that is broken.
    pub(super) code: Code,
    /// What is wrong, as a sentence.
    pub(super) message: String,
    /// What to type instead.
    pub(super) help: String,
    /// Where (bytes).
    pub(super) span: Range<usize>,
    /// The part of the text that was not read because of it (bytes).
    pub(super) unread: Range<usize>,
    /// Another place that takes part, with its role.
    pub(super) related: Option<(Range<usize>, &'static str)>,
}

impl Fault {
    /// A part that is no HCL or JSON.
    pub(super) fn syntax(message: String, span: Range<usize>, unread: Range<usize>) -> Self {
        let help = "the line cannot be read; the others are checked as if it were not there";
        Self {
            code: Code::Syntax,
            message,
            help: help.to_owned(),
            span,
            unread,
            related: None,
        }
    }

    pub(super) fn help(mut self, help: &str) -> Self {
        help.clone_into(&mut self.help);
        self
    }

    /// A name that stands a second time.
    pub(super) fn duplicate(name: &str, span: Range<usize>, first: Range<usize>) -> Self {
        Self {
            code: Code::NameDuplicate,
            message: format!("`{}` stands here a second time", name.escape_debug()),
            help: "remove one of the two".to_owned(),
            unread: span.start..span.start,
            span,
            related: Some((first, "first here")),
        }
    }

    /// The same fault in a text that begins `offset` bytes earlier.
    pub(super) fn moved(mut self, offset: usize) -> Self {
        let moved = |span: Range<usize>| span.start + offset..span.end + offset;
        self.span = moved(self.span);
        self.unread = moved(self.unread);
        self.related = self.related.map(|(span, role)| (moved(span), role));
        self
    }
}

/// The character at `at`, or nothing at the end of the text.
pub(super) fn char_at(text: &str, at: usize) -> Range<usize> {
    let start = (0..=at.min(text.len()))
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or_default();
    let end = text[start..]
        .chars()
        .next()
        .map_or(start, |found| start + found.len_utf8());
    start..end
}
