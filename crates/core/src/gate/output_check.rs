//! The promise on outputs: known at plan, never null, the same after apply.

use std::collections::BTreeSet;
use std::fmt;

use tf_run::Json;
use tf_run::plan::{Actions, Plan};

/// How an output breaks the promise. Values are not told: they may be secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputFault {
    /// There is no such output.
    Missing {
        /// Its name.
        name: String,
    },
    /// Parts of it were known only after apply.
    UnknownAtPlan {
        /// Its name.
        name: String,
        /// The parts; empty for the whole.
        paths: Vec<String>,
    },
    /// Parts of it are null.
    Null {
        /// Its name.
        name: String,
        /// The parts; empty for the whole.
        paths: Vec<String>,
    },
    /// It is not what the plan said.
    Differs {
        /// Its name.
        name: String,
    },
}

/// Compares the outputs in `promised` as the plan that was applied says and as a plan after the apply found them in the state:
/// the same there as `terraform output` shows, wherever the state is kept, without another start of Terraform.
pub(super) fn faults(promised: &BTreeSet<String>, plan: &Plan, after: &Plan) -> Vec<OutputFault> {
    promised
        .iter()
        .flat_map(|name| faults_of(name, plan, after))
        .collect()
}

fn faults_of(name: &str, plan: &Plan, after: &Plan) -> Vec<OutputFault> {
    let planned = plan.output_changes.get(name);
    let name = name.to_owned();
    let (Some(planned), Some(made)) = (planned, made(&name, after)) else {
        return vec![OutputFault::Missing { name }];
    };
    let mut faults = Vec::new();
    let unknown = planned.unknown_paths();
    if !unknown.is_empty() {
        faults.push(OutputFault::UnknownAtPlan {
            name: name.clone(),
            paths: unknown,
        });
    } else if planned.after != *made {
        faults.push(OutputFault::Differs { name: name.clone() });
    }
    let paths = made.paths_where(&|value| *value == Json::Null);
    if !paths.is_empty() {
        faults.push(OutputFault::Null { name, paths });
    }
    faults
}

/// What the state held when `plan` was made; none where it held no such output.
fn made<'p>(name: &str, plan: &'p Plan) -> Option<&'p Json> {
    let change = plan.output_changes.get(name)?;
    (change.actions != Actions::Create).then_some(&change.before)
}

impl fmt::Display for OutputFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { name } => write!(f, "output {name} is missing"),
            Self::UnknownAtPlan { name, paths } => {
                write!(f, "output {name} was not known at plan{}", places(paths))
            }
            Self::Null { name, paths } => write!(f, "output {name} is null{}", places(paths)),
            Self::Differs { name } => write!(f, "output {name} is not what the plan said"),
        }
    }
}

fn places(paths: &[String]) -> String {
    match paths {
        [whole] if whole.is_empty() => String::new(),
        paths => format!(" at {}", paths.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"{"format_version": "1.2", "output_changes": {
        "same":    {"actions": ["create"], "after": [9007199254740993], "after_unknown": false},
        "other":   {"actions": ["update"], "after": [9007199254740993], "after_unknown": false},
        "late":    {"actions": ["create"], "after": {"a": 1}, "after_unknown": {"id": true}},
        "wholly":  {"actions": ["create"], "after_unknown": true},
        "lost":    {"actions": ["no-op"], "after": "x", "after_unknown": false},
        "nothing": {"actions": ["no-op"], "after": null, "after_unknown": false},
        "holes":   {"actions": ["no-op"], "after": [{"ip": null}], "after_unknown": false}
    }}"#;

    const AFTER: &str = r#"{"format_version": "1.2", "output_changes": {
        "same":    {"actions": ["no-op"], "before": [9007199254740993]},
        "other":   {"actions": ["no-op"], "before": [9007199254740992]},
        "late":    {"actions": ["update"], "before": {"a": 1, "id": "x"}, "after": {"a": 1, "id": "y"}},
        "wholly":  {"actions": ["no-op"], "before": 1},
        "nothing": {"actions": ["no-op"], "before": null},
        "holes":   {"actions": ["no-op"], "before": [{"ip": null}]},
        "lost":    {"actions": ["create"], "before": null, "after": "x"},
        "unasked": {"actions": ["no-op"], "before": null}
    }}"#;

    #[test]
    fn each_broken_promise_is_named() {
        let promised = [
            "same", "other", "late", "wholly", "nothing", "holes", "lost", "gone",
        ];
        let promised = promised.map(str::to_owned).into();
        let (plan, after) = (Plan::parse(PLAN).unwrap(), Plan::parse(AFTER).unwrap());
        let found: Vec<String> = faults(&promised, &plan, &after)
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "output gone is missing",
            "output holes is null at [0].ip",
            "output late was not known at plan at id",
            "output lost is missing",
            "output nothing is null",
            "output other is not what the plan said",
            "output wholly was not known at plan",
        ];
        assert_eq!(found, expected);
    }
}
