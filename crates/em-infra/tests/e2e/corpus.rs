//! The corpus of bad inputs through the real Terraform and the provider: the host is never written to, and each file is
//! told the same codes, but for what Terraform is known to be lenient about.
//!
//! A plan costs about a second, so a test run takes a sample; `cargo xtask prove inputs --full` takes every file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use serde_json::Value;
use testkit::{Case, Terraform, corpus, proof};

use crate::lab::{Lab, Said};

/// As many plans at once as a small machine bears.
const WORKERS: usize = 3;

/// One of each way in which Terraform can answer, and the rules that only a plan can ask.
const SAMPLE: [&str; 11] = [
    "access/token-secret-with-blank.tfvars",
    "counts/control-plane-two.tfvars",
    "gpus/source-both.tfvars",
    "json/count-in-quotes.tfvars.json",
    "names/attribute-misspelt.tfvars",
    "names/misspelt.tfvars",
    "networks/overlap-pods-nodes.tfvars",
    "placement/env-name-capitals.tfvars",
    "retired/ssh-keys.tfvars",
    "text/key-twice.tfvars",
    "text/unclosed-list.tfvars",
];

/// The cases of this run.
fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testkit/corpus");
    let all = corpus(&folder);
    if proof::is_full() {
        return all;
    }
    let sample: Vec<Case> = all
        .into_iter()
        .filter(|case| SAMPLE.contains(&case.name.as_str()))
        .collect();
    assert_eq!(sample.len(), SAMPLE.len(), "a file of the sample is gone");
    sample
}

/// A root with nothing but the configuration, initialised; each worker has one of its own.
fn root(lab: &Lab, number: usize) -> PathBuf {
    let root = lab.root().with_file_name(format!("worker-{number}"));
    let mut copy = Command::new("cp");
    copy.arg("-a").arg(lab.root()).arg(&root);
    assert!(copy.status().unwrap().success());
    root
}

fn terraform(lab: &Lab, root: &Path, arguments: &[&str]) -> Said {
    let chdir = format!("-chdir={}", root.display());
    let arguments: Vec<&str> = std::iter::once(chdir.as_str())
        .chain(arguments.iter().copied())
        .collect();
    lab.terraform(&arguments)
}

/// Every diagnostic of a plan as one text.
fn plan(lab: &Lab, root: &Path, file: &Path) -> (bool, String) {
    let file = format!("-var-file={}", file.display());
    let said = terraform(lab, root, &["plan", "-input=false", "-json", &file]);
    let lines = said.stdout.lines();
    let diagnostics: Vec<String> = lines
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .map(|line| line["diagnostic"].clone())
        .filter(Value::is_object)
        .map(|diagnostic| diagnostic.to_string())
        .collect();
    // Of arguments that it cannot read, Terraform complains in plain text.
    let text = diagnostics.join("\n") + &said.stderr;
    (said.code == Some(0), text)
}

fn names(text: &str, code: &str) -> bool {
    text.contains(&format!("({code})")) || text.contains(&format!("[{code}]"))
}

/// What is not as it should be, for one file.
fn fault(case: &Case, planned: bool, text: &str) -> Option<String> {
    let expected = || {
        let heavier = case.expected.iter().filter(|said| said.severity != "note");
        heavier.map(|expected| expected.code.as_str())
    };
    let named: Vec<&str> = expected().filter(|code| names(text, code)).collect();
    let refuses = case.expected.iter().any(|said| said.severity == "error");
    let holds = match case.terraform {
        Terraform::Same => named.len() == expected().count() && !(refuses && planned),
        Terraform::StopsEarlier => !named.is_empty() && !planned,
        Terraform::OwnWords => named.is_empty() && !planned,
        Terraform::Hides => named.is_empty() && !planned && text.contains("em-infra check"),
        Terraform::Warns => named.is_empty() && text.contains("undeclared variable"),
        // What it is lenient about it does not name; of what is left, something may be named.
        Terraform::Converts | Terraform::Drops | Terraform::TakesOne | Terraform::Computes => {
            named.len() < expected().count()
        }
    };
    (!holds).then(|| {
        let codes: Vec<&str> = expected().collect();
        format!(
            "{} expects {codes:?} and {:?}; named {named:?}, planned {planned}: {}",
            case.name,
            case.terraform,
            text.chars().take(600).collect::<String>()
        )
    })
}

#[test]
fn terraform_names_the_same_codes_and_writes_nothing() {
    let lab = Lab::installed();
    std::fs::remove_file(lab.root().join("terraform.tfvars")).unwrap();
    terraform(&lab, &lab.root(), &["init", "-input=false"]).succeeded();
    let cases = Mutex::new(cases().into_iter());
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for number in 0..WORKERS {
            let (lab, cases, done) = (&lab, &cases, &done);
            scope.spawn(move || {
                let root = root(lab, number);
                loop {
                    let Some(case) = cases.lock().unwrap().next() else {
                        return;
                    };
                    let (planned, text) = plan(lab, &root, &case.path);
                    let fault = fault(&case, planned, &text);
                    done.lock().unwrap().push((case, fault));
                }
            });
        }
    });
    let done = done.into_inner().unwrap();
    let faults: Vec<&String> = done
        .iter()
        .filter_map(|(_, fault)| fault.as_ref())
        .collect();
    assert!(
        faults.is_empty(),
        "{} of {}:\n{faults:#?}",
        faults.len(),
        done.len()
    );
    assert_eq!(lab.writes(), [], "the host was written to");
    print_figures(&done.iter().map(|(case, _)| case).collect::<Vec<_>>());
}

fn print_figures(cases: &[&Case]) {
    let mut ways: BTreeMap<Terraform, usize> = BTreeMap::new();
    for case in cases {
        *ways.entry(case.terraform).or_default() += 1;
    }
    let same = ways.remove(&Terraform::Same).unwrap_or_default();
    proof::figures(format_args!(
        "terraform: {} files planned, 0 writes, {same} name the same codes, the rest by listed leniency: {ways:?}",
        cases.len()
    ));
}
