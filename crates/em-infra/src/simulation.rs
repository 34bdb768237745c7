//! A host, a copy of the Terraform configuration and a mirror with this provider, all in one scratch directory: what
//! `gate --simulate` runs on. Nothing outside of it is read or written.

use std::path::{Path, PathBuf};

use em_infra_core::provider_install::{Mirror, PROVIDER_SOURCE};
use files::Mode;
use pve_sim::{Config, Sim};
use tempfile::TempDir;
use tf_run::Env;
use tokio::runtime::Runtime;

use crate::commands::provider::{own_executable, own_version};
use crate::exit::Exit;
use crate::failure::CommandError;

/// A file of `terraform/`, and its path in there.
macro_rules! embedded {
    ($path:literal) => {
        ($path, include_str!(concat!("../../../terraform/", $path)))
    };
}

/// Time passes this many times faster than on a real host: a clone takes a fraction of a second.
const SPEED: f64 = 20.0;

/// The Terraform configuration of the repository, as it was when this program was built.
const CONFIGURATION: &[(&str, &str)] = &[
    embedded!("modules/talos-cluster/main.tf"),
    embedded!("modules/talos-cluster/outputs.tf"),
    embedded!("modules/talos-cluster/variables.tf"),
    embedded!("modules/talos-cluster/versions.tf"),
    embedded!("environments/k3s-dev/main.tf"),
    embedded!("environments/k3s-dev/outputs.tf"),
    embedded!("environments/k3s-dev/providers.tf"),
    embedded!("environments/k3s-dev/variables.tf"),
    embedded!("environments/k3s-dev/versions.tf"),
];

/// The inputs: the example fits the simulated host.
const INPUTS: &str =
    include_str!("../../../terraform/environments/k3s-dev/terraform.tfvars.example");

/// Inputs on top of the example: a GPU worker for each of two cards that nobody has named yet, as an API token has to.
const GPU_INPUTS: &str = r#"gpu_worker_template = "talos-v1.13-nocloud"
gpu_worker_pci_bdfs = ["0000:41:00", "0000:42:00"]
"#;

/// What is built on the simulated host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// The example: a control plane and two workers.
    #[default]
    K3sDev,
    /// The same and two workers with a GPU each.
    Gpu,
}

impl Scenario {
    /// How it is asked for, unless it is what there is without asking.
    pub(crate) fn option(self) -> Option<String> {
        match self {
            Self::K3sDev => None,
            Self::Gpu => Some("--scenario gpu".to_owned()),
        }
    }

    const fn inputs(self) -> &'static str {
        match self {
            Self::K3sDev => "",
            Self::Gpu => GPU_INPUTS,
        }
    }
}

/// A running simulation. Dropping it ends the host and removes the directory, unless it was kept.
pub(crate) struct Simulation {
    scratch: TempDir,
    sim: Sim,
    runtime: Runtime,
}

impl Simulation {
    /// Starts the built-in host and lays out the directory, with copies of the user's `var_files`.
    pub(crate) fn start(scenario: Scenario, var_files: &[PathBuf]) -> Result<Self, CommandError> {
        let runtime = Runtime::new()?;
        let config = Config::real(pve_sim::Scenario::k3s_dev(), SPEED);
        let sim = runtime.block_on(Sim::start(config))?;
        let scratch = tempfile::Builder::new().prefix("em-infra-").tempdir()?;
        let simulation = Self {
            scratch,
            sim,
            runtime,
        };
        simulation.lay_out(scenario, var_files)?;
        Ok(simulation)
    }

    /// The Terraform root.
    pub(crate) fn root(&self) -> PathBuf {
        self.terraform().join("environments/k3s-dev")
    }

    /// The environment that Terraform runs in: this host's address and token, and no other source of providers.
    pub(crate) fn environment(&self, environment: &Env) -> Env {
        let mut environment = environment.clone();
        environment.remove_where(|name, _| reaches_another_host(name));
        environment.set(
            "TF_CLI_CONFIG_FILE",
            self.scratch.path().join("terraform.rc"),
        );
        environment.set("TF_VAR_proxmox_api_url", self.sim.url());
        environment.set("TF_VAR_proxmox_tls_fingerprint", self.sim.fingerprint());
        if let Some((id, secret)) = self.sim.token("terraform") {
            environment.set("TF_VAR_proxmox_api_token_id", id);
            environment.set("TF_VAR_proxmox_api_token_secret", secret);
        }
        environment
    }

    /// The host's address, and what it is.
    pub(crate) fn host(&self) -> String {
        format!("embedded Proxmox VE at {}", self.sim.url())
    }

    /// Ends the host and leaves the directory where it is.
    pub(crate) fn keep(self) -> PathBuf {
        self.runtime.block_on(self.sim.shutdown());
        self.scratch.keep()
    }

    fn terraform(&self) -> PathBuf {
        self.scratch.path().join("terraform")
    }

    fn lay_out(&self, scenario: Scenario, var_files: &[PathBuf]) -> Result<(), CommandError> {
        for (path, text) in CONFIGURATION {
            write(&self.terraform().join(path), text)?;
        }
        write(&self.root().join("terraform.tfvars"), INPUTS)?;
        // The name comes before those of the user's files, which have the last word.
        let path = self.root().join("00-scenario.auto.tfvars");
        write(&path, scenario.inputs())?;
        for (number, path) in var_files.iter().enumerate() {
            let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
            write(
                &self.root().join(format!("{number:03}{}", automatic(path))),
                &text,
            )?;
        }
        let mirror = self.scratch.path().join("mirror");
        Mirror::at(&mirror).install(&own_executable()?, &own_version())?;
        write(
            &self.scratch.path().join("terraform.rc"),
            &cli_config(&mirror),
        )
    }
}

/// The ending under which Terraform loads the copy of a variable file by itself.
fn automatic(path: &Path) -> &'static str {
    let is_json = path
        .extension()
        .is_some_and(|extension| extension == "json");
    if is_json {
        ".auto.tfvars.json"
    } else {
        ".auto.tfvars"
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> CommandError {
    CommandError::new(Exit::Usage, error).hint(format!(
        "--var-file takes a readable file; it was `{}`",
        path.display()
    ))
}

/// Tells Terraform to take our provider from `mirror` and to fetch nothing.
fn cli_config(mirror: &Path) -> String {
    format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path    = {path:?}\n    include = [{PROVIDER_SOURCE:?}]\n  }}\n}}\n",
        path = mirror.display().to_string()
    )
}

/// Variables by which an input or an access value of the user's own environment would reach the simulation.
fn reaches_another_host(name: &str) -> bool {
    ["TF_VAR_", "PROXMOX_VE_", "PM_"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn write(path: &Path, text: &str) -> Result<(), CommandError> {
    if let Some(folder) = path.parent() {
        files::create_private_dirs(folder)?;
    }
    Ok(files::create_new(path, text.as_bytes(), Mode::Private)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_simulation_runs_the_whole_configuration_of_the_repository() {
        let folders = ["modules/talos-cluster", "environments/k3s-dev"];
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../terraform");
        let on_disk: BTreeSet<String> = folders
            .iter()
            .flat_map(|folder| {
                let entries = std::fs::read_dir(root.join(folder)).unwrap();
                entries.map(move |entry| {
                    format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy())
                })
            })
            .filter(|path| Path::new(path).extension() == Some("tf".as_ref()))
            .collect();
        let embedded: BTreeSet<String> = CONFIGURATION
            .iter()
            .map(|(path, _)| (*path).to_owned())
            .collect();
        assert_eq!(embedded, on_disk);
    }
}
