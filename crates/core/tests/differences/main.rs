//! The rules that explain differences: each has a difference that it explains and one that it must not.
//!
//! Fixtures of other providers are the changes that the issues named by the rules show; the plans around
//! them are put together here. Plans of a real Terraform are judged in `tests/matrix.rs`.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use std::collections::BTreeSet;

use em_infra_core::difference::{Class, Context, Judged, NEVER, Objection, RULES, Rule, classify};
use serde_json::{Value, json};
use tf_run::plan::Plan;
use time::Date;
use time::macros::date;

const TODAY: Date = date!(2026 - 11 - 23);
const BPG: &str = "registry.terraform.io/bpg/proxmox";

/// One change, and what stands around it.
struct Case<'a>(&'a Value);

impl Case<'_> {
    fn text(&self, key: &str, default: &str) -> String {
        self.0[key].as_str().unwrap_or(default).to_owned()
    }

    fn plan(&self) -> Plan {
        let kind = self.text("type", "proxmox_virtual_environment_vm");
        let address = format!("{kind}.one");
        let config = &self.0["config"];
        let config = if config.is_null() {
            json!({})
        } else {
            config.clone()
        };
        let used = self.0["used"].as_str().map(|attribute| match attribute {
            "" => json!([address]),
            named => json!([format!("{address}.{named}"), address]),
        });
        let outputs = used.map_or(
            json!({}),
            |used| json!({"o": {"expression": {"references": used}}}),
        );
        let relevant = self.0["relevant"].as_str();
        let relevant: Vec<Value> = relevant
            .map(|attribute| json!({"resource": address, "attribute": [attribute]}))
            .into_iter()
            .collect();
        let or_empty = |key: &str| match &self.0[key] {
            Value::Null => json!({}),
            given => given.clone(),
        };
        let document = json!({
            "format_version": "1.2",
            "resource_changes": [{
                "address": address, "mode": "managed", "type": kind, "name": "one",
                "provider_name": self.text("provider", BPG),
                "change": {
                    "actions": ["update"], "before": self.0["before"], "after": self.0["after"],
                    "after_unknown": or_empty("unknown"), "before_sensitive": or_empty("sensitive"),
                },
            }],
            "configuration": {"root_module": {
                "resources": [{"address": address, "expressions": config}], "outputs": outputs,
            }},
            "relevant_attributes": relevant,
        });
        Plan::parse(&document.to_string()).unwrap()
    }

    fn judged_on(&self, today: Date) -> Vec<(String, Judged)> {
        let plan = self.plan();
        let resource = &plan.resource_changes[0];
        let provider = resource.provider_name.clone();
        let version = self.0["version"].as_str().map(|text| text.parse().unwrap());
        let upgraded = self.0["upgraded"] == json!(true);
        let context = Context {
            versions: version
                .map(|version| (provider.clone(), version))
                .into_iter()
                .collect(),
            upgraded: upgraded.then_some(provider).into_iter().collect(),
            today,
        };
        let found = classify(resource, &plan, &context);
        found
            .into_iter()
            .map(|one| (one.path, one.judged))
            .collect()
    }

    fn judged(&self) -> Vec<(String, Judged)> {
        self.judged_on(TODAY)
    }

    /// The rules that explain the change; none where a part of it is not explained.
    fn rules(&self) -> Option<BTreeSet<&'static str>> {
        self.judged()
            .iter()
            .map(|(_, judged)| match judged {
                Judged::Explained { rule, .. } => Some(*rule),
                Judged::Unexplained(_) => None,
            })
            .collect()
    }
}

fn fixtures() -> Vec<Value> {
    serde_json::from_str(include_str!("fixtures.json")).unwrap()
}

fn names(values: &Value) -> BTreeSet<&str> {
    let list = values.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().map(|name| name.as_str().unwrap()).collect()
}

#[test]
fn each_rule_explains_its_fixture_and_not_the_one_beside_it() {
    for fixture in fixtures() {
        let rule = fixture["rule"].as_str().unwrap();
        let explains = Case(&fixture["explains"]);
        let mut expected = names(&fixture["explains"]["also"]);
        expected.insert(rule);
        assert_eq!(
            explains.rules(),
            Some(expected),
            "{rule}: {:?}",
            explains.judged()
        );
        let refuses = Case(&fixture["refuses"]);
        assert_eq!(refuses.rules(), None, "{rule}: {:?}", refuses.judged());
    }
}

#[test]
fn a_rule_that_matches_nothing_in_the_fixtures_is_no_rule() {
    let fixtures = fixtures();
    let with_fixtures: Vec<&str> = fixtures
        .iter()
        .map(|one| one["rule"].as_str().unwrap())
        .collect();
    let rules: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(
        with_fixtures, rules,
        "one fixture for each rule, in the order of the rules"
    );
    let unique: BTreeSet<&&str> = rules.iter().collect();
    assert_eq!(unique.len(), rules.len());
    for rule in RULES {
        assert!(rule.versions.is_empty() || semver::VersionReq::parse(rule.versions).is_ok());
        assert!(
            !rule.reason.is_empty() && !rule.reference.is_empty(),
            "{}",
            rule.name
        );
    }
}

#[test]
fn every_class_but_the_write_only_one_has_a_rule() {
    let classes: BTreeSet<Class> = RULES.iter().map(|rule| rule.class).collect();
    let expected = Class::ALL.into_iter().filter(|class| *class != Class::N8);
    assert_eq!(classes, expected.collect());
}

#[test]
fn a_rule_is_not_believed_for_ever() {
    for fixture in fixtures() {
        let late = Case(&fixture["explains"]).judged_on(date!(2999 - 01 - 01));
        let explained = |judged: &Judged| matches!(judged, Judged::Explained { .. });
        assert!(
            !late.iter().any(|(_, judged)| explained(judged)),
            "{fixture}"
        );
    }
}

/// A place that a pattern means.
fn example(pattern: &str) -> Vec<&str> {
    pattern.split('.').filter(|word| *word != "**").collect()
}

/// `null` in one value and `""` in the other at the same place: what a rule about everything would explain.
fn apart(words: &[&str], leaf: &Value) -> Value {
    let Some((word, below)) = words.split_first() else {
        return leaf.clone();
    };
    let inner = apart(below, leaf);
    match word.strip_suffix("[*]") {
        Some(key) => json!({ key: [inner] }),
        None => json!({ word.trim_end_matches('*'): inner }),
    }
}

#[test]
fn what_is_never_noise_is_not_explained_even_where_a_rule_is_about_everything() {
    for never in NEVER {
        let words = example(never.path.0);
        let (before, after) = (apart(&words, &json!(null)), apart(&words, &json!("")));
        let case = json!({"before": before, "after": after});
        let judged = Case(&case).judged();
        assert!(
            matches!(&judged[..], [(_, Judged::Unexplained(Objection::Never(about)))] if *about == never.about),
            "{}: {judged:?}",
            never.path
        );
    }
}

#[test]
fn sensitive_values_our_own_provider_and_whole_objects_are_never_explained() {
    let empty = json!({"before": {"labels": null}, "after": {"labels": ""}});
    let with = |key: &str, value: Value| {
        let mut case = empty.clone();
        case[key] = value;
        case
    };
    assert!(Case(&empty).rules().is_some());
    let sensitive = with("sensitive", json!({"labels": true}));
    assert_eq!(
        Case(&sensitive).judged(),
        [(
            "labels".to_owned(),
            Judged::Unexplained(Objection::Sensitive)
        )]
    );
    let ours = with("provider", json!("terraform.local/em-infra/eminfra"));
    assert_eq!(
        Case(&ours).judged(),
        [("labels".to_owned(), Judged::Unexplained(Objection::NoRule))]
    );
}

#[test]
fn one_unexplained_place_beside_explained_ones_is_told_apart() {
    let case = json!({
        "before": {"tags": ["B", "a"], "cores": 2, "description": "x"},
        "after": {"tags": ["a", "b"], "cores": 4, "description": "y"},
    });
    let found: Vec<String> = Case(&case)
        .judged()
        .iter()
        .map(|(path, judged)| format!("{path}: {judged}"))
        .collect();
    let expected = [
        "cores: never explained: it is about how large it is",
        "description: not as the rule bpg-description knows it",
        "tags: explained by bpg-tags (N3): Proxmox sorts tags and writes them in lower case",
    ];
    assert_eq!(found, expected);
}

/// The page about the rules.
fn page() -> String {
    let mut text = String::from(
        "# Differences that are explained\n\n\
         The rules by which `em-infra gate` explains differences of other providers; a test keeps this page as the rules in\n\
         `em_infra_core::difference` are. What they are for: [phase-2-task-5]\
         (../implementation/phase-2/phase-2-task-5-idempotency-verification.md).\n\n## Never explained\n\n\
         Deletions, replacements, sensitive values, anything of the provider `eminfra`, and:\n\n\
         | about | places |\n|---|---|\n",
    );
    let mut about: Vec<&str> = NEVER.iter().map(|never| never.about).collect();
    about.dedup();
    let never = about.into_iter().map(|about| {
        let places = NEVER.iter().filter(|never| never.about == about);
        let places: Vec<String> = places.map(|never| format!("`{}`", never.path)).collect();
        format!("| {about} | {} |\n", places.join(", "))
    });
    text.extend(never);
    text.extend(Class::ALL.into_iter().map(section));
    text
}

/// What the page says about one class.
fn section(class: Class) -> String {
    const HEAD: &str = "| rule | provider | resource and place | holds when | because | known from | until |\n|---|---|---|---|---|---|---|\n";
    let rules = RULES.iter().filter(|rule| rule.class == class);
    let rows: String = rules
        .flat_map(|rule| [row(rule), "\n".to_owned()])
        .collect();
    let body = if rows.is_empty() {
        "No rule: it is no difference, and the gate lists it under what was not checked.\n"
            .to_owned()
    } else {
        [HEAD, &rows].concat()
    };
    format!("\n## {class:?}: {}\n\n{body}", class.title())
}

fn row(rule: &Rule) -> String {
    let provider = if rule.provider == "*" {
        "any"
    } else {
        rule.provider
    };
    let gap = if rule.versions.is_empty() { "" } else { " " };
    format!(
        "| {} | {provider}{gap}{} | `{}` `{}` | {} | {} | {} | {} |",
        rule.name,
        rule.versions,
        rule.resource,
        rule.path,
        rule.condition.words(),
        rule.reason,
        rule.reference,
        rule.expires,
    )
}

#[test]
fn the_page_about_the_rules_is_as_the_rules_are() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/reference/differences.md");
    let on_disk = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        on_disk == page(),
        "docs/reference/differences.md should read:\n{}",
        page()
    );
}
