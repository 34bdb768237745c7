//! Evidence that somebody touches, and what a killed run leaves.

use std::fs;
use std::path::{Path, PathBuf};

use em_infra_core::evidence::{self, Weight};
use em_infra_core::gate::Verdict;
use files::Mode;

use crate::all_caught;
use crate::project::{Project, files_below};

/// Needs no provider.
const ROOT: &str = "variable \"secret\" {\n  sensitive = true\n}\nresource \"terraform_data\" \"a\" {\n  input = var.secret\n}\n";

const CANARY: &str = "canary-0d4f77";

fn project() -> Project {
    let mut project = Project::new(ROOT);
    project.env.set("TF_VAR_secret", CANARY);
    project
}

type Tamper = fn(&Path);

fn run_of(base: &Path) -> PathBuf {
    let mut runs: Vec<PathBuf> = fs::read_dir(base.join("runs"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    runs.sort();
    runs.remove(0)
}

fn rewrite(path: &Path, change: impl Fn(&str) -> String) {
    let text = fs::read_to_string(path).unwrap();
    let changed = change(&text);
    assert_ne!(text, changed, "{}", path.display());
    files::create_atomic(path, changed.as_bytes(), Mode::Private).unwrap();
}

fn without_line(text: &str, number: usize) -> String {
    let lines = text.lines().enumerate().filter(|(at, _)| *at != number);
    lines.flat_map(|(_, line)| [line, "\n"]).collect()
}

const TAMPERED: [(&str, Tamper); 8] = [
    ("a verdict is turned into a pass", |base| {
        rewrite(&run_of(base).join("record.jsonl"), |text| {
            text.replace("\"exit_code\":0", "\"exit_code\":9")
        });
    }),
    ("a row is taken out of the record", |base| {
        rewrite(&run_of(base).join("record.jsonl"), |text| {
            without_line(text, 3)
        });
    }),
    ("the end is cut off the record", |base| {
        rewrite(&run_of(base).join("record.jsonl"), |text| {
            without_line(text, text.lines().count() - 1)
        });
    }),
    ("the transcript is edited", |base| {
        rewrite(&run_of(base).join("transcript.txt"), |text| {
            format!("{text}all is well\n")
        });
    }),
    ("output of Terraform is gone", |base| {
        fs::remove_file(run_of(base).join("3-apply.stdout.jsonl")).unwrap();
    }),
    ("a file is put beside", |base| {
        files::create_new(&run_of(base).join("later.txt"), b"x", Mode::Private).unwrap();
    }),
    ("the kind of host is changed in the ledger", |base| {
        rewrite(&base.join("evidence.jsonl"), |text| {
            text.replace("\"host\":\"unspecified\"", "\"host\":\"real\"")
        });
    }),
    ("a whole run is gone", |base| {
        fs::remove_dir_all(run_of(base)).unwrap();
    }),
];

#[test]
fn evidence_that_was_touched_is_caught() {
    let project = project();
    assert_eq!(project.gate(&mut |_| ()).verdict, Verdict::Pass);
    let pristine = files_below(&project.base());
    let escaped: Vec<String> = TAMPERED
        .iter()
        .filter(|(_, tamper)| {
            tamper(&project.base());
            let seen = evidence::verify(&project.base()).unwrap();
            fs::remove_dir_all(project.base()).unwrap();
            for (path, bytes) in &pristine {
                files::create_private_dirs(path.parent().unwrap()).unwrap();
                files::create_new(path, bytes, Mode::Private).unwrap();
            }
            let mut findings = seen.findings.iter();
            !findings.any(|finding| finding.weight() == Weight::Tampered)
        })
        .map(|(name, _)| (*name).to_owned())
        .collect();
    all_caught("in evidence", TAMPERED.len(), &escaped);
}

/// What a run leaves that was killed while it applied: a start without an end, a saved plan, and the output of the
/// step as Terraform wrote it.
fn killed_run(project: &Project) -> PathBuf {
    let run = project.base().join("runs/2026-11-22T08-00-00Z");
    files::create_private_dirs(&run).unwrap();
    for (name, text) in [
        ("2-plan.tfplan", CANARY),
        (
            "3-apply.stdout.jsonl",
            &format!("{{\"@message\":\"{CANARY}\"}}\n"),
        ),
    ] {
        files::create_new(&run.join(name), text.as_bytes(), Mode::Private).unwrap();
    }
    run
}

#[test]
fn what_a_killed_run_left_is_swept_and_named_by_the_next_one() {
    let project = project();
    let run = killed_run(&project);
    let report = project.gate(&mut |_| ());
    assert_eq!(report.verdict, Verdict::Pass);
    assert!(!run.join("2-plan.tfplan").exists());
    let output = fs::read_to_string(run.join("3-apply.stdout.jsonl")).unwrap();
    assert_eq!(output, "{\"@message\":\"[masked]\"}\n");
    let record = fs::read_to_string(report.directory.join("record.jsonl")).unwrap();
    let named = "\"row\":\"leftovers\",\"removed\":[\"2026-11-22T08-00-00Z/2-plan.tfplan\"],\
                 \"swept\":[\"2026-11-22T08-00-00Z/3-apply.stdout.jsonl\"]";
    assert!(record.contains(named), "{record}");
    for (path, bytes) in files_below(&project.base()) {
        assert!(
            !String::from_utf8_lossy(&bytes).contains(CANARY),
            "{}",
            path.display()
        );
    }
}
