//! The promise on outputs: known at plan, never null, the same after apply.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use tf_run::plan::Plan;
use tf_run::{Json, OutputValue};

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

/// Compares the outputs in `promised` as planned and as made.
pub(super) fn faults(
    promised: &BTreeSet<String>,
    plan: &Plan,
    made: &BTreeMap<String, OutputValue>,
) -> Vec<OutputFault> {
    promised
        .iter()
        .flat_map(|name| faults_of(name, plan, made))
        .collect()
}

fn faults_of(name: &str, plan: &Plan, made: &BTreeMap<String, OutputValue>) -> Vec<OutputFault> {
    let name = name.to_owned();
    let (Some(planned), Some(made)) = (plan.output_changes.get(&name), made.get(&name)) else {
        return vec![OutputFault::Missing { name }];
    };
    let mut faults = Vec::new();
    let unknown = planned.unknown_paths();
    if !unknown.is_empty() {
        faults.push(OutputFault::UnknownAtPlan {
            name: name.clone(),
            paths: unknown,
        });
    } else if planned.after != made.value {
        faults.push(OutputFault::Differs { name: name.clone() });
    }
    let paths = made.value.paths_where(&|value| *value == Json::Null);
    if !paths.is_empty() {
        faults.push(OutputFault::Null { name, paths });
    }
    faults
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
        "nothing": {"actions": ["no-op"], "after": null, "after_unknown": false},
        "holes":   {"actions": ["no-op"], "after": [{"ip": null}], "after_unknown": false}
    }}"#;

    const MADE: &str = r#"{
        "same": {"value": [9007199254740993]}, "other": {"value": [9007199254740992]},
        "late": {"value": {"a": 1, "id": "x"}}, "wholly": {"value": 1},
        "nothing": {"value": null}, "holes": {"value": [{"ip": null}]}, "unasked": {"value": null}
    }"#;

    #[test]
    fn each_broken_promise_is_named() {
        let promised = [
            "same", "other", "late", "wholly", "nothing", "holes", "gone",
        ];
        let promised = promised.map(str::to_owned).into();
        let (plan, made) = (
            Plan::parse(PLAN).unwrap(),
            serde_json::from_str(MADE).unwrap(),
        );
        let found: Vec<String> = faults(&promised, &plan, &made)
            .iter()
            .map(ToString::to_string)
            .collect();
        let expected = [
            "output gone is missing",
            "output holes is null at [0].ip",
            "output late was not known at plan at id",
            "output nothing is null",
            "output other is not what the plan said",
            "output wholly was not known at plan",
        ];
        assert_eq!(found, expected);
    }
}
