//! The gate with the pinned Terraform and its builtin `terraform_data`.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use em_infra_core::evidence;
use em_infra_core::gate::{
    Approval, Checked, Event, GateConfig, Hooks, HostKind, Level, Report, RunDirectory, Step,
    StepEnd, Tool, Verdict, run,
};
use files::Mode;
use serde_json::Value;
use tempfile::TempDir;
use tf_run::{Env, InitArgs, Interrupt, Terraform};
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-23 09:20:05 UTC);

const SOUND: &str = r#"
variable "token" {
  type      = string
  ephemeral = true
}
variable "names" {
  type = set(string)
}
resource "terraform_data" "node" {
  for_each = var.names
  input    = each.key
}
output "names" {
  value = [for node in terraform_data.node : node.input]
}
output "ids" {
  value = [for node in terraform_data.node : node.id]
}
check "names" {
  assert {
    condition     = length(terraform_data.node) > 0
    error_message = "No node."
  }
}
"#;

const VARIABLES: &str = "token = \"canary-7f3a\"\nnames = [\"a\", \"b\"]\n";

/// A root module and how the gate is run on it.
struct Project {
    directory: TempDir,
    env: Env,
    promised: &'static [&'static str],
    interrupt: Interrupt,
}

/// What a caller does while the gate runs.
#[derive(Default)]
struct Caller<'a> {
    check: Option<Checked>,
    on_event: Option<&'a mut dyn FnMut(&Event<'_>)>,
    approve: Option<&'a mut dyn FnMut() -> Approval>,
}

impl Project {
    fn new(configuration: &str) -> Self {
        Self::at(tempfile::tempdir().unwrap(), configuration)
    }

    fn at(directory: TempDir, configuration: &str) -> Self {
        let env = testkit::env(directory.path());
        let interrupt = Interrupt::default();
        let project = Self {
            directory,
            env,
            promised: &[],
            interrupt,
        };
        project.write("main.tf", configuration);
        project
    }

    fn sound() -> Self {
        let project = Self::new(SOUND);
        project.write("terraform.tfvars", VARIABLES);
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        files::create_atomic(&self.path(name), text.as_bytes(), Mode::Private).unwrap();
    }

    fn gate(&self) -> Report {
        self.gate_with(Caller::default())
    }

    fn gate_with(&self, caller: Caller<'_>) -> Report {
        let directory = RunDirectory::create(&self.path(".em-infra"), NOW).unwrap();
        let terraform = terraform(
            self.directory.path(),
            &directory,
            &self.env,
            &self.interrupt,
        );
        gate(&terraform, directory, self.promised, caller)
    }
}

fn terraform(root: &Path, directory: &RunDirectory, env: &Env, interrupt: &Interrupt) -> Terraform {
    Terraform::new(
        testkit::engine(),
        root,
        directory.path(),
        env,
        interrupt.clone(),
    )
    .unwrap()
}

fn gate(
    terraform: &Terraform,
    directory: RunDirectory,
    promised: &[&str],
    mut caller: Caller<'_>,
) -> Report {
    let config = GateConfig {
        directory,
        init: InitArgs::default(),
        var_files: Vec::new(),
        promised_outputs: promised.iter().map(|name| (*name).to_owned()).collect(),
        host: HostKind::Unspecified,
        tool: Tool {
            name: "test".to_owned(),
            version: "1".to_owned(),
        },
    };
    let mut check = caller.check.map(|found| move || found);
    let hooks = Hooks {
        now: &|| NOW,
        on_event: &mut |event| {
            if let Some(on_event) = &mut caller.on_event {
                on_event(&event);
            }
        },
        check: check
            .as_mut()
            .map(|check| check as &mut dyn FnMut() -> Checked),
        live: None,
        approve: &mut |_| {
            caller
                .approve
                .as_mut()
                .map_or(Approval::Apply, |approve| approve())
        },
    };
    run(&config, terraform, hooks).unwrap()
}

fn rows(report: &Report) -> Vec<Value> {
    rows_in(&report.directory.join("record.jsonl"))
}

fn rows_in(record: &Path) -> Vec<Value> {
    let text = fs::read_to_string(record).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Kind and step of each row.
fn outline(rows: &[Value]) -> Vec<String> {
    let word = |row: &Value, key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = |row: &Value| {
        let about = ["step", "before", "when"]
            .iter()
            .find_map(|key| word(row, key));
        [word(row, "row"), about]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" ")
    };
    rows.iter().map(name).collect()
}

type Said = (Verdict, Option<Level>, Vec<String>);

fn said(report: &Report) -> Said {
    let reasons = report.reasons.iter().map(ToString::to_string).collect();
    (report.verdict, report.level, reasons)
}

fn expected<const N: usize>(verdict: Verdict, level: Option<Level>, reasons: [&str; N]) -> Said {
    (verdict, level, reasons.map(str::to_owned).to_vec())
}

fn settled() -> Said {
    expected(Verdict::Pass, Some(Level::Settled), [])
}

#[test]
fn a_sound_configuration_passes_and_the_record_tells_how() {
    let project = Project {
        promised: &["names"],
        ..Project::sound()
    };
    let report = project.gate_with(Caller {
        check: Some(Checked::Passed),
        ..Caller::default()
    });
    assert_eq!(said(&report), settled());
    assert_eq!(
        report.not_checked,
        ["live: no one but the provider read the real objects"]
    );
    assert_eq!(
        report.refresh.as_ref().map(|refresh| refresh.completed),
        Some(2)
    );

    let rows = rows(&report);
    let outlined = [
        "start",
        "step check",
        "done check",
        "step init",
        "done init",
        "inputs plan",
        "step plan",
        "done plan",
        "plan plan",
        "inputs apply",
        "step apply",
        "done apply",
        "state before-second-plan",
        "step second-plan",
        "done second-plan",
        "step plan-without-refresh",
        "plan second-plan",
        "done plan-without-refresh",
        "plan plan-without-refresh",
        "state after-last-plan",
        "end",
    ];
    assert_eq!(outline(&rows), outlined);
    assert_eq!(rows[8]["counts"]["create"], 2);
    assert_eq!(rows[16]["noise"], Value::Array(Vec::new()));
    assert_eq!(rows[20]["exit_code"], 0);
    assert_eq!(rows[20]["level"], "settled");
}

#[test]
fn the_run_directory_is_private_and_holds_no_plan_and_no_ephemeral_secret() {
    let report = Project::sound().gate_and_keep();
    let mut names = Vec::new();
    for entry in fs::read_dir(&report.1.directory).unwrap() {
        let path = entry.unwrap().path();
        names.push(path.file_name().unwrap().to_str().unwrap().to_owned());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "{}", path.display());
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains("canary-7f3a"), "{}", path.display());
    }
    names.sort();
    let expected = [
        "1-init.stderr.txt",
        "1-init.stdout.jsonl",
        "2-plan.stderr.txt",
        "2-plan.stdout.jsonl",
        "3-apply.stderr.txt",
        "3-apply.stdout.jsonl",
        "4-second-plan.stderr.txt",
        "4-second-plan.stdout.jsonl",
        "5-plan-without-refresh.stderr.txt",
        "5-plan-without-refresh.stdout.jsonl",
        "record.jsonl",
        "transcript.txt",
    ];
    assert_eq!(names, expected);
}

/// The findings over all evidence of a project, in words.
fn findings(project: &Project) -> Vec<String> {
    let seen = evidence::verify(&project.path(".em-infra")).unwrap();
    seen.findings.iter().map(ToString::to_string).collect()
}

#[test]
fn the_evidence_of_runs_is_chained_and_any_changed_byte_is_found() {
    let project = Project::sound();
    let (first, second) = (project.gate(), project.gate());
    assert_eq!(findings(&project), Vec::<String>::new());
    let runs = evidence::history(&project.path(".em-infra")).unwrap();
    let verdicts: Vec<_> = runs
        .iter()
        .map(|run| run.end.as_ref().unwrap().verdict)
        .collect();
    assert_eq!(verdicts, [Verdict::Pass, Verdict::Pass]);

    let ledger = project.path(".em-infra/evidence.jsonl");
    let mut files = vec![ledger];
    for report in [&first, &second] {
        let entries = fs::read_dir(&report.directory).unwrap();
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    for path in files {
        let bytes = fs::read(&path).unwrap();
        // Every byte of a small file, a spread of a large one.
        for at in (0..bytes.len()).step_by(1 + bytes.len() / 40) {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1;
            fs::remove_file(&path).unwrap();
            files::create_new(&path, &flipped, Mode::Private).unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            let found = findings(&project);
            assert!(
                found.iter().any(|found| found.contains(name)),
                "{name} byte {at}: {found:?}"
            );
        }
        fs::remove_file(&path).unwrap();
        files::create_new(&path, &bytes, Mode::Private).unwrap();
    }
    assert_eq!(findings(&project), Vec::<String>::new());
}

#[test]
fn evidence_that_is_taken_away_or_added_is_found() {
    let project = Project::sound();
    let (first, second) = (project.gate(), project.gate());
    let id = |report: &Report| {
        let name = report.directory.file_name().unwrap();
        name.to_str().unwrap().to_owned()
    };
    let (first_id, second_id) = (id(&first), id(&second));
    fs::remove_file(first.directory.join("transcript.txt")).unwrap();
    files::create_new(&first.directory.join("later.txt"), b"", Mode::Private).unwrap();
    fs::remove_dir_all(&second.directory).unwrap();
    let expected = [
        format!("runs/{first_id}/transcript.txt is gone"),
        format!("runs/{first_id}/later.txt came after the run"),
        format!("runs/{second_id} is gone"),
    ];
    assert_eq!(findings(&project), expected);

    let ledger = project.path(".em-infra/evidence.jsonl");
    fs::remove_file(&ledger).unwrap();
    assert_eq!(
        findings(&project),
        [format!("runs/{first_id} is not in evidence.jsonl")]
    );
}

const CANARIES: [&str; 4] = [
    "canary<env>&7f3a+\"/Zz",
    "canary-file-91c2 x",
    "canary-literal-33d0",
    "canary-made-58aa",
];

/// Each canary leaks in clear and in other forms: sensitivity is taken off, as a provider does
/// that copies an input into an attribute of its own.
const LEAKING: &str = r#"
variable "from_env" {
  sensitive = true
}
variable "from_file" {
  sensitive = true
}
locals {
  open = [for secret in [var.from_env, var.from_file] : nonsensitive(secret)]
}
resource "terraform_data" "quiet" {
  input = sensitive("canary-literal-33d0")
}
resource "terraform_data" "made" {
  input = sensitive(join("-", ["canary", "made", "made-58aa"]))
}
output "leaks" {
  value = {
    raw    = concat(local.open, [nonsensitive(terraform_data.quiet.output), nonsensitive(terraform_data.made.output)])
    json   = jsonencode(local.open)
    url    = [for secret in local.open : urlencode(secret)]
    base64 = [for secret in local.open : base64encode("user:${secret}")]
  }
}
check "leak" {
  assert {
    condition     = length(local.open) == 0
    error_message = "It is ${local.open[0]} and ${local.open[1]}."
  }
}
resource "terraform_data" "loud" {
  provisioner "local-exec" {
    command     = "printf '%s\\n' \"$A\" \"$B\"; printf '%s\\n' \"$A\" >&2; exit @exit@"
    environment = { A = local.open[0], B = nonsensitive(terraform_data.made.output) }
  }
}
"#;

#[test]
fn no_canary_is_in_anything_a_run_leaves_or_says_whether_it_passes_or_fails() {
    for (exit, verdict) in [("0", Verdict::Unsettled), ("1", Verdict::Failed)] {
        let mut project = Project::new(&LEAKING.replace("@exit@", exit));
        project.env.set("TF_VAR_from_env", CANARIES[0]);
        project.write(
            "terraform.tfvars",
            &format!("from_file = \"{}\"\n", CANARIES[1]),
        );
        let mut said = String::new();
        let report = project.gate_with(Caller {
            on_event: Some(&mut |event| said.extend([format!("{event:?}\n")])),
            ..Caller::default()
        });
        assert_eq!(report.verdict, verdict, "{:?}", report.reasons);
        said.extend([format!("{:?}", report.reasons)]);
        let mut kept = vec![("what was said".to_owned(), said)];
        for entry in fs::read_dir(&report.directory).unwrap() {
            let path = entry.unwrap().path();
            kept.push((
                path.display().to_string(),
                fs::read_to_string(&path).unwrap(),
            ));
        }
        let masked = kept.iter().filter(|(_, text)| text.contains("[masked]"));
        assert!(masked.count() >= 4, "the canaries did leak");
        let tells = [
            "canary<",
            "canary\\u003c",
            "canary%3C",
            "file-91c2",
            "literal-33d0",
            "made-58aa",
            "7f3a+",
            "7f3a%2",
            "N2YzY",
            "dmM2E",
            "3ZjNh",
            "OTFjM",
            "kxYzI",
            "5MWMy",
        ];
        for (name, text) in &kept {
            for tell in tells {
                assert!(!text.contains(tell), "{tell} in {name}:\n{text}");
            }
        }
        assert_eq!(findings(&project), Vec::<String>::new());
    }
}

#[test]
fn a_rerun_applies_nothing_and_passes() {
    let project = Project::sound();
    project.gate();
    let state = fs::read(project.path("terraform.tfstate")).unwrap();
    let (mut ends, mut asked) = (Vec::new(), 0);
    let report = project.gate_with(Caller {
        on_event: Some(&mut |event| {
            if let Event::Finished { step, end, .. } = event {
                ends.push((*step, *end));
            }
        }),
        approve: Some(&mut || {
            asked += 1;
            Approval::Apply
        }),
        ..Caller::default()
    });
    assert_eq!(said(&report), settled());
    let steps = [
        (Step::Init, StepEnd::Done),
        (Step::Plan, StepEnd::Done),
        (Step::Apply, StepEnd::Skipped),
        (Step::SecondPlan, StepEnd::Done),
        (Step::PlanWithoutRefresh, StepEnd::Done),
    ];
    assert_eq!((ends.as_slice(), asked), (steps.as_slice(), 0));
    assert_eq!(fs::read(project.path("terraform.tfstate")).unwrap(), state);
}

#[test]
fn a_configuration_that_never_settles_fails() {
    let report = Project::new("output \"now\" { value = timestamp() }\n").gate();
    let reasons = [
        "second plan: output now: update",
        "plan with -refresh=false: output now: update",
    ];
    assert_eq!(said(&report), expected(Verdict::Changed, None, reasons));
}

#[test]
fn a_failing_check_fails_though_terraform_says_no_changes() {
    let project = Project::sound();
    project.write("terraform.tfvars", "token = \"x\"\nnames = []\n");
    let quiet = Some(Level::Quiet);
    let reasons = ["check.names: No node."];
    assert_eq!(
        said(&project.gate()),
        expected(Verdict::Unsettled, quiet, reasons)
    );
}

const OUTPUTS: &str = r#"
output "edited" {
  value     = { deep = "canary-0a1b" }
  sensitive = true
}
output "gone" {
  value = 1
}
output "nothing" {
  value = null
}
"#;

/// Takes an output out of the state and changes another one.
fn edit_outputs(state: &Path) {
    let mut text: Value = serde_json::from_slice(&fs::read(state).unwrap()).unwrap();
    let outputs = text["outputs"].as_object_mut().unwrap();
    outputs.remove("gone").unwrap();
    outputs["edited"]["value"]["deep"] = "canary-2c3d".into();
    files::create_atomic(state, text.to_string().as_bytes(), Mode::Private).unwrap();
}

#[test]
fn promised_outputs_must_be_known_at_plan_and_be_in_the_state_as_planned() {
    let project = Project {
        promised: &["edited", "gone", "ids", "names", "none", "nothing"],
        ..Project::sound()
    };
    project.write("outputs.tf", OUTPUTS);
    let quiet = Some(Level::Quiet);
    let reasons = [
        "output ids was not known at plan at [0], [1]",
        "output none is missing",
        "output nothing is null",
    ];
    assert_eq!(
        said(&project.gate()),
        expected(Verdict::Unsettled, quiet, reasons)
    );

    let on_event = &mut |event: &Event<'_>| {
        if let Event::Finished {
            step: Step::Apply,
            end: StepEnd::Skipped,
            ..
        } = event
        {
            edit_outputs(&project.path("terraform.tfstate"));
        }
    };
    let report = project.gate_with(Caller {
        on_event: Some(on_event),
        ..Caller::default()
    });
    let reasons = [
        "second plan: output edited: update",
        "second plan: output gone: create",
        "plan with -refresh=false: output edited: update",
        "plan with -refresh=false: output gone: create",
        "output edited is not what the plan said",
        "output gone is missing",
        "output none is missing",
        "output nothing is null",
    ];
    assert_eq!(said(&report), expected(Verdict::Changed, None, reasons));
}

#[test]
fn without_approval_nothing_is_applied() {
    let project = Project::sound();
    let approve = &mut || Approval::Stop;
    let report = project.gate_with(Caller {
        approve: Some(approve),
        ..Caller::default()
    });
    let reasons = ["the plan was not approved"];
    assert_eq!(said(&report), expected(Verdict::Refused, None, reasons));
    assert!(!project.path("terraform.tfstate").exists());
}

#[test]
fn inputs_that_change_before_the_apply_stop_it() {
    let project = Project::sound();
    let approve = &mut || {
        project.write("terraform.tfvars", "token = \"x\"\nnames = [\"other\"]\n");
        Approval::Apply
    };
    let report = project.gate_with(Caller {
        approve: Some(approve),
        ..Caller::default()
    });
    let reason = format!(
        "changed on the way: {}",
        project.path("terraform.tfvars").display()
    );
    assert_eq!(said(&report), expected(Verdict::Refused, None, [&reason]));
    assert!(!project.path("terraform.tfstate").exists());
}

#[test]
fn inputs_that_change_after_the_apply_blind_the_proof() {
    let project = Project::sound();
    let on_event = &mut |event: &Event<'_>| {
        if matches!(
            event,
            Event::Finished {
                step: Step::SecondPlan,
                ..
            }
        ) {
            project.write("terraform.tfvars", &format!("{VARIABLES}# touched\n"));
        }
    };
    let report = project.gate_with(Caller {
        on_event: Some(on_event),
        ..Caller::default()
    });
    let reason = format!(
        "changed on the way: {}",
        project.path("terraform.tfvars").display()
    );
    assert_eq!(said(&report), expected(Verdict::Blind, None, [&reason]));
}

#[test]
fn findings_of_the_check_and_a_second_gate_stop_before_terraform() {
    let project = Project::sound();
    let check = Some(Checked::Errors(2));
    let report = project.gate_with(Caller {
        check,
        ..Caller::default()
    });
    assert_eq!(
        said(&report),
        expected(Verdict::Refused, None, ["the check found 2 errors"])
    );

    let other = RunDirectory::create(&project.path(".em-infra"), NOW).unwrap();
    let reasons = ["another gate works on this directory"];
    assert_eq!(
        said(&project.gate()),
        expected(Verdict::Refused, None, reasons)
    );
    drop(other);
    assert!(!project.path(".terraform").exists());
}

#[test]
fn a_failure_of_terraform_is_a_verdict_with_its_reason() {
    let project = Project::new("output \"x\" { value = var.missing }\n");
    let report = project.gate();
    let reasons = ["terraform plan failed: Reference to undeclared input variable"];
    assert_eq!(said(&report), expected(Verdict::Failed, None, reasons));
    let rows = rows(&report);
    let done = rows
        .iter()
        .find(|row| row["row"] == "done" && row["step"] == "plan")
        .unwrap();
    assert_eq!(
        done["errors"],
        serde_json::json!(["Reference to undeclared input variable"])
    );
    let transcript = fs::read_to_string(report.directory.join("transcript.txt")).unwrap();
    let line = transcript
        .lines()
        .position(|line| line.starts_with("error: "))
        .unwrap();
    let place = transcript.lines().nth(line + 1);
    assert_eq!(place, Some("  at main.tf:1:22"));
}

#[test]
fn settings_that_would_blind_the_second_plan_do_not() {
    let mut project = Project::sound();
    project.env.set("TF_CLI_ARGS_plan", "-refresh=false");
    let report = project.gate();
    assert_eq!(said(&report), settled());
    assert_eq!(
        rows(&report)[0]["scrubbed_variables"],
        serde_json::json!(["TF_CLI_ARGS_plan"])
    );
}

/// `a`, then `b` whose provisioner says it runs and waits to be let go.
fn blocking() -> Project {
    let directory = tempfile::tempdir().unwrap();
    let configuration = format!(
        r#"
resource "terraform_data" "a" {{}}
resource "terraform_data" "b" {{
  input = terraform_data.a.id
  provisioner "local-exec" {{
    command = "touch '{0}/started'; cat '{0}/gate'"
  }}
}}
"#,
        directory.path().display()
    );
    nix::unistd::mkfifo(
        &directory.path().join("gate"),
        nix::sys::stat::Mode::S_IRWXU,
    )
    .unwrap();
    Project::at(directory, &configuration)
}

impl Project {
    fn gate_and_keep(self) -> (Self, Report) {
        let report = self.gate();
        (self, report)
    }

    /// Lets the provisioner that waits go on.
    fn open_the_gate(&self) {
        fs::OpenOptions::new()
            .write(true)
            .open(self.path("gate"))
            .unwrap();
    }

    /// Makes later provisioners not wait.
    fn remove_the_gate(&self) {
        self.write("gate", "");
    }
}

#[test]
fn an_interrupted_gate_says_so_and_a_plain_rerun_passes() {
    let mut project = blocking();
    let on_event = &mut |event: &Event<'_>| {
        if matches!(event, Event::Terraform { event: tf_run::Event::ApplyStart(resource), .. }
            if resource.address == "terraform_data.b")
        {
            testkit::wait_until("the provisioner runs", || project.path("started").exists());
            project.interrupt.ask();
        }
    };
    let report = project.gate_with(Caller {
        on_event: Some(on_event),
        ..Caller::default()
    });
    let reasons = ["stopped on request"];
    assert_eq!(said(&report), expected(Verdict::Interrupted, None, reasons));
    assert_eq!(rows(&report).last().unwrap()["exit_code"], 130);

    project.remove_the_gate();
    project.interrupt = Interrupt::default();
    assert_eq!(said(&project.gate()), settled());

    let on_event = &mut |event: &Event<'_>| {
        if matches!(
            event,
            Event::Started {
                step: Step::PlanWithoutRefresh,
                ..
            }
        ) {
            project.interrupt.ask();
        }
    };
    let report = project.gate_with(Caller {
        on_event: Some(on_event),
        ..Caller::default()
    });
    assert_eq!(said(&report), expected(Verdict::Interrupted, None, reasons));
    let outline = outline(&rows(&report));
    assert_eq!(
        outline[outline.len() - 2..],
        ["done plan-without-refresh", "end"]
    );
}

const KILLED: &str = "CORE_TEST_KILLED_PROJECT";

#[test]
#[ignore = "not a test: the next test starts it as a process and kills it"]
fn killed() {
    let env: Env = std::env::vars_os().collect();
    let root = env.path(KILLED).unwrap();
    let directory = RunDirectory::create(&root.join(".em-infra"), NOW).unwrap();
    let terraform = terraform(root, &directory, &testkit::env(root), &Interrupt::default());
    gate(&terraform, directory, &[], Caller::default());
}

#[test]
fn a_killed_gate_leaves_a_readable_record_and_a_complete_state() {
    let project = blocking();
    let mut killed = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed", "--ignored"])
        .env(KILLED, project.directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    testkit::wait_until("the provisioner runs", || project.path("started").exists());
    killed.kill().unwrap();
    killed.wait_with_output().unwrap();
    let rows = rows_in(&project.path(".em-infra/runs/2026-11-23T09-20-05Z/record.jsonl"));
    assert_eq!(
        outline(&rows).last().map(String::as_str),
        Some("step apply")
    );
    let run = "runs/2026-11-23T09-20-05Z";
    assert_eq!(
        findings(&project),
        [format!("{run} was cut off: it proves nothing")]
    );

    project.open_the_gate();
    let lock = project.path(".terraform.tfstate.lock.info");
    testkit::wait_until("Terraform has released the state", || !lock.exists());
    let report = project.gate();
    assert_eq!(said(&report), settled());
    assert_eq!(report.applied.map(|counts| counts.create), Some(0));
    assert_eq!(
        findings(&project),
        [format!("{run} was cut off: it proves nothing")]
    );
    let record = project.path(&format!(".em-infra/{run}/record.jsonl"));
    let text = fs::read_to_string(&record)
        .unwrap()
        .replacen("\"start\"", "\"began\"", 1);
    fs::remove_file(&record).unwrap();
    files::create_new(&record, text.as_bytes(), Mode::Private).unwrap();
    assert_eq!(
        findings(&project)[0],
        format!("{run}/record.jsonl: row 1 is not as it was written")
    );
}
