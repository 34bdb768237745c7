//! Taking secrets out of texts.

use std::borrow::Cow;
use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;
use tf_run::{Diagnostic, Event, ResourceEvent};

use super::forms::{SHORTEST, forms};

const MASK: &[u8] = b"[masked]";

/// Knows secrets and takes them out of what is written.
#[derive(Debug, Default)]
pub(in crate::gate) struct Redactor {
    values: BTreeSet<String>,
    patterns: Option<AhoCorasick>,
}

/// Whether secrets came up that were not known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(in crate::gate) enum Learnt {
    /// Yes: what is written already may hold them.
    Something,
    /// No.
    Nothing,
}

impl Redactor {
    /// Takes values to its list.
    pub(in crate::gate) fn learn(&mut self, values: impl IntoIterator<Item = String>) -> Learnt {
        let known = self.values.len();
        let values = values.into_iter();
        self.values
            .extend(values.filter(|value| value.chars().count() >= SHORTEST));
        if self.values.len() == known {
            return Learnt::Nothing;
        }
        let patterns: BTreeSet<String> =
            self.values.iter().flat_map(|value| forms(value)).collect();
        // Building fails beyond some gigabytes of patterns only; without a sweep nothing may be
        // written, so everything is masked then.
        self.patterns = AhoCorasick::new(patterns)
            .or_else(|_| AhoCorasick::new([""]))
            .ok();
        Learnt::Something
    }

    /// How many values it knows.
    pub(in crate::gate) fn count(&self) -> usize {
        self.values.len()
    }

    /// `bytes` without secrets; the same where there are none.
    pub(in crate::gate) fn sweep<'b>(&self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        let spans = self.spans(bytes);
        if spans.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut swept = Vec::with_capacity(bytes.len());
        let mut from = 0;
        for (start, end) in spans {
            swept.extend_from_slice(&bytes[from..start]);
            swept.extend_from_slice(MASK);
            from = end;
        }
        swept.extend_from_slice(&bytes[from..]);
        Cow::Owned(swept)
    }

    /// Where secrets are. Overlapping ones are one span: of neither a part is left.
    fn spans(&self, bytes: &[u8]) -> Vec<(usize, usize)> {
        let found = self.patterns.iter();
        let mut found: Vec<(usize, usize)> = found
            .flat_map(|patterns| patterns.find_overlapping_iter(bytes))
            .map(|found| (found.start(), found.end()))
            .collect();
        found.sort_unstable();
        let mut spans: Vec<(usize, usize)> = Vec::new();
        for (start, end) in found {
            match spans.last_mut() {
                Some(last) if start < last.1 => last.1 = last.1.max(end),
                _ => spans.push((start, end)),
            }
        }
        spans
    }

    /// `text` without secrets.
    pub(in crate::gate) fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.sweep(text.as_bytes())).into_owned()
    }

    /// `event` without secrets.
    pub(in crate::gate) fn event(&self, event: &Event) -> Event {
        let resource = |resource: &ResourceEvent| ResourceEvent {
            id: resource.id.as_deref().map(|id| self.text(id)),
            message: self.text(&resource.message),
            ..resource.clone()
        };
        match event {
            Event::Diagnostic(diagnostic) => Event::Diagnostic(Diagnostic {
                summary: self.text(&diagnostic.summary),
                detail: self.text(&diagnostic.detail),
                ..diagnostic.clone()
            }),
            Event::Drift(found) => Event::Drift(resource(found)),
            Event::Planned(found) => Event::Planned(resource(found)),
            Event::RefreshStart(found) => Event::RefreshStart(resource(found)),
            Event::RefreshComplete(found) => Event::RefreshComplete(resource(found)),
            Event::ApplyStart(found) => Event::ApplyStart(resource(found)),
            Event::ApplyProgress(found) => Event::ApplyProgress(resource(found)),
            Event::ApplyComplete(found) => Event::ApplyComplete(resource(found)),
            Event::ApplyErrored(found) => Event::ApplyErrored(resource(found)),
            Event::Summary(counts) => Event::Summary(counts.clone()),
            Event::Message(message) => Event::Message(self.text(message)),
            Event::Text(text) => Event::Text(self.text(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor(values: &[&str]) -> Redactor {
        let mut redactor = Redactor::default();
        assert_eq!(
            redactor.learn(values.iter().map(|value| (*value).to_owned())),
            Learnt::Something
        );
        redactor
    }

    #[test]
    fn secrets_are_masked_and_the_rest_stays() {
        let redactor = redactor(&["secret-one", "defghi", "abcdef", "secret-one-and-more"]);
        let table = [
            ("", ""),
            ("nothing here", "nothing here"),
            ("<secret-one>", "<[masked]>"),
            ("secret-one-and-more!", "[masked]!"),
            ("overlapping abcdefghi.", "overlapping [masked]."),
            ("abcdefabcdef", "[masked][masked]"),
        ];
        for (text, expected) in table {
            assert_eq!(redactor.text(text), expected);
            assert_eq!(redactor.text(&redactor.text(text)), expected);
        }
        assert_eq!(
            redactor.sweep(b"\xff secret-one \xfe").as_ref(),
            b"\xff [masked] \xfe"
        );
    }

    #[test]
    fn nothing_new_is_nothing_to_sweep_again() {
        let mut redactor = redactor(&["secret-one"]);
        let learn = redactor.learn(["secret-one".to_owned(), "short".to_owned()]);
        assert_eq!((learn, redactor.count()), (Learnt::Nothing, 1));
    }
}
