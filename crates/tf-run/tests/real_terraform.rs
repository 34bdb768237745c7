//! The pinned Terraform, driven for real with its builtin `terraform_data`.

#![expect(clippy::unwrap_used, reason = "helpers of tests may panic like tests")]

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use files::Mode;
use tempfile::TempDir;
use tf_run::plan::{Noise, PlanExit, Refresh, noise};
use tf_run::{
    ApplyArgs, DestroyArgs, Env, Event, Exit, InitArgs, Interrupt, Json, PlanArgs, ReadObjects,
    RunError, Terraform,
};

/// A root module in a directory of its own.
struct Project {
    directory: TempDir,
}

impl Project {
    fn new(configuration: &str) -> Self {
        let project = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        files::create_private_dir(&project.path("logs")).unwrap();
        files::create_new(
            &project.path("main.tf"),
            configuration.as_bytes(),
            Mode::Private,
        )
        .unwrap();
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn terraform(&self, env: &Env) -> Terraform {
        let (root, logs) = (self.directory.path(), self.path("logs"));
        Terraform::new(testkit::engine(), root, logs, env, Interrupt::default()).unwrap()
    }

    fn initialised(&self) -> Terraform {
        let terraform = self.terraform(&testkit::env(self.directory.path()));
        terraform
            .init(&InitArgs::default(), "init", &mut |_| ())
            .unwrap();
        terraform
    }

    fn plan_args(&self, name: &str) -> PlanArgs {
        PlanArgs::to_file(&self.path(name))
    }

    fn apply_args(&self, plan: &str) -> ApplyArgs {
        ApplyArgs {
            plan: self.path(plan),
            var_files: Vec::new(),
        }
    }
}

const TWO: &str = r#"
variable "secret" {
  type      = string
  ephemeral = true
  default   = null
}
resource "terraform_data" "a" {
  input = 123456789012345678901234567890
}
resource "terraform_data" "b" {
  for_each = toset(["x", "y"])
  input    = terraform_data.a.output
}
output "big" {
  value = terraform_data.a.input
}
"#;

/// `a`, then `b` with a provisioner that says it runs and waits to be let go, then `c`.
fn blocking(project: &Path) -> String {
    let (started, gate) = (project.join("started"), project.join("gate"));
    format!(
        r#"
resource "terraform_data" "a" {{}}
resource "terraform_data" "b" {{
  input = terraform_data.a.id
  provisioner "local-exec" {{
    command = "touch '{}'; cat '{}'"
  }}
}}
resource "terraform_data" "c" {{
  input = terraform_data.b.id
}}
"#,
        started.display(),
        gate.display()
    )
}

impl Project {
    fn blocking() -> Self {
        let project = Self {
            directory: tempfile::tempdir().unwrap(),
        };
        files::create_private_dir(&project.path("logs")).unwrap();
        let configuration = blocking(project.directory.path());
        files::create_new(
            &project.path("main.tf"),
            configuration.as_bytes(),
            Mode::Private,
        )
        .unwrap();
        nix::unistd::mkfifo(&project.path("gate"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        project
    }

    /// Lets the provisioner go on: its `cat` reads an end of file.
    fn open_the_gate(&self) {
        fs::OpenOptions::new()
            .write(true)
            .open(self.path("gate"))
            .unwrap();
    }

    fn managed(terraform: &Terraform) -> Vec<(String, bool)> {
        let state = terraform.show_state().unwrap();
        state
            .managed()
            .map(|resource| (resource.address.clone(), resource.tainted))
            .collect()
    }
}

#[test]
fn the_second_plan_is_quiet_and_proves_that_it_looked() {
    let project = Project::new(TWO);
    let terraform = project.initialised();
    assert!(terraform.validate().unwrap().valid);

    let first = terraform
        .plan(&project.plan_args("p1"), "plan-1", &mut |_| ())
        .unwrap();
    assert_eq!(first.exit, PlanExit::Changes);
    let plan = terraform.show_plan(&project.path("p1")).unwrap();
    assert_eq!((plan.counts().create, plan.counts().outputs), (3, 1));

    terraform
        .apply(&project.apply_args("p1"), "apply", &mut |_| ())
        .unwrap();
    let big = &terraform.output().unwrap()["big"].value;
    assert_eq!(
        *big,
        Json::Number("123456789012345678901234567890".to_owned())
    );

    let second = terraform
        .plan(&project.plan_args("p2"), "plan-2", &mut |_| ())
        .unwrap();
    let plan = terraform.show_plan(&project.path("p2")).unwrap();
    assert_eq!(noise(&plan, second.exit), []);
    let refresh = Refresh::of(&plan, &second.finished.heard.refreshed);
    assert_eq!(
        refresh,
        Refresh {
            expected: 3,
            completed: 3,
            missing: Vec::new()
        }
    );

    let blind = PlanArgs {
        objects: ReadObjects::No,
        ..project.plan_args("p3")
    };
    let third = terraform.plan(&blind, "plan-3", &mut |_| ()).unwrap();
    let plan = terraform.show_plan(&project.path("p3")).unwrap();
    assert_eq!(noise(&plan, third.exit), []);
    assert_eq!(
        Refresh::of(&plan, &third.finished.heard.refreshed).completed,
        0
    );

    terraform
        .destroy(&DestroyArgs::default(), "destroy", &mut |_| ())
        .unwrap();
    assert_eq!(Project::managed(&terraform), []);
}

#[test]
fn state_plans_and_output_are_for_this_user_alone() {
    let project = Project::new(TWO);
    let terraform = project.initialised();
    terraform
        .plan(&project.plan_args("p1"), "plan", &mut |_| ())
        .unwrap();
    terraform
        .apply(&project.apply_args("p1"), "apply", &mut |_| ())
        .unwrap();
    for name in [
        "terraform.tfstate",
        "p1",
        "logs/plan.stdout.jsonl",
        "logs/apply.stderr.txt",
    ] {
        let mode = fs::metadata(project.path(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o7777, 0o600, "{name}");
    }
}

#[test]
fn variables_that_would_blind_a_plan_do_not_reach_terraform() {
    let project = Project::new(TWO);
    let mut env = testkit::env(project.directory.path());
    env.set("TF_CLI_ARGS_plan", "-refresh=false");
    env.set("TF_WORKSPACE", "red");
    env.set("TF_DATA_DIR", project.path("elsewhere"));
    env.set("TF_CLI_CONFIG_FILE", project.path("nowhere"));
    env.set("TF_LOG", "trace");
    let terraform = project.terraform(&env);
    terraform
        .init(&InitArgs::default(), "init", &mut |_| ())
        .unwrap();
    terraform
        .plan(&project.plan_args("p1"), "plan-1", &mut |_| ())
        .unwrap();
    terraform
        .apply(&project.apply_args("p1"), "apply", &mut |_| ())
        .unwrap();
    let second = terraform
        .plan(&project.plan_args("p2"), "plan-2", &mut |_| ())
        .unwrap();
    let plan = terraform.show_plan(&project.path("p2")).unwrap();
    assert_eq!(
        Refresh::of(&plan, &second.finished.heard.refreshed).completed,
        3
    );
    assert!(!project.path("elsewhere").exists());
    assert!(project.path("terraform.tfstate").exists());
    assert_eq!(fs::read_to_string(&second.finished.stderr).unwrap(), "");
}

#[test]
fn a_failure_carries_what_terraform_complained_about() {
    let project = Project::new("resource \"terraform_data\" \"a\" { input = var.missing }\n");
    let terraform = project.initialised();
    let error = terraform
        .plan(&project.plan_args("p1"), "plan", &mut |_| ())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "terraform plan failed: Reference to undeclared input variable"
    );
    let RunError::Failed {
        exit, diagnostics, ..
    } = error
    else {
        panic!("{error:?}")
    };
    assert_eq!((exit, diagnostics.len()), (Exit::Code(1), 1));
    let range = diagnostics[0].range.as_ref().unwrap();
    assert_eq!(
        (
            range.filename.as_str(),
            range.start.line,
            range.start.column
        ),
        ("main.tf", 1, 41)
    );
    let validation = terraform.validate().unwrap();
    assert_eq!(
        (validation.valid, validation.diagnostics),
        (false, diagnostics)
    );
}

#[test]
fn an_interrupt_ends_the_apply_with_a_state_that_knows_what_was_made() {
    let project = Project::blocking();
    let terraform = project.initialised();
    terraform
        .plan(&project.plan_args("p1"), "plan", &mut |_| ())
        .unwrap();
    let interrupt = terraform.interrupt().clone();
    let waiter = std::thread::spawn({
        let started = project.path("started");
        move || {
            testkit::wait_until("the provisioner runs", || started.exists());
            interrupt.ask();
        }
    });
    let error = terraform
        .apply(&project.apply_args("p1"), "apply", &mut |_| ())
        .unwrap_err();
    waiter.join().unwrap();
    assert!(
        matches!(
            error,
            RunError::Failed {
                exit: Exit::Code(1),
                ..
            }
        ),
        "{error:?}"
    );

    let again = project.terraform(&testkit::env(project.directory.path()));
    let expected = [
        ("terraform_data.a".to_owned(), false),
        ("terraform_data.b".to_owned(), true),
    ];
    assert_eq!(Project::managed(&again), expected);
    let refused = terraform
        .plan(&project.plan_args("p2"), "plan-2", &mut |_| ())
        .unwrap_err();
    assert_eq!(
        refused.to_string(),
        "terraform plan was not started: interrupted"
    );
}

const WRAPPED: &str = "TF_RUN_TEST_WRAPPED_PROJECT";

/// The process that the next test kills: it runs an apply as em-infra does.
#[test]
#[ignore = "not a test: the next test starts it as a process and kills it"]
fn wrapper() {
    let env: Env = std::env::vars_os().collect();
    let directory = env.path(WRAPPED).unwrap();
    let env = testkit::env(directory);
    let logs = directory.join("logs");
    let terraform = Terraform::new(
        testkit::engine(),
        directory,
        logs,
        &env,
        Interrupt::default(),
    )
    .unwrap();
    let args = ApplyArgs {
        plan: directory.join("p1"),
        var_files: Vec::new(),
    };
    terraform.apply(&args, "apply", &mut |_| ()).unwrap();
}

#[test]
fn killing_the_wrapper_leaves_terraform_to_finish_and_save() {
    let project = Project::blocking();
    let terraform = project.initialised();
    terraform
        .plan(&project.plan_args("p1"), "plan", &mut |_| ())
        .unwrap();
    let mut wrapper = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "wrapper", "--ignored"])
        .env(WRAPPED, project.directory.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    testkit::wait_until("the provisioner runs", || project.path("started").exists());
    wrapper.kill().unwrap();
    wrapper.wait_with_output().unwrap();

    let mut gate = fs::OpenOptions::new()
        .write(true)
        .open(project.path("gate"))
        .unwrap();
    gate.write_all(b"go\n").unwrap();
    drop(gate);
    let lock = project.path(".terraform.tfstate.lock.info");
    testkit::wait_until("Terraform has released the state", || !lock.exists());
    let expected = ["a", "b", "c"].map(|name| (format!("terraform_data.{name}"), false));
    assert_eq!(Project::managed(&terraform), expected);
}

#[test]
fn events_arrive_while_terraform_works() {
    let project = Project::blocking();
    let terraform = project.initialised();
    terraform
        .plan(&project.plan_args("p1"), "plan", &mut |_| ())
        .unwrap();
    let mut order = Vec::new();
    let mut on_event = |event: &Event| {
        let (Event::ApplyStart(resource) | Event::ApplyComplete(resource)) = event else {
            return;
        };
        order.push(resource.address.clone());
        if order == ["terraform_data.a", "terraform_data.a", "terraform_data.b"] {
            // The provisioner waits for this: an event that came late would never come.
            testkit::wait_until("the provisioner runs", || project.path("started").exists());
            project.open_the_gate();
        }
    };
    terraform
        .apply(&project.apply_args("p1"), "apply", &mut on_event)
        .unwrap();
    let expected = ["a", "a", "b", "b", "c", "c"].map(|name| format!("terraform_data.{name}"));
    assert_eq!(order, expected);
}

#[test]
fn a_plan_that_leaves_something_out_is_not_quiet() {
    let project = Project::new(TWO);
    let terraform = project.initialised();
    terraform
        .plan(&project.plan_args("p1"), "plan-1", &mut |_| ())
        .unwrap();
    terraform
        .apply(&project.apply_args("p1"), "apply", &mut |_| ())
        .unwrap();
    let out = format!("-out={}", project.path("p2").display());
    let status = engine_command(&project)
        .args(["plan", "-input=false", "-target=terraform_data.a", &out])
        .output()
        .unwrap();
    assert!(status.status.success());
    let plan = terraform.show_plan(&project.path("p2")).unwrap();
    assert_eq!(noise(&plan, PlanExit::NoChanges), [Noise::Incomplete]);
}

#[test]
fn the_engine_is_a_terraform_for_shells_too() {
    let project = Project::new("");
    let mut console = engine_command(&project)
        .arg("console")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    console
        .stdin
        .take()
        .unwrap()
        .write_all(b"21 * 2\n")
        .unwrap();
    let output = console.wait_with_output().unwrap();
    assert_eq!(
        (output.status.code(), output.stdout),
        (Some(0), b"42\n".to_vec())
    );

    let unknown = engine_command(&project)
        .arg("no-such-command")
        .output()
        .unwrap();
    assert_eq!(unknown.status.code(), Some(1));
    let link = project.path("tf");
    std::os::unix::fs::symlink(testkit::engine().program, &link).unwrap();
    let linked = Command::new(&link).arg("version").output().unwrap();
    let text = String::from_utf8(linked.stdout).unwrap();
    let version = testkit::engine().release.version;
    assert_eq!(
        text.lines().next(),
        Some(format!("Terraform v{version}").as_str())
    );
}

fn engine_command(project: &Project) -> Command {
    let mut chdir = OsStr::new("-chdir=").to_owned();
    chdir.push(project.directory.path());
    let mut command = Command::new(testkit::engine().program);
    command
        .env_clear()
        .envs(testkit::env(project.directory.path()).iter())
        .arg(chdir);
    command
}
