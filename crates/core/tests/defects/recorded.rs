//! Defects in plans that a real Terraform made: judged as the second plan of a gate.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use em_infra_core::difference::Context;
use em_infra_core::gate::{Evidence, PlanEvidence, Verdict, assess};
use tf_run::plan::{Plan, PlanExit, Refresh};
use time::macros::date;

use crate::all_caught;

/// Recordings that a gate must not pass.
const DEFECTS: [&str; 24] = [
    "blind",
    "check-fails",
    "create",
    "data-deferred",
    "delete",
    "deposed",
    "drift-deleted",
    "drift-ignored",
    "drift-not-looked-at",
    "drift-reordered",
    "drift-reported-by-agent-and-used",
    "drift-reverted",
    "drift-sensitive",
    "errored",
    "forget",
    "import-only",
    "moved-only",
    "never-settles",
    "output-only",
    "output-timestamp",
    "replace",
    "rewritten-by-provider",
    "tainted",
    "targeted",
];

fn plan(case: &str) -> (Plan, PlanExit, Refresh) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tf-run/tests/recordings");
    let text = |name| fs::read_to_string(folder.join(case).join(name)).unwrap();
    let plan = Plan::parse(&text("plan.json")).unwrap();
    let exit = match text("exit").trim() {
        "0" => PlanExit::NoChanges,
        _ => PlanExit::Changes,
    };
    let mut read = BTreeMap::new();
    for address in text("refreshed").lines() {
        *read.entry(address.to_owned()).or_default() += 1;
    }
    let refresh = Refresh::of(&plan, &read);
    (plan, exit, refresh)
}

/// The verdict where one of the two plans is the recording and the other one is quiet.
fn verdict(case: &str, refreshed: bool) -> Verdict {
    let ((bad, bad_exit, bad_read), (good, good_exit, good_read)) = (plan(case), plan("unchanged"));
    let bad = PlanEvidence {
        plan: &bad,
        exit: bad_exit,
    };
    let good = PlanEvidence {
        plan: &good,
        exit: good_exit,
    };
    let (second, unrefreshed, refresh) = if refreshed {
        (bad, good, &bad_read)
    } else {
        (good, bad, &good_read)
    };
    let context = Context {
        versions: [].into(),
        upgraded: [].into(),
        today: date!(2026 - 11 - 23),
    };
    assess(&Evidence {
        second,
        refresh,
        unrefreshed,
        state_stayed: true,
        moved_inputs: Vec::new(),
        output_faults: Vec::new(),
        live: None,
        context: &context,
    })
    .verdict
}

#[test]
fn defects_in_recorded_plans_are_caught() {
    let passes = |case: &&&str| verdict(case, true) == Verdict::Pass;
    let escaped: Vec<String> = DEFECTS
        .iter()
        .filter(passes)
        .map(|case| (*case).to_owned())
        .collect();
    all_caught("in recorded plans", DEFECTS.len(), &escaped);
}

#[test]
fn a_change_in_the_plan_that_does_not_look_is_caught_too() {
    for case in [
        "create",
        "update",
        "never-settles",
        "output-only",
        "targeted",
    ] {
        assert_eq!(verdict(case, false), Verdict::Changed, "{case}");
    }
    assert_eq!(verdict("unchanged", true), Verdict::Pass);
}
