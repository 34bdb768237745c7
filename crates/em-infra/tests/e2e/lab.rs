//! A clean clone of the Terraform configuration, an empty home, and a simulated host: everything of one test, in one
//! temporary directory.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use pve_sim::{Config, Entry, Scenario, Sim};
use tempfile::TempDir;
use tf_run::Env;
use tokio::runtime::Runtime;

/// Tasks of the host take milliseconds.
const FAST: f64 = 200.0;

pub(crate) struct Lab {
    folder: TempDir,
    pub(crate) sim: Sim,
    runtime: Runtime,
}

/// How a program ended and what it said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::with_speed(FAST)
    }

    pub(crate) fn with_speed(speed: f64) -> Self {
        let runtime = Runtime::new().unwrap();
        let sim = runtime
            .block_on(Sim::start(Config::real(Scenario::k3s_dev(), speed)))
            .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let lab = Self {
            folder,
            sim,
            runtime,
        };
        lab.clone_configuration();
        std::fs::create_dir(lab.home()).unwrap();
        lab
    }

    /// With this build of the provider below the home, as a user has it.
    pub(crate) fn installed() -> Self {
        let lab = Self::new();
        lab.em_infra(&["provider", "install"]).succeeded();
        lab
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("terraform/environments/k3s-dev")
    }

    pub(crate) fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Sets inputs on top of the example.
    pub(crate) fn inputs(&self, text: &str) {
        overwrite(&self.root().join("z.auto.tfvars"), text);
    }

    /// The environment of a person with this host's address and token in it.
    pub(crate) fn env(&self) -> Env {
        let mut env = testkit::env(&self.home());
        env.set("EM_INFRA_TERRAFORM", testkit::engine().program);
        env.set("TF_VAR_proxmox_api_url", self.sim.url());
        env.set("TF_VAR_proxmox_tls_fingerprint", self.sim.fingerprint());
        let (id, secret) = self.sim.token("terraform").unwrap();
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

    pub(crate) fn terraform(&self, arguments: &[&str]) -> Said {
        said(self.command(&testkit::engine().program, arguments, &self.env()))
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

    pub(crate) fn shut_host_down(self) -> TempDir {
        self.runtime.block_on(self.sim.shutdown());
        self.folder
    }

    fn clone_configuration(&self) {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../terraform");
        let to = self.folder.path().join("terraform");
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
        std::fs::copy(example, self.root().join("terraform.tfvars")).unwrap();
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

pub(crate) fn em_infra() -> &'static str {
    env!("CARGO_BIN_EXE_em-infra")
}

fn said(mut command: Command) -> Said {
    let Output {
        status,
        stdout,
        stderr,
    } = command.output().unwrap();
    Said {
        code: status.code(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}

fn overwrite(path: &Path, text: &str) {
    if path.exists() {
        std::fs::remove_file(path).unwrap();
    }
    files::create_new(path, text.as_bytes(), files::Mode::Private).unwrap();
}
