//! A gate that is killed: at each of its events, in a process of its own.

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use em_infra_core::evidence::{self, Weight};
use em_infra_core::gate::Verdict;
use tf_run::Env;

use crate::project::{Moment, Project};
use crate::{figures, is_full};

const ROOT: &str = "CORE_TEST_KILLED_ROOT";
const EVENT: &str = "CORE_TEST_KILLED_AT";

const CONFIGURATION: &str = "resource \"terraform_data\" \"a\" {}\nresource \"terraform_data\" \"b\" {\n  input = terraform_data.a.id\n}\n";

#[test]
#[ignore = "not a test: the next test starts it as a process, which ends itself at one event"]
fn victim() {
    let env: Env = std::env::vars_os().collect();
    let at: usize = env.get(EVENT).unwrap().to_str().unwrap().parse().unwrap();
    let project = Project::in_root(env.path(ROOT).unwrap());
    let seen = Cell::new(0_usize);
    project.gate(&mut |_: Moment| {
        seen.set(seen.get() + 1);
        if seen.get() == at {
            std::process::abort();
        }
    });
}

/// Kills a gate at its `event`th event; answers whether it was killed there, or ended before.
fn kill_at(project: &Project, event: usize) -> bool {
    let mut victim = Command::new(std::env::current_exe().unwrap());
    victim
        .args(["--exact", "killed::victim", "--ignored"])
        .env(ROOT, project.root())
        .env(EVENT, event.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    !victim.status().unwrap().success()
}

/// The state is none, or one that Terraform saved to its end.
fn state_is_complete(root: &Path) -> bool {
    match fs::read(root.join("terraform.tfstate")) {
        Ok(bytes) => serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(),
        Err(_) => true,
    }
}

#[test]
fn a_gate_that_is_killed_anywhere_leaves_a_complete_state_and_a_readable_record() {
    let events: Vec<usize> = if is_full() {
        (1..=30).collect()
    } else {
        vec![4]
    };
    let mut killed = 0;
    for event in events {
        let project = Project::new(CONFIGURATION);
        if !kill_at(&project, event) {
            break;
        }
        killed += 1;
        let state = project.path("terraform.tfstate");
        testkit::wait_until("no Terraform holds the state", || {
            !state.exists() || matches!(files::holder(&state), Ok(None))
        });
        assert!(state_is_complete(&project.root()), "event {event}");
        let seen = evidence::verify(&project.base()).unwrap();
        let words: Vec<String> = seen.findings.iter().map(ToString::to_string).collect();
        let [finding] = &seen.findings[..] else {
            panic!("event {event}: {words:?}");
        };
        assert_eq!(
            finding.weight(),
            Weight::Incomplete,
            "event {event}: {words:?}"
        );
        let report = project.gate(&mut |_| ());
        assert_eq!(
            report.verdict,
            Verdict::Pass,
            "event {event}: {:?}",
            report.reasons
        );
    }
    figures(format!(
        "killed gates: {killed} at as many moments, {killed} left a complete state and a readable record, and were rerun"
    ));
    assert!(killed > 0);
}
