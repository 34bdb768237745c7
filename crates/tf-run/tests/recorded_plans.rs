//! Plans that a real Terraform made (`recordings/`), each with what makes it not quiet.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use std::fs;
use std::path::{Path, PathBuf};

use tf_run::Json;
use tf_run::plan::{CheckStatus, Plan, PlanExit, noise};

fn recordings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings")
}

fn text(case: &str, name: &str) -> String {
    fs::read_to_string(recordings().join(case).join(name)).unwrap()
}

fn plan(case: &str) -> Plan {
    Plan::parse(&text(case, "plan.json")).unwrap()
}

/// An errored plan has exit code 1; the question of its quiet comes up with `show` alone.
fn exit(case: &str) -> PlanExit {
    match text(case, "exit").trim() {
        "0" => PlanExit::NoChanges,
        _ => PlanExit::Changes,
    }
}

const NOISE: [(&str, &[&str]); 33] = [
    ("big-number", &["terraform_data.big: update"]),
    ("blind", &[]),
    ("check-fails", &[]),
    (
        "create",
        &[
            "terraform_data.a: create",
            "output known: create",
            "output secret: create",
            "output unknown: create",
        ],
    ),
    (
        "data-deferred",
        &[
            "data.terraform_remote_state.later: read (read because config unknown)",
            "terraform_data.a: update",
        ],
    ),
    (
        "delete",
        &["terraform_data.a[1]: delete (delete because count index)"],
    ),
    (
        "deposed",
        &[
            "terraform_data.a: a replaced object is still to be deleted",
            "terraform_data.b: replace (delete, then create) (replace because tainted)",
        ],
    ),
    ("drift-deleted", &["awkward_thing.one: create"]),
    ("drift-empty", &[]),
    (
        "drift-empty-refresh-only",
        &["Terraform contradicts itself: exit code changes, plan something to apply"],
    ),
    ("drift-ignored", &[]),
    ("drift-not-looked-at", &[]),
    ("drift-reordered", &[]),
    ("drift-reported-by-agent", &[]),
    (
        "drift-reported-by-agent-and-used",
        &["output addresses: update"],
    ),
    ("drift-reverted", &["awkward_thing.one: update"]),
    ("drift-sensitive", &[]),
    ("drift-unread", &[]),
    (
        "errored",
        &[
            "planning failed",
            "the plan leaves something out (-target?)",
        ],
    ),
    (
        "forget",
        &["terraform_data.a: forget (delete because no resource config)"],
    ),
    ("import-only", &["terraform_data.a: import"]),
    ("module-drift-empty", &[]),
    (
        "moved-only",
        &["terraform_data.new: moved from terraform_data.old"],
    ),
    ("never-settles", &["awkward_thing.one: update"]),
    (
        "output-only",
        &[
            "output added: create",
            "output gone: delete",
            "output name: update",
        ],
    ),
    ("output-timestamp", &["output now: update"]),
    (
        "replace",
        &[
            "terraform_data.a: replace (delete, then create) (replace because cannot update)",
            "terraform_data.b: replace (create, then delete) (replace because cannot update)",
        ],
    ),
    ("rewritten-by-provider", &["awkward_thing.one: update"]),
    (
        "tainted",
        &["terraform_data.a: replace (delete, then create) (replace because tainted)"],
    ),
    ("targeted", &["the plan leaves something out (-target?)"]),
    ("unchanged", &[]),
    ("update", &["terraform_data.a: update"]),
    ("write-only", &[]),
];

#[test]
fn each_plan_makes_the_noise_it_makes() {
    for (case, expected) in NOISE {
        let found: Vec<String> = noise(&plan(case), exit(case))
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn every_recording_is_in_the_table() {
    let mut found: Vec<String> = fs::read_dir(recordings())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    found.sort();
    assert_eq!(found, NOISE.map(|(case, _)| case));
}

#[test]
fn an_exit_code_that_denies_the_plan_is_a_contradiction() {
    for (case, denied, expected) in [
        (
            "unchanged",
            PlanExit::Changes,
            "Terraform contradicts itself: exit code changes, plan nothing to apply",
        ),
        (
            "update",
            PlanExit::NoChanges,
            "Terraform contradicts itself: exit code no changes, plan something to apply",
        ),
    ] {
        let found = noise(&plan(case), denied);
        assert_eq!(
            found.last().map(ToString::to_string).as_deref(),
            Some(expected),
            "{case}"
        );
    }
}

#[test]
fn numbers_beyond_f64_stay_apart() {
    let change = &plan("big-number").resource_changes[0].change;
    let number = |value: &Json| value.get("input").unwrap().get("number").unwrap().clone();
    assert_eq!(
        number(&change.before),
        Json::Number("9007199254740993".to_owned())
    );
    assert_eq!(
        number(&change.after),
        Json::Number("9007199254740992".to_owned())
    );
}

#[test]
fn unknown_and_sensitive_places_of_outputs_are_told() {
    let outputs = plan("create").output_changes;
    let facts = |name: &str| {
        let change = &outputs[name];
        (change.unknown_paths(), change.is_sensitive())
    };
    assert_eq!(facts("known"), (Vec::new(), false));
    assert_eq!(facts("secret"), (Vec::new(), true));
    assert_eq!(facts("unknown"), (vec!["id".to_owned()], false));
}

#[test]
fn a_failing_check_is_in_the_plan_that_terraform_calls_unchanged() {
    let plan = plan("check-fails");
    let check = &plan.checks[0];
    assert_eq!(
        (check.address.as_str(), check.status),
        ("check.quorum", CheckStatus::Fail)
    );
    assert_eq!(check.objects[0].messages, ["One is no quorum."]);
}

#[test]
fn drift_actions_and_deferrals_are_read_whatever_else_a_newer_format_adds() {
    let text = r#"{
        "format_version": "1.99", "novelty": {"x": [1]}, "applyable": true, "complete": false,
        "resource_drift": [{"address": "a.b", "mode": "list", "change":
            {"actions": ["update"], "before": {"t": null}, "after": {"t": {}}, "novelty": 1}}],
        "resource_changes": [{"address": "a.b", "change": {"actions": ["dance"]}}],
        "action_invocations": [{"address": "action.x.y"}],
        "deferred_changes": [{"reason": "unknown"}],
        "checks": [{"address": {"to_display": "check.x"}, "status": "novel"}]
    }"#;
    let plan = Plan::parse(text).unwrap();
    assert_eq!(
        plan.resource_drift[0].change.after.get("t"),
        Some(&Json::Object([].into()))
    );
    assert_eq!(plan.checks[0].status, CheckStatus::Unknown);
    let found: Vec<String> = noise(&plan, PlanExit::Changes)
        .iter()
        .map(ToString::to_string)
        .collect();
    let expected = [
        "a.b: dance",
        "1 put off to a later run",
        "1 actions to start",
        "the plan leaves something out (-target?)",
    ];
    assert_eq!(found, expected);
}

#[test]
fn another_major_format_is_refused_by_its_number() {
    let table = [
        (
            r#"{"format_version":"2.0","resource_changes":7}"#,
            "the plan has format version 2.0, and this em-infra reads 1.x",
        ),
        (
            r#"{"format_version":"1"}"#,
            "failed to read the plan that Terraform printed",
        ),
        ("{}", "failed to read the plan that Terraform printed"),
        ("", "failed to read the plan that Terraform printed"),
    ];
    for (text, expected) in table {
        assert_eq!(
            Plan::parse(text).unwrap_err().to_string(),
            expected,
            "{text}"
        );
    }
}
