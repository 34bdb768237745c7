//! From what was seen to what is said; a pure function.

use tf_run::plan::{CheckStatus, Plan, PlanExit, Refresh, ResourceChange, noise};

use super::{Level, OutputFault, Reason, Verdict};

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
    /// Checks that only an apply could decide: no fault, and no proof.
    pub undecided: Vec<String>,
}

/// Judges the evidence.
pub fn assess(evidence: &Evidence<'_>) -> Assessment {
    let changed = noises(evidence);
    let blind = distrust(evidence);
    let unsettled = unsettled(evidence);
    let level = match (changed.is_empty() && blind.is_empty(), unsettled.is_empty()) {
        (false, _) => None,
        (true, false) => Some(Level::Quiet),
        (true, true) => Some(Level::Settled),
    };
    let reasons: Vec<Reason> = [changed, blind, unsettled].concat();
    let verdict = reasons.first().map_or(Verdict::Pass, Reason::verdict);
    Assessment {
        verdict,
        level,
        reasons,
        undecided: undecided(evidence.second.plan),
    }
}

fn noises(evidence: &Evidence<'_>) -> Vec<Reason> {
    let of = |seen: &PlanEvidence<'_>, refreshed| {
        let found = noise(seen.plan, seen.exit).into_iter();
        found
            .map(move |noise| Reason::Noise { refreshed, noise })
            .collect::<Vec<_>>()
    };
    [of(&evidence.second, true), of(&evidence.unrefreshed, false)].concat()
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
    let drift = plan.resource_drift.iter().map(drift);
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
    drift.chain(checks).chain(outputs).collect()
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
    }

    const CLEAN: Case = Case {
        second: QUIET,
        unrefreshed: QUIET,
        missing: &[],
        state_stayed: true,
        moved: &[],
        faults: Vec::new(),
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
