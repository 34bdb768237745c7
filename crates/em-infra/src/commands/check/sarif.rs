//! Findings as SARIF 2.1.0, the form that code hosts and editors read.

use contract::{Code, Rule, Severity};
use em_infra_core::check::{Located, Place, Report};
use serde_json::{Value, json};

use super::report::position;

const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// The whole document.
pub(super) fn of(report: &Report) -> Value {
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "em-infra",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": Code::ALL.iter().map(|code| rule(code.rule())).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": report.findings.iter().map(|found| result(report, found)).collect::<Vec<_>>(),
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    json!({
        "id": rule.code.as_str(),
        "shortDescription": { "text": rule.what },
        "fullDescription": { "text": rule.why },
        "help": { "text": rule.fix },
        "defaultConfiguration": { "level": rule.severity.as_str() },
    })
}

fn result(report: &Report, found: &Located) -> Value {
    let related = found
        .related
        .iter()
        .enumerate()
        .map(|(index, (place, role))| {
            let mut related = location(report, place);
            related["id"] = (index + 1).into();
            related["message"] = json!({ "text": role });
            related
        });
    json!({
        "ruleId": found.code.as_str(),
        "ruleIndex": found.code as usize,
        "level": level(found.severity),
        "message": { "text": format!("{}. To mend it: {}", found.message, found.help) },
        "locations": found.place.iter().map(|place| location(report, place)).collect::<Vec<_>>(),
        "relatedLocations": related.collect::<Vec<_>>(),
    })
}

/// The three words are SARIF's own.
const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A text that is no file (an environment variable, the command line) has a name and no address.
fn location(report: &Report, place: &Place) -> Value {
    let text = &report.texts[place.text];
    let Some(file) = &text.file else {
        return json!({ "logicalLocations": [{ "name": text.name }] });
    };
    let at = position(report, place);
    json!({ "physicalLocation": {
        "artifactLocation": { "uri": uri(&file.to_string_lossy()) },
        "region": {
            "startLine": at.line,
            "startColumn": at.column,
            "endLine": at.end_line,
            "endColumn": at.end_column,
        },
    } })
}

/// A relative path is a relative reference; what a URI cannot hold is escaped.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    path.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_uri_reference() {
        assert_eq!(uri("a b/ü.tfvars"), "a%20b/%C3%BC.tfvars");
        assert_eq!(uri("terraform/x.tfvars"), "terraform/x.tfvars");
    }
}
