//! The operator's own lines under a finding: those that it is about and no others, however long the text is.

use annotate_snippets::{Annotation, AnnotationKind, Snippet};
use em_infra_core::check::{CheckedText, Located, Place, Report};

/// Places that are further apart are shown each by itself: the renderer goes over all lines between two that it shows.
const LINES_APART_MAX: usize = 200;

/// A place to be marked.
struct Mark<'a> {
    place: &'a Place,
    /// What it has to do with the finding; none at the finding's own place.
    role: Option<&'a str>,
}

/// What is shown below a finding: the lines of its own place first, related places near it marked among them.
pub(super) fn of<'a>(report: &'a Report, finding: &'a Located) -> Vec<Snippet<'a, Annotation<'a>>> {
    let Some(place) = &finding.place else {
        return Vec::new();
    };
    let own = Mark { place, role: None };
    let related = finding.related.iter().map(|(place, role)| Mark {
        place,
        role: Some(role),
    });
    let mut shown: Vec<Vec<Mark<'_>>> = Vec::new();
    for mark in std::iter::once(own).chain(related) {
        let near =
            |marks: &&mut Vec<Mark<'_>>| marks.iter().any(|one| are_near(report, one, &mark));
        match shown.iter_mut().find(near) {
            Some(marks) => marks.push(mark),
            None => shown.push(vec![mark]),
        }
    }
    let snippet = |marks: &Vec<Mark<'a>>| snippet(&report.texts[marks[0].place.text], marks);
    shown.iter().map(snippet).collect()
}

fn are_near(report: &Report, one: &Mark<'_>, other: &Mark<'_>) -> bool {
    let text = &report.texts[one.place.text];
    let ((first, last), (other_first, other_last)) = (lines(text, one), lines(text, other));
    let between = other_first
        .saturating_sub(last)
        .max(first.saturating_sub(other_last));
    one.place.text == other.place.text && between <= LINES_APART_MAX
}

/// The first and the last line of a place.
fn lines(text: &CheckedText, mark: &Mark<'_>) -> (usize, usize) {
    let (start, end) = mark.place.span;
    (text.lines.at(start), text.lines.at(end))
}

fn snippet<'a>(text: &'a CheckedText, marks: &[Mark<'a>]) -> Snippet<'a, Annotation<'a>> {
    let first = marks.iter().map(|mark| lines(text, mark).0).min();
    let last = marks.iter().map(|mark| lines(text, mark).1).max();
    // An empty place at the start of a line counts as the end of the line before, when the renderer looks how wide the
    // largest line number is.
    let first = first.unwrap_or_default().saturating_sub(1);
    let shown = text.lines.span(first, last.unwrap_or_default());
    let annotation = |mark: &Mark<'a>| {
        let (start, end) = mark.place.span;
        let kind = match mark.role {
            None => AnnotationKind::Primary,
            Some(_) => AnnotationKind::Context,
        };
        kind.span(start - shown.start..end - shown.start)
            .label(mark.role)
    };
    Snippet::source(&text.text[shown.clone()])
        .path(&text.name)
        .line_start(first + 1)
        .annotations(marks.iter().map(annotation))
}

#[cfg(test)]
mod tests {
    use annotate_snippets::{Group, Level, Renderer};
    use em_infra_core::check::Lines;
    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::*;

    fn text() -> impl Strategy<Value = String> {
        let line = "[ab}ü\t #/]{0,9}(\n|\r\n)";
        (prop::collection::vec(line, 0..16), "[ab]{0,3}")
            .prop_map(|(lines, last)| lines.concat() + &last)
    }

    fn place(text: &str, ends: (Index, Index)) -> Place {
        let mut all: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        all.push(text.len());
        let (one, other) = (*ends.0.get(&all), *ends.1.get(&all));
        Place {
            text: 0,
            span: (one.min(other), one.max(other)),
        }
    }

    fn checked(text: &str) -> CheckedText {
        CheckedText {
            name: "x.tfvars".to_owned(),
            file: None,
            text: text.to_owned(),
            lines: Lines::of(text),
        }
    }

    fn rendered(snippet: Snippet<'_, Annotation<'_>>) -> String {
        let group = Group::with_title(Level::ERROR.primary_title("x")).element(snippet);
        Renderer::plain().render(&[group])
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_few_lines_are_shown_as_the_whole_text_would_be(
            text in text(),
            own in any::<(Index, Index)>(),
            related in prop::collection::vec(any::<(Index, Index)>(), 0..3),
        ) {
            let own = place(&text, own);
            let related: Vec<Place> = related.into_iter().map(|ends| place(&text, ends)).collect();
            let mut marks = vec![Mark { place: &own, role: None }];
            marks.extend(related.iter().map(|place| Mark { place, role: Some("first here") }));
            let checked = checked(&text);

            let few = snippet(&checked, &marks);
            let whole = marks.iter().fold(Snippet::source(&text).path("x.tfvars"), |snippet, mark| {
                let kind = if mark.role.is_some() { AnnotationKind::Context } else { AnnotationKind::Primary };
                snippet.annotation(kind.span(mark.place.span.0..mark.place.span.1).label(mark.role))
            });

            prop_assert_eq!(rendered(few), rendered(whole));
        }
    }

    #[test]
    fn a_place_that_is_far_away_is_shown_by_itself() {
        let text = format!("first\n{}second\n", "\n".repeat(LINES_APART_MAX));
        let of = |word: &str| {
            let start = text.find(word).unwrap();
            Place {
                text: 0,
                span: (start, start + word.len()),
            }
        };
        let (first, second) = (of("first"), of("second"));
        let mark = |place| Mark { place, role: None };
        let report = |text: &str| Report {
            texts: vec![checked(text)],
            findings: Vec::new(),
            topology: None,
        };
        assert!(!are_near(&report(&text), &mark(&first), &mark(&second)));
        let nearer = text.replacen('\n', " ", 1);
        assert!(are_near(&report(&nearer), &mark(&first), &mark(&second)));
    }
}
