//! A clean clone of the Terraform configuration, an empty home, and a simulated host: everything of one test, in one
//! temporary directory.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use pve_api::VmId;
use pve_client::{Auth, Client, Connection, Secret, Tls};
use pve_sim::{Config, Entry, Scenario, Sim};
use serde_json::Value;
use tempfile::TempDir;
use testkit::wait_until;
use tf_run::Env;
use tokio::runtime::Runtime;

use crate::process::Running;

/// Tasks of the host take milliseconds.
const FAST: f64 = 200.0;

/// Tasks of the host do not end while a test looks.
const FROZEN: f64 = 0.001;

/// How often time jumps on a frozen host that is let go on, and how far.
const TICK: Duration = Duration::from_millis(20);
const JUMP: Duration = Duration::from_secs(1);

pub(crate) struct Lab {
    folder: TempDir,
    pub(crate) sim: Sim,
    /// The host lives as long as it does.
    runtime: Runtime,
}

/// What makes `terraform` work on the environment from where a person stands.
pub(crate) const CHDIR: &str = "-chdir=terraform/environments/k3s-dev";

/// The inputs of a test, on top of the example's.
const INPUTS: &str = "z.auto.tfvars";
const JSON_INPUTS: &str = "z.auto.tfvars.json";

const GATE: [&str; 4] = ["gate", "--yes", "--format", "json"];

/// How a program ended and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::on(Config::real(scenario(), FAST))
    }

    /// The same beside a host of one's own.
    pub(crate) fn on(host: Config) -> Self {
        let runtime = Runtime::new().unwrap();
        let sim = runtime.block_on(Sim::start(host)).unwrap();
        let lab = Self {
            folder: tempfile::tempdir().unwrap(),
            sim,
            runtime,
        };
        Self::clone_configuration(lab.folder.path());
        std::fs::create_dir(lab.home()).unwrap();
        lab
    }

    /// Beside a host with more on it, in the words of a scenario.
    pub(crate) fn with_more(scenario: &str) -> Self {
        let text = format!("{}\n{scenario}", scenario_text());
        Self::on(Config::real(Scenario::from_toml(&text).unwrap(), FAST)).with_provider()
    }

    /// With this build of the provider below the home, as a user has it.
    pub(crate) fn installed() -> Self {
        Self::new().with_provider()
    }

    /// The same on a host whose tasks go on only in [`Self::while_time_passes`].
    pub(crate) fn frozen() -> Self {
        Self::on(Config::real(scenario(), FROZEN)).with_provider()
    }

    /// With the provider, and with Terraform set up: whoever drives it by hand goes on from here.
    pub(crate) fn initialised() -> Self {
        Self::installed().with_init()
    }

    pub(crate) fn with_provider(self) -> Self {
        self.em_infra(&["provider", "install"]).succeeded();
        self
    }

    pub(crate) fn with_init(self) -> Self {
        self.terraform(&[CHDIR, "init", "-input=false"]).succeeded();
        self
    }

    /// Puts a new host in the place of the one that was, and forgets the state and the inputs.
    pub(crate) fn start_over(&mut self) {
        let config = Config::real(scenario(), FAST);
        self.sim = self.runtime.block_on(Sim::start(config)).unwrap();
        for name in [
            "terraform.tfstate",
            "terraform.tfstate.backup",
            INPUTS,
            JSON_INPUTS,
        ] {
            remove(&self.root().join(name));
        }
    }

    /// Everything that belongs to this test.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("terraform/environments/k3s-dev")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Sets inputs on top of the example.
    pub(crate) fn inputs(&self, text: &str) {
        overwrite(&self.root().join(INPUTS), text);
    }

    /// The same as JSON.
    pub(crate) fn json_inputs(&self, inputs: &serde_json::Map<String, Value>) {
        let text = serde_json::to_string(inputs).unwrap();
        overwrite(&self.root().join(JSON_INPUTS), &text);
    }

    /// The environment of a person with this host's address and token in it.
    pub(crate) fn env(&self) -> Env {
        let (id, secret) = self.sim.token("terraform").unwrap();
        self.env_of(&id, &secret)
    }

    /// The same with a token of one's own.
    pub(crate) fn env_of(&self, id: &str, secret: &str) -> Env {
        let mut env = testkit::env(&self.home());
        env.set("EM_INFRA_TERRAFORM", testkit::engine().program);
        env.set("TF_VAR_proxmox_api_url", self.sim.url());
        env.set("TF_VAR_proxmox_tls_fingerprint", self.sim.fingerprint());
        env.set("TF_VAR_proxmox_api_token_id", id);
        env.set("TF_VAR_proxmox_api_token_secret", secret);
        env
    }

    pub(crate) fn em_infra(&self, arguments: &[&str]) -> Said {
        said(self.command(em_infra(), arguments, &self.env()))
    }

    pub(crate) fn em_infra_with(&self, arguments: &[&str], env: &Env) -> Said {
        said(self.command(em_infra(), arguments, env))
    }

    /// The gate as scripts call it.
    pub(crate) fn gate(&self) -> Said {
        self.em_infra(&GATE)
    }

    /// The gate, and the test goes on beside it.
    pub(crate) fn start_gate(&self) -> Running {
        Running::start(self.command(em_infra(), &GATE, &self.env()))
    }

    /// Does `work` while a frozen host goes on.
    pub(crate) fn while_time_passes<T>(&self, work: impl FnOnce() -> T) -> T {
        let (working, ended) = mpsc::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(move || {
                while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(TICK) {
                    self.sim.advance(JUMP);
                }
            });
            let done = work();
            drop(working);
            done
        })
    }

    /// What `terraform output` answers, without the types.
    pub(crate) fn outputs(&self) -> BTreeMap<String, Value> {
        let Value::Object(outputs) = self
            .terraform(&[CHDIR, "output", "-json"])
            .succeeded()
            .json()
        else {
            panic!("outputs are an object");
        };
        let values = outputs
            .into_iter()
            .map(|(name, mut output)| (name, output["value"].take()));
        values.collect()
    }

    /// The VMs in the state, VMID and status; `None` where Terraform has nothing to say against one.
    pub(crate) fn state(&self) -> BTreeMap<u64, Option<String>> {
        let text = std::fs::read_to_string(self.root().join("terraform.tfstate")).unwrap();
        let state: Value = serde_json::from_str(&text).unwrap();
        let resources = state["resources"].as_array().unwrap().iter();
        resources
            .filter(|resource| resource["type"] == "eminfra_talos_vm")
            .flat_map(|resource| resource["instances"].as_array().unwrap())
            .map(|instance| {
                let status = instance["status"].as_str().map(str::to_owned);
                (instance["attributes"]["vmid"].as_u64().unwrap(), status)
            })
            .collect()
    }

    pub(crate) fn terraform(&self, arguments: &[&str]) -> Said {
        self.terraform_with(arguments, &self.env())
    }

    pub(crate) fn terraform_with(&self, arguments: &[&str], env: &Env) -> Said {
        said(self.command(&testkit::engine().program, arguments, env))
    }

    /// Terraform in a process group of its own, and the test goes on beside it.
    pub(crate) fn start_terraform(&self, arguments: &[&str]) -> Running {
        let mut command = self.command(&testkit::engine().program, arguments, &self.env());
        command.process_group(0);
        Running::start(command)
    }

    /// A command that runs where a person stands: at the root of the clone.
    pub(crate) fn command(
        &self,
        program: impl AsRef<OsStr>,
        arguments: &[&str],
        env: &Env,
    ) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .envs(env.iter())
            .stdin(Stdio::null());
        command
    }

    /// The VMs of the host that are no templates: VMID and name.
    pub(crate) fn vms(&self) -> BTreeMap<u32, String> {
        self.sim.world(|world| {
            world
                .vms()
                .filter(|(_, vm)| !vm.is_template())
                .map(|(vmid, vm)| (vmid, vm.option("name").unwrap_or_default()))
                .collect()
        })
    }

    /// Every request so far that could change the host.
    pub(crate) fn writes(&self) -> Vec<Entry> {
        self.sim
            .journal()
            .into_iter()
            .filter(|entry| entry.write)
            .collect()
    }

    /// Removes a VM as root does on the host, with all its volumes.
    pub(crate) fn destroy(&self, vmid: u32) {
        let (id, secret) = self.sim.token("root").unwrap();
        let connection = Connection {
            endpoint: self.sim.url().parse().unwrap(),
            auth: Auth::Token {
                id: id.parse().unwrap(),
                secret: Secret::new(secret),
            },
            tls: Tls::Insecure,
        };
        let client = Client::new(&connection).unwrap();
        let (node, id) = ("pve".parse().unwrap(), VmId::new(vmid).unwrap());
        self.runtime.block_on(client.delete_vm(&node, id)).unwrap();
        wait_until("the VM is gone", || {
            self.sim.world(|world| world.vm(vmid).is_none())
        });
    }

    /// A second clean clone; the answer makes `terraform` work on it.
    pub(crate) fn second_clone(&self) -> &'static str {
        Self::clone_configuration(&self.folder.path().join("second"));
        "-chdir=second/terraform/environments/k3s-dev"
    }

    fn clone_configuration(into: &Path) {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../terraform");
        let to = into.join("terraform");
        for folder in ["modules/talos-cluster", "environments/k3s-dev"] {
            std::fs::create_dir_all(to.join(folder)).unwrap();
            for entry in std::fs::read_dir(from.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "tf") {
                    std::fs::copy(&path, to.join(folder).join(path.file_name().unwrap())).unwrap();
                }
            }
        }
        let example = from.join("environments/k3s-dev/terraform.tfvars.example");
        std::fs::copy(example, to.join("environments/k3s-dev/terraform.tfvars")).unwrap();
    }
}

impl Said {
    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        self.ended_with(0)
    }

    #[track_caller]
    pub(crate) fn ended_with(self, code: i32) -> Self {
        assert_eq!(
            self.code,
            Some(code),
            "stdout:\n{}\nstderr:\n{}",
            self.stdout,
            self.stderr
        );
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// The built-in host with secrets that are in no program.
fn scenario() -> Scenario {
    Scenario::from_toml(&scenario_text()).unwrap()
}

fn scenario_text() -> String {
    let built_in = Scenario::k3s_dev_toml();
    let text = built_in.replace("7e57ab1e-0000-", "5ec4e700-0000-");
    assert_ne!(
        text, built_in,
        "the secrets of the built-in host look otherwise"
    );
    text
}

pub(crate) fn em_infra() -> &'static str {
    env!("CARGO_BIN_EXE_em-infra")
}

fn said(mut command: Command) -> Said {
    Said::from(command.output().unwrap())
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

fn overwrite(path: &Path, text: &str) {
    remove(path);
    files::create_new(path, text.as_bytes(), files::Mode::Private).unwrap();
}

fn remove(path: &Path) {
    if path.exists() {
        std::fs::remove_file(path).unwrap();
    }
}
