//! A gate that is killed: at each of its events and at any moment between, in a process of its own.
//!
//! Terraform outlives it, ends what it does and saves. What is left must be complete and readable, must be called incomplete,
//! and a rerun must pass.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use em_infra_core::evidence::{self, Weight};
use em_infra_core::gate::Verdict;
use serde_json::Value;
use testkit::proof::{Proof, figures, is_full};
use testkit::{AWKWARD, wait_until};
use tf_run::Env;

use crate::project::{Moment, Project};

const ROOT: &str = "CORE_TEST_KILLED_ROOT";
const EVENT: &str = "CORE_TEST_KILLED_AT";

const THINGS: &str = r#"
resource "awkward_thing" "thing" {
  for_each = toset(["a", "b", "c", "d", "e", "f"])
  name     = each.key
  text     = each.key
}
resource "terraform_data" "after" {
  input = [for thing in awkward_thing.thing : thing.text]
}
"#;

/// More than a gate has events.
const NEVER: usize = 1000;

#[test]
#[ignore = "not a test: the next tests start it as a process, which ends itself at one event"]
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

fn project() -> Project {
    Project::new(&format!("{AWKWARD}{THINGS}"))
}

/// Starts a gate that kills itself at its `event`th event.
fn victim_of(project: &Project, event: usize) -> Child {
    let mut victim = Command::new(std::env::current_exe().unwrap());
    victim
        .args(["--exact", "killed::victim", "--ignored"])
        .env(ROOT, project.root())
        .env(EVENT, event.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    victim.spawn().unwrap()
}

/// Whether a Terraform works on the project.
fn is_worked_on(project: &Project) -> bool {
    let word = format!("-chdir={}", project.root().display());
    let mut processes = fs::read_dir("/proc").unwrap();
    processes.any(|process| {
        let command = fs::read(process.unwrap().path().join("cmdline")).unwrap_or_default();
        let mut words = command.split(|byte| *byte == 0);
        words.any(|found| found == word.as_bytes())
    })
}

/// The things that were made.
fn made(project: &Project) -> BTreeSet<String> {
    let entries = fs::read_dir(project.path("things")).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

/// The things in the state; a state that is there can be read.
fn saved(project: &Project) -> BTreeSet<String> {
    let Ok(bytes) = fs::read(project.path("terraform.tfstate")) else {
        return BTreeSet::new();
    };
    let state: Value = serde_json::from_slice(&bytes).unwrap();
    let resources = state["resources"].as_array().unwrap().iter();
    resources
        .filter(|resource| resource["type"] == "awkward_thing")
        .flat_map(|resource| resource["instances"].as_array().unwrap())
        .map(|instance| instance["attributes"]["name"].as_str().unwrap().to_owned())
        .collect()
}

/// Whether the evidence has a run that is called incomplete. That of a gate that had not begun yet, or had ended, has none.
#[track_caller]
fn is_called_incomplete(project: &Project, moment: &str) -> bool {
    let seen = evidence::verify(&project.base()).unwrap();
    let words: Vec<String> = seen.findings.iter().map(ToString::to_string).collect();
    for finding in &seen.findings {
        assert_eq!(finding.weight(), Weight::Incomplete, "{moment}: {words:?}");
    }
    assert!(words.len() < 2, "{moment}: {words:?}");
    let has_ended = seen.runs.iter().all(|run| run.end.is_some());
    assert_eq!(has_ended, words.is_empty(), "{moment}: {words:?}");
    !has_ended
}

/// What a gate that was killed left, and its rerun. Answers whether a run was cut off.
#[track_caller]
fn holds(project: &Project, moment: &str) -> bool {
    wait_until("no Terraform works any more", || !is_worked_on(project));
    assert_eq!(made(project), saved(project), "{moment}");
    let incomplete = is_called_incomplete(project, moment);
    let report = project.gate(&mut |_| ());
    assert_eq!(
        report.verdict,
        Verdict::Pass,
        "{moment}: {:?}",
        report.reasons
    );
    assert_eq!(made(project).len(), 6, "{moment}");
    assert_eq!(is_called_incomplete(project, moment), incomplete);
    incomplete
}

const AT_EVENTS: Proof = Proof {
    package: "em-infra-core",
    program: "defects",
    test: "killed::at_an_event",
};

/// All that a gate without a read of the host has. The first is the one that a sample is about: Terraform is going to apply.
const EVENTS: [usize; 13] = [8, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13];

#[test]
fn at_an_event_a_killed_gate_leaves_a_complete_state_and_a_readable_record() {
    let cases = AT_EVENTS.cases(EVENTS.to_vec(), EVENTS.len());
    let progress = AT_EVENTS.progress(cases.len());
    for (number, event) in &cases {
        let project = project();
        let ended = victim_of(&project, *event).wait().unwrap();
        let moment = format!("event {event}; {}", AT_EVENTS.again(*number));
        assert!(!ended.success(), "{moment}: it is not killed");
        assert!(holds(&project, &moment), "{moment}: nothing was cut off");
        progress.done(1);
    }
    told("at an event", cases.len(), cases.len());
}

const AT_ANY_MOMENT: Proof = Proof {
    package: "em-infra-core",
    program: "defects",
    test: "killed::at_any_moment",
};

const MOMENTS: u32 = 40;

/// How long a gate takes that nobody kills.
#[expect(clippy::disallowed_methods, reason = "it is the clock that is asked")]
fn whole() -> Duration {
    let project = project();
    let began = Instant::now();
    assert!(victim_of(&project, NEVER).wait().unwrap().success());
    began.elapsed()
}

/// Kills a gate after some time, whatever it is at; answers whether a run was cut off.
#[expect(clippy::disallowed_methods, reason = "any moment will do")]
fn killed_after(delay: Duration, again: &str) -> bool {
    let project = project();
    let mut victim = victim_of(&project, NEVER);
    thread::sleep(delay);
    victim.kill().unwrap();
    victim.wait().unwrap();
    holds(&project, &format!("after {delay:?}; {again}"))
}

/// Parts of the time that a gate takes: those of multiples of the golden ratio lie evenly wherever one stops.
fn moments() -> Vec<f64> {
    let parts = (1..=MOMENTS).map(|number| (f64::from(number) * 0.618_034).fract());
    parts.collect()
}

#[test]
fn at_any_moment_a_killed_gate_leaves_a_complete_state_and_a_readable_record() {
    let cases = AT_ANY_MOMENT.cases(moments(), MOMENTS as usize);
    let progress = AT_ANY_MOMENT.progress(cases.len());
    // In a sample a moment that comes before or after the gate is as good.
    let whole = if is_full() {
        whole()
    } else {
        Duration::from_millis(1500)
    };
    let cut_off = cases.iter().filter(|(number, part)| {
        progress.done(1);
        killed_after(whole.mul_f64(*part), &AT_ANY_MOMENT.again(*number))
    });
    told("at any moment", cases.len(), cut_off.count());
}

fn told(when: &str, killed: usize, cut_off: usize) {
    figures(format!(
        "gates killed {when}: {killed} run, {cut_off} cut off and called so, {killed} left a complete state and a readable \
         record, and were rerun"
    ));
}
