//! The verdict on each plan that a real Terraform made (`crates/tf-run/tests/recordings`), as if it were the
//! second plan of a gate.
//!
//! What Terraform's exit code alone would say stands beside it: in every row where that is 0 and the verdict is
//! not `pass`, a test of the exit code is fooled.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use em_infra_core::difference::Context;
use em_infra_core::gate::{Assessment, Evidence, Level, PlanEvidence, Verdict, assess};
use tf_run::plan::{Plan, PlanExit, Refresh};
use time::macros::date;

/// Case, Terraform's exit code, verdict, level.
const MATRIX: [(&str, &str, Verdict, Option<Level>); 33] = [
    ("big-number", "2", Verdict::Changed, None),
    ("blind", "0", Verdict::Blind, None),
    ("check-fails", "0", Verdict::Unsettled, Some(Level::Quiet)),
    ("create", "2", Verdict::Changed, None),
    ("data-deferred", "2", Verdict::Changed, None),
    ("delete", "2", Verdict::Changed, None),
    ("deposed", "2", Verdict::Changed, None),
    ("drift-deleted", "2", Verdict::Changed, None),
    ("drift-empty", "0", Verdict::Explained, Some(Level::Settled)),
    ("drift-empty-refresh-only", "2", Verdict::Changed, None),
    ("drift-ignored", "0", Verdict::Drift, Some(Level::Quiet)),
    ("drift-not-looked-at", "0", Verdict::Blind, None),
    ("drift-reordered", "0", Verdict::Drift, Some(Level::Quiet)),
    (
        "drift-reported-by-agent",
        "0",
        Verdict::Drift,
        Some(Level::Quiet),
    ),
    (
        "drift-reported-by-agent-and-used",
        "2",
        Verdict::Changed,
        None,
    ),
    ("drift-reverted", "2", Verdict::Changed, None),
    ("drift-sensitive", "0", Verdict::Drift, Some(Level::Quiet)),
    // The provider does not read the object: only a read without it can tell.
    ("drift-unread", "0", Verdict::Pass, Some(Level::Settled)),
    ("errored", "1", Verdict::Changed, None),
    ("forget", "2", Verdict::Changed, None),
    ("import-only", "2", Verdict::Changed, None),
    (
        "module-drift-empty",
        "0",
        Verdict::Explained,
        Some(Level::Settled),
    ),
    ("moved-only", "2", Verdict::Changed, None),
    ("never-settles", "2", Verdict::Changed, None),
    ("output-only", "2", Verdict::Changed, None),
    ("output-timestamp", "2", Verdict::Changed, None),
    ("replace", "2", Verdict::Changed, None),
    ("rewritten-by-provider", "2", Verdict::Changed, None),
    ("tainted", "2", Verdict::Changed, None),
    ("targeted", "0", Verdict::Changed, None),
    ("unchanged", "0", Verdict::Pass, Some(Level::Settled)),
    ("update", "2", Verdict::Changed, None),
    // No plan can show a change of a write-only value: it is named as not checked.
    ("write-only", "0", Verdict::Pass, Some(Level::Settled)),
];

fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tf-run/tests/recordings")
}

fn text(case: &str, name: &str) -> String {
    fs::read_to_string(recordings().join(case).join(name)).unwrap()
}

/// How often each address was read.
fn refreshed(case: &str) -> BTreeMap<String, u32> {
    let mut read = BTreeMap::new();
    for address in text(case, "refreshed").lines() {
        *read.entry(address.to_owned()).or_default() += 1;
    }
    read
}

fn judged(case: &str) -> Assessment {
    let plan = Plan::parse(&text(case, "plan.json")).unwrap();
    let exit = match text(case, "exit").trim() {
        "0" => PlanExit::NoChanges,
        _ => PlanExit::Changes,
    };
    let quiet = Plan::parse(&text("unchanged", "plan.json")).unwrap();
    assess(&Evidence {
        second: PlanEvidence { plan: &plan, exit },
        refresh: &Refresh::of(&plan, &refreshed(case)),
        unrefreshed: PlanEvidence {
            plan: &quiet,
            exit: PlanExit::NoChanges,
        },
        state_stayed: true,
        moved_inputs: Vec::new(),
        output_faults: Vec::new(),
        live: None,
        context: &Context {
            versions: [].into(),
            upgraded: [].into(),
            today: date!(2026 - 11 - 23),
        },
    })
}

#[test]
fn each_recorded_plan_gets_its_verdict() {
    for (case, code, verdict, level) in MATRIX {
        let found = judged(case);
        let said = (
            text(case, "exit").trim().to_owned(),
            found.verdict,
            found.level,
        );
        let expected = (code.to_owned(), verdict, level);
        assert_eq!(said, expected, "{case}: {:?}", found.reasons);
    }
}

#[test]
fn every_recording_is_in_the_matrix() {
    let mut found: Vec<String> = fs::read_dir(recordings())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, MATRIX.map(|(case, ..)| case));
}

/// The differences of a recording, in words.
fn told(case: &str) -> Vec<String> {
    let found = judged(case).differences.into_iter();
    found
        .map(|(source, difference)| format!("{source}: {difference} {:?}", difference.values))
        .collect()
}

#[test]
fn each_difference_is_told_with_address_place_and_why_and_values_only_where_they_may_be_seen() {
    let outside = "changed outside of Terraform: awkward_thing.one";
    let table = [
        (
            "drift-ignored",
            format!("{outside}.text: no rule explains it Some((\"\\\"as made\\\"\", \"\\\"edited by hand\\\"\"))"),
        ),
        (
            "drift-sensitive",
            format!("{outside}.text: sensitive, so never explained None"),
        ),
        (
            "module-drift-empty",
            "changed outside of Terraform: module.below[\"a.b\"].awkward_thing.one[\"x\"].labels: \
             explained by nothing-in-two-forms (N1): Terraform keeps null, \"\", [] and {} apart; most \
             servers do not Some((\"null\", \"{}\"))"
                .to_owned(),
        ),
        (
            "never-settles",
            "second plan: awkward_thing.one.stamp: no rule explains it \
             Some((\"\\\"made\\\"\", \"(known after apply)\"))"
                .to_owned(),
        ),
    ];
    for (case, expected) in table {
        assert_eq!(told(case), [expected], "{case}");
    }
}

#[test]
fn write_only_arguments_are_named_since_no_plan_shows_them() {
    assert_eq!(
        judged("write-only").write_only,
        ["awkward_thing.one.password_wo"]
    );
    assert_eq!(judged("unchanged").write_only, Vec::<String>::new());
}
