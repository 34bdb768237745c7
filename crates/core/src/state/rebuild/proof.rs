//! The proof that a plan only takes over: each object is imported as it is, and nothing else happens.

use tf_run::plan::{Actions, Mode, Plan, ResourceChange};

use super::candidate::{Candidate, Doubt};
use crate::state::diff;

/// Everything that speaks against it; nothing where applying `plan` writes a state and no more.
///
/// A plan names every object of the configuration, also one that it leaves alone. Root outputs are made from the objects and may
/// come to the state with them.
pub(super) fn objections(plan: &Plan, candidates: &[Candidate]) -> Vec<Doubt> {
    let changes = plan
        .resource_changes
        .iter()
        .filter(|change| change.mode != Mode::Data);
    let mut doubts: Vec<Doubt> = changes
        .filter_map(|change| objection(change, candidates))
        .collect();
    let missing = candidates.iter().filter(|candidate| {
        let named = |change: &ResourceChange| change.address == candidate.address;
        !plan.resource_changes.iter().any(named)
    });
    doubts.extend(missing.map(|one| Doubt::new(&one.address, "the plan does not import it")));
    doubts.extend(of_the_whole(plan));
    doubts
}

fn objection(change: &ResourceChange, candidates: &[Candidate]) -> Option<Doubt> {
    let doubt = |why: String| Some(Doubt::new(&change.address, why));
    if !candidates.iter().any(|one| one.address == change.address) {
        return doubt("nothing on the host was found for it before".to_owned());
    }
    if let Some(from) = &change.previous_address {
        return doubt(format!("it would be moved from {from}"));
    }
    match &change.change.actions {
        Actions::NoOp if change.change.importing.is_some() => None,
        Actions::NoOp => doubt("the plan does not import it".to_owned()),
        Actions::Update => {
            let paths = diff::paths(&change.change.before, &change.change.after);
            doubt(format!(
                "the host differs from the configuration in {}",
                paths.join(", ")
            ))
        }
        other => doubt(format!("{other} is planned")),
    }
}

fn of_the_whole(plan: &Plan) -> Vec<Doubt> {
    let put_off = plan.deferred_changes.len() + plan.deferred_action_invocations.len();
    let table = [
        (plan.errored, "planning failed"),
        (
            plan.complete == Some(false),
            "the plan leaves something out",
        ),
        (put_off > 0, "something is put off to a later run"),
        (
            !plan.action_invocations.is_empty(),
            "the plan starts actions",
        ),
    ];
    let found = table.into_iter().filter(|(is_so, _)| *is_so);
    found.map(|(_, why)| Doubt::new("the plan", why)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn objections_to(members: &str) -> Vec<String> {
        let text = format!(r#"{{"format_version":"1.2","complete":true,{members}}}"#);
        let candidates = [Candidate {
            address: "t.a".to_owned(),
            import_id: "1".to_owned(),
        }];
        let found = objections(&Plan::parse(&text).unwrap(), &candidates);
        found.iter().map(ToString::to_string).collect()
    }

    fn change(address: &str, members: &str) -> String {
        format!(r#"{{"address":"{address}","type":"t","mode":"managed",{members}}}"#)
    }

    #[test]
    fn an_import_of_each_object_as_it_is_proves_it() {
        let import = change(
            "t.a",
            r#""change":{"actions":["no-op"],"importing":{"id":"1"}}"#,
        );
        let read = r#"{"address":"data.d.x","mode":"data","change":{"actions":["read"]}}"#;
        let outputs = r#""output_changes":{"o":{"actions":["create"],"after":1}}"#;
        let plan = format!(r#""resource_changes":[{import},{read}],{outputs}"#);
        assert_eq!(objections_to(&plan), Vec::<String>::new());
    }

    #[test]
    fn whatever_else_a_plan_does_is_named() {
        let same = r#""change":{"actions":["no-op"],"importing":{"id":"1"}}"#;
        let update = r#""change":{"actions":["update"],"importing":{"id":"1"},"before":{"m":1,"n":[1]},"after":{"m":2,"n":[1]}}"#;
        let table = [
            (String::new(), "t.a: the plan does not import it"),
            (
                change("t.a", r#""change":{"actions":["no-op"]}"#),
                "t.a: the plan does not import it",
            ),
            (
                change("t.a", update),
                "t.a: the host differs from the configuration in m",
            ),
            (
                change("t.a", r#""change":{"actions":["create"]}"#),
                "t.a: create is planned",
            ),
            (
                change(
                    "t.a",
                    r#""change":{"actions":["delete","create"],"importing":{"id":"1"}}"#,
                ),
                "t.a: replace (delete, then create) is planned",
            ),
            (
                change("t.a", &format!(r#""previous_address":"t.b",{same}"#)),
                "t.a: it would be moved from t.b",
            ),
            (
                format!(
                    "{},{}",
                    change("t.a", same),
                    change("t.b", r#""change":{"actions":["create"]}"#)
                ),
                "t.b: nothing on the host was found for it before",
            ),
        ];
        for (changes, expected) in table {
            let found = objections_to(&format!(r#""resource_changes":[{changes}]"#));
            assert_eq!(found, [expected], "{changes}");
        }
        let imported = format!(r#""resource_changes":[{}]"#, change("t.a", same));
        let whole = [
            (r#""errored":true"#, "the plan: planning failed"),
            (
                r#""deferred_changes":[{}]"#,
                "the plan: something is put off to a later run",
            ),
            (
                r#""action_invocations":[{}]"#,
                "the plan: the plan starts actions",
            ),
        ];
        for (member, expected) in whole {
            assert_eq!(objections_to(&format!("{imported},{member}")), [expected]);
        }
    }
}
