//! Every bad file of the corpus is refused with exactly the codes it names, at exactly the places it marks; mended, it
//! is told none of them.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use contract::{Code, Severity};
use em_infra_core::check::{Located, Report, Request, check};
use em_infra_core::inputs::CommandLineInput;
use testkit::proof::figures;
use testkit::{Case, Expected, Marked, corpus};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/corpus")
}

fn report(path: &Path) -> Report {
    let root = tempfile::tempdir().unwrap();
    check(Request {
        root: root.path(),
        environment: &[],
        command_line: &[CommandLineInput::VarFile(path.to_owned())],
    })
    .unwrap()
}

/// What is said of a file, as the corpus writes it.
fn said(report: &Report) -> Vec<Expected> {
    report
        .findings
        .iter()
        .map(|found| of(report, found))
        .collect()
}

fn of(report: &Report, found: &Located) -> Expected {
    let place = found.place.as_ref().map(|place| {
        let text = &report.texts[place.text].text;
        Marked {
            start: position(text, place.span.0),
            end: Some(position(text, place.span.1)),
        }
    });
    Expected {
        place,
        severity: found.severity.as_str().to_owned(),
        code: found.code.to_string(),
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let line = text[..offset].matches('\n').count() + 1;
    let start = text[..offset].rfind('\n').map_or(0, |end| end + 1);
    (line, text[start..offset].chars().count() + 1)
}

/// A place that goes on beyond its line is told only where it begins.
fn open_ended(mut said: Expected, case: &Case) -> Expected {
    let goes_on = |expected: &&Expected| {
        let start = |place: Option<Marked>| place.map(|place| place.start);
        start(expected.place) == start(said.place) && expected.code == said.code
    };
    if let Some(Some(place)) = case.expected.iter().find(goes_on).map(|found| found.place)
        && place.end.is_none()
        && let Some(place) = said.place.as_mut()
    {
        place.end = None;
    }
    said
}

/// Notes repeat which rules an error kept from being asked; the files of one folder list them as well.
fn counts(case: &Case, said: &Expected) -> bool {
    said.severity != "note" || case.name.starts_with("not-evaluated/")
}

fn fault(case: &Case) -> Option<String> {
    let report = report(&case.path);
    let said: Vec<Expected> = said(&report)
        .into_iter()
        .filter(|said| counts(case, said))
        .map(|said| open_ended(said, case))
        .collect();
    let mut sorted = said.clone();
    sorted.sort_by(|one, other| (one.place.is_none(), one).cmp(&(other.place.is_none(), other)));
    // A note stands below what is wrong with the input whose name it marks.
    let places = |all: &[Expected]| -> Vec<Option<Marked>> {
        let heavier = all.iter().filter(|said| said.severity != "note");
        heavier.map(|said| said.place).collect()
    };
    let in_order = places(&said) == places(&sorted);
    (sorted != case.expected || !in_order).then(|| {
        format!(
            "{} ({})\n  expected {:?}\n  said     {said:?}",
            case.name, case.title, case.expected
        )
    })
}

#[test]
fn every_file_is_told_exactly_what_it_marks() {
    let cases = corpus(&folder());
    let faults: Vec<String> = cases.iter().filter_map(fault).collect();
    assert!(
        faults.is_empty(),
        "{} of {}:\n{}",
        faults.len(),
        cases.len(),
        faults.join("\n")
    );
    let places: usize = cases.iter().map(|case| case.expected.len()).sum();
    assert!(cases.len() >= 250, "{}", cases.len());
    figures(format_args!(
        "corpus: {} bad files, {places} findings, each with its code at its place",
        cases.len()
    ));
}

#[test]
fn every_rule_fires_and_has_a_passing_neighbour() {
    let cases = corpus(&folder());
    let codes = |cases: &[&Case]| -> BTreeSet<String> {
        let expected = cases.iter().flat_map(|case| &case.expected);
        expected.map(|expected| expected.code.clone()).collect()
    };
    let all: BTreeSet<String> = Code::ALL.iter().map(ToString::to_string).collect();
    let mended: Vec<&Case> = cases
        .iter()
        .filter(|case| case.neighbour.is_some())
        .collect();
    assert_eq!(codes(&cases.iter().collect::<Vec<_>>()), all);
    assert_eq!(codes(&mended), all);
    figures(format_args!(
        "codes: {} of {} fire, each with a neighbour that passes ({} neighbours)",
        all.len(),
        Code::ALL.len(),
        mended.len()
    ));
}

/// Mended, a file holds: it has no error, and none of the codes it had.
#[test]
fn every_neighbour_passes() {
    let root = tempfile::tempdir().unwrap();
    let mut faults = Vec::new();
    for case in corpus(&folder()) {
        let Some(neighbour) = &case.neighbour else {
            continue;
        };
        let path = root.path().join(case.path.file_name().unwrap());
        files::create_atomic(&path, neighbour, files::Mode::Private).unwrap();
        let had = |code: Code| case.expected.iter().any(|had| had.code == code.as_str());
        let left: Vec<String> = report(&path)
            .findings
            .iter()
            .filter(|found| found.severity == Severity::Error || had(found.code))
            .map(|found| format!("{}: {}", found.code, found.message))
            .collect();
        if !left.is_empty() {
            faults.push(format!("{}: {left:?}", case.name));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
