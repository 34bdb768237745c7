//! Every rule fires on its example, and is silent on the neighbour of it.

use contract::{BASE, Code, Finding, RULES, Severity, check, example_values, generate, inputs};

fn codes(findings: &[Finding]) -> Vec<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn the_base_of_all_examples_has_no_findings() {
    assert_eq!(check(&example_values(&[])), [], "{BASE:?}");
}

#[test]
fn every_rule_fires_on_its_failing_example() {
    for (rule, fails) in RULES
        .iter()
        .filter_map(|rule| Some((rule, rule.fails.inputs()?)))
    {
        let findings = check(&example_values(fails));
        let fired = findings.iter().find(|finding| finding.code == rule.code);
        let fired = fired.unwrap_or_else(|| panic!("{} is silent; {findings:#?}", rule.code));
        assert_eq!(fired.severity, rule.severity, "{}", rule.code);
        assert!(!fired.help.is_empty(), "{}", rule.code);
    }
}

#[test]
fn every_rule_is_silent_on_its_passing_example() {
    for (rule, passes) in RULES
        .iter()
        .filter_map(|rule| Some((rule, rule.passes.inputs()?)))
    {
        let findings = check(&example_values(passes));
        assert!(
            !codes(&findings).contains(&rule.code),
            "{}: {findings:#?}",
            rule.code
        );
        let errors: Vec<&Finding> = findings
            .iter()
            .filter(|finding| finding.is_error())
            .collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", rule.code);
    }
}

/// A rule that does not refuse lets the inputs through: which ones do so is a decision, not a slip.
#[test]
fn every_rule_refuses_but_for_those_that_are_meant_to_speak_only() {
    let lenient: Vec<(&str, Severity)> = RULES
        .iter()
        .filter(|rule| rule.severity != Severity::Error)
        .map(|rule| (rule.code.as_str(), rule.severity))
        .collect();
    let warnings = [
        "input-deprecated",
        "gpu-schematic-plain",
        "control-plane-even",
        "control-plane-many",
        "endpoint-single-node",
        "version-prerelease",
        "talos-version-unknown",
        "version-pair-doubtful",
        "nocloud-network-bug",
    ];
    let expected = warnings.map(|code| (code, Severity::Warning));
    assert_eq!(lenient[..lenient.len() - 1], expected);
    assert_eq!(lenient.last(), Some(&("not-evaluated", Severity::Note)));
}

#[test]
fn what_may_be_nothing_has_no_other_default() {
    let nullable = |name| inputs::find(name).map(contract::Input::is_nullable);
    let asked = ["cluster_vip", "env_name", "worker_count", "worker_cuont"].map(nullable);
    assert_eq!(asked, [Some(true), Some(false), Some(false), None]);
}

/// Of the generated files those that have the defaults; `cargo xtask generate --check` looks at all.
#[test]
fn the_generated_files_are_those_of_this_table() {
    let committed = [
        (
            "schemas/inputs.schema.json",
            include_str!("../../../schemas/inputs.schema.json"),
        ),
        (
            "terraform/environments/k3s-dev/variables.tf",
            include_str!("../../../terraform/environments/k3s-dev/variables.tf"),
        ),
    ];
    let made = generate::files();
    for (path, text) in committed {
        let made = made.iter().find(|(name, _)| *name == path);
        assert_eq!(made.map(|(_, text)| text.as_str()), Some(text), "{path}");
    }
}
