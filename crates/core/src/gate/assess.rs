//! From what was seen to what is said; a pure function.

use tf_run::plan::{Actions, CheckStatus, Noise, Plan, PlanExit, Refresh, ResourceChange, noise};

use super::{Level, LiveRead, OutputFault, Reason, Source, Verdict};
use crate::difference::{Context, Difference, classify, write_only};

/// A plan made after the apply.
#[derive(Debug)]
pub struct PlanEvidence<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What Terraform's exit code says about it.
    pub exit: PlanExit,
}

/// What was seen after the apply.
#[derive(Debug)]
pub struct Evidence<'a> {
    /// The second plan.
    pub second: PlanEvidence<'a>,
    /// How much of the state it read.
    pub refresh: &'a Refresh,
    /// The plan without reading.
    pub unrefreshed: PlanEvidence<'a>,
    /// Whether the state file stayed the same while both were made.
    pub state_stayed: bool,
    /// Inputs that are not what they were at the apply.
    pub moved_inputs: Vec<String>,
    /// Promised outputs that are not as promised.
    pub output_faults: Vec<OutputFault>,
    /// What an independent read of the real objects says; none where nobody looked.
    pub live: Option<&'a LiveRead>,
    /// What differences are judged by.
    pub context: &'a Context,
}

/// What follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The verdict.
    pub verdict: Verdict,
    /// How far it reaches; none where not even the plans are empty and trustworthy.
    pub level: Option<Level>,
    /// What speaks against a pass, the gravest first.
    pub reasons: Vec<Reason>,
    /// Every difference, with what is known about it.
    pub differences: Vec<(Source, Difference)>,
    /// Checks that only an apply could decide: no fault, and no proof.
    pub undecided: Vec<String>,
    /// Write-only arguments: whatever they are set to, a plan is the same.
    pub write_only: Vec<String>,
}

/// Judges the evidence.
pub fn assess(evidence: &Evidence<'_>) -> Assessment {
    let (changed, explained) = split(noises(evidence));
    let blind = distrust(evidence);
    let (drifted, absorbed) = split(drifts(evidence));
    let unsettled = [drifted, unsettled(evidence)].concat();
    let is_quiet = changed.is_empty() && explained.is_empty() && blind.is_empty();
    let level = match (is_quiet, unsettled.is_empty()) {
        (false, _) => None,
        (true, false) => Some(Level::Quiet),
        (true, true) => Some(proven(evidence)),
    };
    let disagreements = disagreements(evidence);
    let reasons: Vec<Reason> = [
        changed,
        blind,
        disagreements,
        unsettled,
        explained,
        absorbed,
    ]
    .concat();
    let verdict = reasons.first().map_or(Verdict::Pass, Reason::verdict);
    Assessment {
        verdict,
        level,
        reasons,
        differences: differences(evidence),
        undecided: undecided(evidence.second.plan),
        write_only: write_only(evidence.second.plan),
    }
}

/// An independent read that agrees lifts what is settled; one that does not leaves it there.
fn proven(evidence: &Evidence<'_>) -> Level {
    match evidence.live {
        Some(LiveRead::Done { mismatches, .. }) if mismatches.is_empty() => Level::Proved,
        Some(LiveRead::Done { .. } | LiveRead::NotPossible(_)) | None => Level::Settled,
    }
}

fn disagreements(evidence: &Evidence<'_>) -> Vec<Reason> {
    match evidence.live {
        Some(LiveRead::Done { mismatches, .. }) => {
            mismatches.iter().cloned().map(Reason::Live).collect()
        }
        Some(LiveRead::NotPossible(_)) | None => Vec::new(),
    }
}

/// What stays a fault, and what rules explain.
fn split(reasons: Vec<Reason>) -> (Vec<Reason>, Vec<Reason>) {
    reasons
        .into_iter()
        .partition(|reason| !matches!(reason, Reason::Explained { .. }))
}

fn noises(evidence: &Evidence<'_>) -> Vec<Reason> {
    let of = |seen: &PlanEvidence<'_>, source| {
        let found = noise(seen.plan, seen.exit).into_iter();
        found
            .map(|noise| {
                explained_update(seen.plan, &noise, source, evidence.context)
                    .unwrap_or(Reason::Noise { source, noise })
            })
            .collect::<Vec<_>>()
    };
    [
        of(&evidence.second, Source::SecondPlan),
        of(&evidence.unrefreshed, Source::PlanWithoutRefresh),
    ]
    .concat()
}

/// An update in place all of whose parts are explained.
fn explained_update(
    plan: &Plan,
    noise: &Noise,
    source: Source,
    context: &Context,
) -> Option<Reason> {
    let Noise::Resource {
        address,
        actions: Actions::Update,
        ..
    } = noise
    else {
        return None;
    };
    let mut changes = plan.resource_changes.iter();
    let resource = changes.find(|change| change.address == *address && change.deposed.is_none())?;
    explained(resource, plan, source, context)
}

fn explained(
    resource: &ResourceChange,
    plan: &Plan,
    source: Source,
    context: &Context,
) -> Option<Reason> {
    let found = classify(resource, plan, context);
    let mut rules: Vec<&'static str> = found.iter().map(Difference::rule).collect::<Option<_>>()?;
    rules.sort_unstable();
    rules.dedup();
    // Terraform says that something differs, and nothing does: no rule knows such a thing.
    (!rules.is_empty()).then(|| Reason::Explained {
        source,
        address: resource.address.clone(),
        rules,
    })
}

fn differences(evidence: &Evidence<'_>) -> Vec<(Source, Difference)> {
    let of = |plan: &Plan, resources: &[ResourceChange], source| {
        let changing = resources
            .iter()
            .filter(|resource| resource.change.actions == Actions::Update);
        changing
            .flat_map(|resource| classify(resource, plan, evidence.context))
            .map(|difference| (source, difference))
            .collect::<Vec<_>>()
    };
    let (second, third) = (evidence.second.plan, evidence.unrefreshed.plan);
    [
        of(second, &second.resource_changes, Source::SecondPlan),
        of(third, &third.resource_changes, Source::PlanWithoutRefresh),
        of(second, &second.resource_drift, Source::Drift),
    ]
    .concat()
}

fn distrust(evidence: &Evidence<'_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if !evidence.refresh.is_proven() {
        reasons.push(Reason::NotRead {
            addresses: evidence.refresh.missing.clone(),
        });
    }
    if !evidence.state_stayed {
        reasons.push(Reason::StateMoved);
    }
    if !evidence.moved_inputs.is_empty() {
        reasons.push(Reason::InputsMoved {
            files: evidence.moved_inputs.clone(),
        });
    }
    reasons
}

fn unsettled(evidence: &Evidence<'_>) -> Vec<Reason> {
    let plan = evidence.second.plan;
    let checks = plan.checks.iter().filter_map(|check| match check.status {
        CheckStatus::Pass | CheckStatus::Unknown => None,
        CheckStatus::Fail | CheckStatus::Error => Some(Reason::Check {
            address: check.address.clone(),
            messages: check
                .objects
                .iter()
                .flat_map(|object| object.messages.clone())
                .collect(),
        }),
    });
    let outputs = evidence.output_faults.iter().cloned().map(Reason::Output);
    checks.chain(outputs).collect()
}

fn drifts(evidence: &Evidence<'_>) -> Vec<Reason> {
    let plan = evidence.second.plan;
    let of = |resource: &ResourceChange| {
        explained(resource, plan, Source::Drift, evidence.context)
            .unwrap_or_else(|| drift(resource))
    };
    plan.resource_drift.iter().map(of).collect()
}

fn drift(resource: &ResourceChange) -> Reason {
    let what = match resource.change.actions {
        tf_run::plan::Actions::Delete => "deleted".to_owned(),
        tf_run::plan::Actions::Update => "changed".to_owned(),
        ref other => format!("{other}"),
    };
    Reason::Drift {
        address: resource.address.clone(),
        what,
    }
}

fn undecided(plan: &Plan) -> Vec<String> {
    let unknown = plan
        .checks
        .iter()
        .filter(|check| check.status == CheckStatus::Unknown);
    unknown.map(|check| check.address.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUIET: &str = r#""applyable": false, "complete": true, "errored": false"#;

    struct Case {
        second: &'static str,
        unrefreshed: &'static str,
        missing: &'static [&'static str],
        state_stayed: bool,
        moved: &'static [&'static str],
        faults: Vec<OutputFault>,
        live: Option<LiveRead>,
    }

    const CLEAN: Case = Case {
        second: QUIET,
        unrefreshed: QUIET,
        missing: &[],
        state_stayed: true,
        moved: &[],
        faults: Vec::new(),
        live: None,
    };

    fn owned(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn judge(case: &Case) -> (Verdict, Option<Level>, Vec<String>) {
        let plan = |members: &str| {
            let text = format!(r#"{{"format_version": "1.2", {members}}}"#);
            let plan = Plan::parse(&text).unwrap();
            let exit = match plan.applyable {
                Some(true) => PlanExit::Changes,
                _ => PlanExit::NoChanges,
            };
            (plan, exit)
        };
        let ((second, second_exit), (third, third_exit)) =
            (plan(case.second), plan(case.unrefreshed));
        let missing = owned(case.missing);
        let context = Context {
            versions: [].into(),
            upgraded: [].into(),
            today: time::macros::date!(2026 - 11 - 23),
        };
        let refresh = Refresh {
            expected: 3,
            completed: 3 - missing.len(),
            missing,
        };
        let assessment = assess(&Evidence {
            second: PlanEvidence {
                plan: &second,
                exit: second_exit,
            },
            refresh: &refresh,
            unrefreshed: PlanEvidence {
                plan: &third,
                exit: third_exit,
            },
            state_stayed: case.state_stayed,
            moved_inputs: owned(case.moved),
            output_faults: case.faults.clone(),
            live: case.live.as_ref(),
            context: &context,
        });
        let reasons = assessment.reasons.iter().map(ToString::to_string).collect();
        (assessment.verdict, assessment.level, reasons)
    }

    const UPDATE: &str = r#""applyable": true, "complete": true, "resource_changes":
        [{"address": "a.b", "change": {"actions": ["update"]}}]"#;

    const DRIFTED: &str = r#""applyable": false, "complete": true, "resource_drift":
        [{"address": "a.b", "change": {"actions": ["update"]}},
         {"address": "a.c", "change": {"actions": ["delete"]}}]"#;

    const FAILING: &str = r#""applyable": false, "complete": true, "checks":
        [{"address": {"to_display": "check.quorum"}, "status": "fail", "instances":
          [{"address": {"to_display": "check.quorum"}, "status": "fail",
            "problems": [{"message": "One is no quorum."}]}]},
         {"address": {"to_display": "check.later"}, "status": "unknown"}]"#;

    fn fault() -> Vec<OutputFault> {
        vec![OutputFault::Missing {
            name: "map".to_owned(),
        }]
    }

    #[test]
    fn nothing_found_is_a_pass() {
        assert_eq!(
            judge(&CLEAN),
            (Verdict::Pass, Some(Level::Settled), Vec::new())
        );
    }

    #[test]
    fn noise_in_either_plan_is_a_change() {
        let table = [
            (
                Case {
                    second: UPDATE,
                    ..CLEAN
                },
                "second plan: a.b: update",
            ),
            (
                Case {
                    unrefreshed: UPDATE,
                    ..CLEAN
                },
                "plan with -refresh=false: a.b: update",
            ),
        ];
        for (case, reason) in table {
            assert_eq!(judge(&case), (Verdict::Changed, None, owned(&[reason])));
        }
    }

    #[test]
    fn an_empty_plan_on_moving_ground_is_blind() {
        let table = [
            (
                Case {
                    missing: &["a.b", "a.c"],
                    ..CLEAN
                },
                "the second plan did not read a.b, a.c",
            ),
            (
                Case {
                    state_stayed: false,
                    ..CLEAN
                },
                "the state file changed while plans were made",
            ),
            (
                Case {
                    moved: &["main.tf"],
                    ..CLEAN
                },
                "changed on the way: main.tf",
            ),
        ];
        for (case, reason) in table {
            assert_eq!(judge(&case), (Verdict::Blind, None, owned(&[reason])));
        }
    }

    #[test]
    fn drift_failing_checks_and_broken_outputs_leave_it_quiet_but_not_settled() {
        let quiet = Some(Level::Quiet);
        let drifted = [
            "a.b: changed outside of Terraform",
            "a.c: deleted outside of Terraform",
        ];
        let found = judge(&Case {
            second: DRIFTED,
            ..CLEAN
        });
        assert_eq!(found, (Verdict::Drift, quiet, owned(&drifted)));
        let found = judge(&Case {
            second: FAILING,
            ..CLEAN
        });
        let failing = owned(&["check.quorum: One is no quorum."]);
        assert_eq!(found, (Verdict::Unsettled, quiet, failing));
        let found = judge(&Case {
            faults: fault(),
            ..CLEAN
        });
        assert_eq!(
            found,
            (Verdict::Unsettled, quiet, owned(&["output map is missing"]))
        );
    }

    const ABSORBED: &str = r#""applyable": false, "complete": true,
        "configuration": {"root_module": {"resources": [{"address": "t.n", "expressions": {}}]}},
        "resource_drift": [{"address": "t.n", "type": "t", "name": "n", "change":
            {"actions": ["update"], "before": {"labels": null}, "after": {"labels": {}}}}]"#;

    #[test]
    fn a_difference_that_a_rule_explains_is_said_to_be_explained_and_is_no_pass() {
        let reason = "changed outside of Terraform: t.n: explained by nothing-in-two-forms";
        let found = judge(&Case {
            second: ABSORBED,
            ..CLEAN
        });
        let expected = (Verdict::Explained, Some(Level::Settled), owned(&[reason]));
        assert_eq!(found, expected);
    }

    #[test]
    fn only_an_independent_read_that_agrees_proves() {
        let seen = |mismatches| {
            Some(LiveRead::Done {
                machines: 3,
                host: "h".to_owned(),
                mismatches,
                beside: Vec::new(),
            })
        };
        let agreed = Case {
            live: seen(Vec::new()),
            ..CLEAN
        };
        assert_eq!(
            judge(&agreed),
            (Verdict::Pass, Some(Level::Proved), Vec::new())
        );
        let gone = crate::drift::Mismatch {
            vmid: 8010,
            machine: "VM 8010 k3s-dev-worker-1".to_owned(),
            what: crate::drift::Wrong::Gone,
        };
        let denied = Case {
            live: seen(vec![gone]),
            ..CLEAN
        };
        let reason = "live: VM 8010 k3s-dev-worker-1 is gone from the host";
        let expected = (Verdict::Drift, Some(Level::Settled), owned(&[reason]));
        assert_eq!(judge(&denied), expected);
        let blind = Case {
            live: Some(LiveRead::NotPossible("no access".to_owned())),
            ..CLEAN
        };
        assert_eq!(
            judge(&blind),
            (Verdict::Pass, Some(Level::Settled), Vec::new())
        );
    }

    #[test]
    fn the_gravest_finding_decides_and_all_are_told() {
        let case = Case {
            second: UPDATE,
            missing: &["a.b"],
            faults: fault(),
            ..CLEAN
        };
        let reasons = [
            "second plan: a.b: update",
            "the second plan did not read a.b",
            "output map is missing",
        ];
        assert_eq!(judge(&case), (Verdict::Changed, None, owned(&reasons)));
    }
}
