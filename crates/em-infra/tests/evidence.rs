//! The commands about evidence, and the row in the tracker, with a Terraform root of its own.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use files::Mode;
use tempfile::TempDir;

const TRACKER: &str = "# Tracker\n\n## Evidence log\n\n| Date | Task |\n|---|---|\n\nEnd.\n";

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        place.write("main.tf", "resource \"terraform_data\" \"a\" {}\n");
        place.write("tracker.md", TRACKER);
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        files::create_atomic(&self.path(name), text.as_bytes(), Mode::Private).unwrap();
    }

    /// Exit code, stdout and stderr.
    fn em_infra(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut env = testkit::env(self.0.path());
        env.set("EM_INFRA_TERRAFORM", testkit::engine().program);
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(env!("CARGO_BIN_EXE_em-infra"))
            .args(arguments)
            .current_dir(self.0.path())
            .env_clear()
            .envs(env.iter())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (status.code(), text(stdout), text(stderr))
    }

    fn run(&self) -> String {
        let runs = fs::read_dir(self.path(".em-infra/runs")).unwrap();
        let names = runs.map(|run| run.unwrap().file_name().into_string().unwrap());
        names.max().unwrap()
    }
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at] ^= 1;
    files::create_atomic(path, &bytes, Mode::Private).unwrap();
}

#[test]
fn a_run_is_recorded_listed_shown_and_verified_and_a_flipped_byte_is_named() {
    let place = Place::new();
    let (code, _, said) = place.em_infra(&["gate", ".", "--yes", "--record=tracker.md"]);
    assert_eq!(code, Some(0), "{said}");
    let run = place.run();

    let tracker = fs::read_to_string(place.path("tracker.md")).unwrap();
    let (_, rest) = tracker.split_once("|---|---|\n| ").unwrap();
    let row: Vec<&str> = rest.lines().next().unwrap().split(" | ").collect();
    assert_eq!(
        row[1..5],
        [
            "P2-T5",
            "applied: 1 added; second plan: 1 of 1 objects read",
            "`em-infra gate .`",
            "passed (settled)"
        ]
    );
    assert!(row[5].starts_with(&format!(
        "host not identified; run {run}; evidence SHA-256 "
    )));

    let (code, listed, _) = place.em_infra(&["evidence", "list", "."]);
    assert_eq!(
        (code, listed),
        (
            Some(0),
            format!("{run:<24}{:<26}passed (settled)\n", "host not identified")
        )
    );
    let (code, shown, _) = place.em_infra(&["evidence", "show", &run, "."]);
    assert_eq!(code, Some(0));
    assert!(
        shown.contains("verdict: the second plan is empty"),
        "{shown}"
    );
    let (_, shown, _) = place.em_infra(&["evidence", "show", &run, ".", "--format", "json"]);
    let rows: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(rows[0]["row"], "start");

    let (code, _, said) = place.em_infra(&["evidence", "verify", "."]);
    assert_eq!(code, Some(0), "{said}");
    flip(&place.path(".em-infra/evidence.jsonl"), 20);
    let (code, _, said) = place.em_infra(&["evidence", "verify", "."]);
    assert_eq!(code, Some(25));
    assert!(
        said.contains("error: evidence.jsonl: row 1 is not as it was written"),
        "{said}"
    );
    let (_, json, _) = place.em_infra(&["evidence", "verify", ".", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&json["intact"], &json["findings"][0]["finding"]["row"]),
        (&false.into(), &1.into())
    );
}

#[test]
fn a_tracker_without_the_table_is_refused_before_anything_is_run() {
    let place = Place::new();
    place.write("tracker.md", "# Tracker\n");
    let (code, _, said) = place.em_infra(&["gate", ".", "--yes", "--record=tracker.md"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(!place.path(".em-infra").exists());
    let (code, _, said) = place.em_infra(&["evidence", "show", "../..", "."]);
    assert_eq!(code, Some(2), "{said}");
}
