//! Whatever a variable file holds, it is read, judged and shown: no panic, no place outside the text, no secret.
//!
//! A test run takes a few hundred texts; `cargo xtask fuzz --inputs` takes them for minutes.

use std::path::{Path, PathBuf};

use em_infra_core::check::{Place, Report, Request, check};
use em_infra_core::inputs::CommandLineInput;
use proptest::prelude::*;
use proptest::sample::Index;

use super::{render, report, sarif};

const CANARY: &str = "c4n4ry";

/// Pieces that mean something to a parser.
const PIECES: [&str; 34] = [
    "\"",
    "'",
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    "=",
    "==",
    ":",
    ",",
    "\n",
    "\r\n",
    "\t",
    "#",
    "//",
    "/*",
    "*/",
    "<<E\n",
    "\nE\n",
    "${",
    "%{",
    "\\",
    "\\u00",
    "null",
    "true",
    "-",
    "1e999999999",
    "\u{feff}",
    "漢",
    "🦀",
    "\u{200b}",
    "\0",
];

/// Right and wrong files to begin with.
fn seeds() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/corpus");
    let mut seeds: Vec<String> = testkit::corpus(&folder)
        .iter()
        .filter_map(|case| std::fs::read_to_string(&case.path).ok())
        .collect();
    seeds.push(contract::generate::tfvars_example());
    seeds
}

/// A piece put in the place of so many characters.
#[derive(Debug, Clone)]
struct Cut {
    at: Index,
    length: usize,
    piece: String,
}

fn cuts() -> impl Strategy<Value = Vec<Cut>> {
    let piece = prop_oneof![
        4 => prop::sample::select(PIECES.to_vec()).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[ -~]{0,12}",
    ];
    let cut = (any::<Index>(), 0_usize..12, piece);
    let cut = cut.prop_map(|(at, length, piece)| Cut { at, length, piece });
    prop::collection::vec(cut, 0..6)
}

fn changed(seed: &str, cuts: &[Cut]) -> String {
    let mut chars: Vec<char> = seed.chars().collect();
    for cut in cuts {
        let at = cut.at.index(chars.len() + 1);
        let end = (at + cut.length).min(chars.len());
        chars.splice(at..end, cut.piece.chars());
    }
    chars.into_iter().collect()
}

/// A secret on a line of its own among the others.
fn with_canary(text: &str, at: Index) -> String {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let secret = format!("\nproxmox_api_token_secret = \"{CANARY} \"\n");
    lines.insert(at.index(lines.len() + 1), &secret);
    lines.concat()
}

fn judged(text: &str, ending: &str) -> Report {
    let root = tempfile::tempdir().unwrap();
    let path: PathBuf = root.path().join(format!("x.{ending}"));
    files::create_new(&path, text.as_bytes(), files::Mode::Private).unwrap();
    check(Request {
        root: root.path(),
        environment: &[],
        command_line: &[CommandLineInput::VarFile(path)],
    })
    .unwrap()
}

fn is_inside(report: &Report, place: &Place) -> bool {
    let text = &report.texts[place.text].text;
    text.get(place.span.0..place.span.1).is_some()
}

/// Everything that is ever shown of a report.
fn shown(report: &Report) -> String {
    let mut all: Vec<String> = report
        .findings
        .iter()
        .map(|found| render::finding(report, found, false))
        .collect();
    all.push(serde_json::to_string(&report::of(report, None)).unwrap());
    all.push(sarif::of(report).to_string());
    all.push(render::summary(report));
    all.concat()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_judged_and_shown(
        seed in prop::sample::select(seeds()),
        cuts in cuts(),
        canary in any::<Index>(),
        json in prop::bool::weighted(0.2),
    ) {
        let text = with_canary(&changed(&seed, &cuts), canary);
        let report = judged(&text, if json { "tfvars.json" } else { "tfvars" });
        for found in &report.findings {
            let places = found.place.iter().chain(found.related.iter().map(|(place, _)| place));
            for place in places {
                prop_assert!(is_inside(&report, place), "{found:?} in {text:?}");
            }
        }
        prop_assert_eq!(report.texts[0].text.matches('\n').count(), text.matches('\n').count());
        let shown = shown(&report);
        prop_assert!(!shown.contains(CANARY), "{text:?}\n{shown}");
    }
}
