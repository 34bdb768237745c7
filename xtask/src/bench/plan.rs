//! How long a plan takes and what the provider weighs, beside the same plan of Terraform's own `terraform_data`.
//!
//! Both roots are the module of the repository, over the same inputs and the same `topology`; in one of them the VMs
//! are `terraform_data`. Their plans run in turn, so that both see the same machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use files::{Mode, create_atomic};
use pve_sim::Scenario;

use super::measure::{Measured, measured};
use crate::failure::Failure;
use crate::folder::removed;
use crate::interop::{engine, run_step};
use crate::simulated_host::SimulatedHost;
use crate::tidy::root;

/// How many VMs, how often each plan runs, and the bound on the ratio.
const SIZES: [(u32, usize, f64); 2] = [(100, 7, 1.5), (1000, 3, 1.75)];

/// For 1,000 VMs.
const PEAK_MIB: u64 = 24;

/// Until Terraform has the schema.
const START: Duration = Duration::from_millis(15);

/// Prints the figures and says which of them miss their bound.
#[expect(clippy::print_stdout, reason = "figures are data")]
pub(super) fn run() -> Result<(), Failure> {
    build()?;
    let bench = Bench::prepare()?;
    println!("{}", bench.start()?);
    for (vms, rounds, bound) in SIZES {
        println!("{}", bench.plan(vms, rounds, bound)?);
    }
    Ok(())
}

/// The executable as users have it.
pub(super) fn build() -> Result<(), Failure> {
    let mut build = Command::new("cargo");
    build.args([
        "build",
        "--quiet",
        "--release",
        "--locked",
        "--package",
        "em-infra",
    ]);
    run_step(build)
}

/// Where everything of the run is.
pub(super) struct Bench {
    pub(super) folder: PathBuf,
    pub(super) program: PathBuf,
    pub(super) terraform: PathBuf,
}

impl Bench {
    /// An empty home with the provider in it.
    pub(super) fn prepare() -> Result<Self, Failure> {
        let folder = root().join("target/bench");
        removed(&folder)?;
        files::create_private_dirs(&folder.join("home")).map_err(Failure::Write)?;
        let bench = Self {
            program: root().join("target/release/em-infra"),
            terraform: engine("1.15")?.program,
            folder,
        };
        let mut install = bench.command(&bench.program);
        install.args(["provider", "install"]).stderr(Stdio::null());
        run_step(install)?;
        Ok(bench)
    }

    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        let variables = std::env::vars_os().filter(|(name, _)| {
            let name = name.to_string_lossy();
            !["TF_", "EM_INFRA_", "PROXMOX_", "PM_"]
                .iter()
                .any(|prefix| name.starts_with(prefix))
        });
        command
            .env_clear()
            .envs(variables)
            .env("HOME", self.folder.join("home"))
            .current_dir(&self.folder);
        command
    }

    /// From the start of the process until the client has the schema, as Terraform itself logs it.
    fn start(&self) -> Result<String, Failure> {
        let root = self.root("start", &module_text("main.tf")?)?;
        self.terraform(&root, &["init", "-input=false"], None)?;
        let mut found = Vec::new();
        for _ in 0..9 {
            let mut command = self.command(&self.terraform);
            command
                .arg(format!("-chdir={}", root.display()))
                .args(["providers", "schema", "-json"])
                .env("TF_LOG", "trace");
            let output = command.output().map_err(|source| Failure::Start {
                command: self.terraform.display().to_string(),
                source,
            })?;
            let log = String::from_utf8_lossy(&output.stderr);
            found.push(start_in(&log).ok_or_else(|| {
                Failure::Interop(
                    "Terraform's log does not show the start of the provider".to_owned(),
                )
            })?);
        }
        let median = median(&mut found);
        Ok(format!(
            "provider start until Terraform has the schema: {median:?}, bound {START:?}{}",
            missed(median <= START)
        ))
    }

    fn plan(&self, vms: u32, rounds: usize, bound: f64) -> Result<String, Failure> {
        let scenario = self.folder.join(format!("host-{vms}.toml"));
        create_atomic(&scenario, roomy().as_bytes(), Mode::Public).map_err(Failure::Write)?;
        let host = SimulatedHost::start(&self.program, &scenario, "200")?;
        let text = module_text("main.tf")?;
        let ours = self.root(&format!("ours-{vms}"), &text)?;
        let builtin = self.root(&format!("builtin-{vms}"), &builtin(&text)?)?;
        for root in [&ours, &builtin] {
            let inputs = root.join("terraform.tfvars");
            create_atomic(&inputs, inputs_of(vms).as_bytes(), Mode::Public)
                .map_err(Failure::Write)?;
            self.terraform(root, &["init", "-input=false"], None)?;
        }
        let (mut with_ours, mut with_builtin, mut peak) = (Vec::new(), Vec::new(), 0);
        for _ in 0..rounds {
            let plan = ["plan", "-input=false", "-compact-warnings"];
            let one = self.terraform(&ours, &plan, Some(&host))?;
            let other = self.terraform(&builtin, &plan, Some(&host))?;
            with_ours.push(one.took);
            with_builtin.push(other.took);
            peak = peak.max(one.peak_kib);
        }
        let (ours, builtin) = (median(&mut with_ours), median(&mut with_builtin));
        let ratio = ours.as_secs_f64() / builtin.as_secs_f64();
        let heavy = (vms == 1000).then(|| {
            let held = peak <= PEAK_MIB * 1024;
            format!(", bound {PEAK_MIB}{}", missed(held))
        });
        Ok(format!(
            "plan of {vms} VMs: {ours:.2?}, of terraform_data {builtin:.2?}, ratio {ratio:.2}, bound {bound}{}; provider peak {} MiB{}",
            missed(ratio <= bound),
            peak.div_ceil(1024),
            heavy.unwrap_or_default()
        ))
    }

    /// A copy of the module as a root of its own, with this `main.tf`.
    fn root(&self, name: &str, main: &str) -> Result<PathBuf, Failure> {
        let root = self.folder.join(name);
        files::create_private_dirs(&root).map_err(Failure::Write)?;
        for file in ["variables.tf", "versions.tf"] {
            create_atomic(
                &root.join(file),
                module_text(file)?.as_bytes(),
                Mode::Public,
            )
            .map_err(Failure::Write)?;
        }
        create_atomic(&root.join("main.tf"), main.as_bytes(), Mode::Public)
            .map_err(Failure::Write)?;
        Ok(root)
    }

    fn terraform(
        &self,
        root: &Path,
        arguments: &[&str],
        host: Option<&SimulatedHost>,
    ) -> Result<Measured, Failure> {
        let mut command = self.command(&self.terraform);
        command
            .arg(format!("-chdir={}", root.display()))
            .args(arguments)
            .stdout(Stdio::null());
        if let Some(host) = host {
            let (id, secret) = host.token()?;
            command
                .env("PROXMOX_VE_ENDPOINT", host.text("url")?)
                .env("PROXMOX_VE_API_TOKEN", format!("{id}={secret}"))
                .env("PROXMOX_VE_INSECURE", "true");
        }
        measured(command, &self.folder.join("home"))
    }
}

/// The module with `terraform_data` in the place of its VMs and mappings.
fn builtin(main: &str) -> Result<String, Failure> {
    const VM: &str = "resource \"eminfra_talos_vm\" \"node\" {";
    const MAPPING: &str = "resource \"eminfra_pci_mapping\" \"gpu\" {";
    let without = without_block(&without_block(main, VM)?, MAPPING)?;
    Ok(format!(
        "{without}\nresource \"terraform_data\" \"node\" {{\n  for_each = local.topology.nodes\n  input    = each.value\n}}\n"
    ))
}

fn without_block(text: &str, head: &str) -> Result<String, Failure> {
    let cut = || {
        let (before, block) = text.split_once(head)?;
        let (_, after) = block.split_once("\n}\n")?;
        Some(format!("{before}{after}"))
    };
    cut().ok_or_else(|| Failure::Interop(format!("the module has no `{head}`")))
}

fn module_text(file: &str) -> Result<String, Failure> {
    let path = root().join("terraform/modules/talos-cluster").join(file);
    fs::read_to_string(&path).map_err(|source| Failure::Read { path, source })
}

/// The built-in host with room for everything.
pub(super) fn roomy() -> String {
    Scenario::k3s_dev_toml()
        .replace("size = \"800G\"", "size = \"100000G\"")
        .replace("memory = \"64G\"", "memory = \"16000G\"")
}

/// The slots of a cluster end at 999.
const LAST_IN_A_SLOT: u32 = 900;

/// One control plane, and workers by name: in slots of their own, or where those end with VMID and address.
pub(super) fn inputs_of(vms: u32) -> String {
    let workers = (1..vms).map(|number| {
        let place = if number <= LAST_IN_A_SLOT {
            format!("slot = {}", number + 10)
        } else {
            let host = number - LAST_IN_A_SLOT;
            format!("vmid = {}, address = \"10.20.100.{host}\"", 30_000 + number)
        };
        format!("  \"worker-{number}\" = {{ {place} }}\n")
    });
    format!(
        "env_name = \"k3s-dev\"\nnode = \"pve\"\ndisk_pool = \"local-lvm\"\nvmid_start = 20000\n\
         control_plane_template = \"talos-v1.13-nocloud\"\ntalos_version = \"v1.13.9\"\n\
         control_plane_count = 1\nworker_count = 0\ncluster_network_cidr = \"10.20.0.0/16\"\n\
         network_gateway = \"10.20.255.1\"\ncluster_cidr = \"10.128.0.0/12\"\nworkers = {{\n{}}}\n",
        workers.collect::<String>()
    )
}

pub(super) fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

pub(super) fn missed(held: bool) -> &'static str {
    if held { "" } else { " MISSED" }
}

/// Reads from Terraform's log how long the first start of the provider took, until its schema was there: the call of the
/// provider that comes next waits for it.
fn start_in(log: &str) -> Option<Duration> {
    let mut lines = log.lines();
    let started = lines.find(|line| line.contains("provider: starting plugin"))?;
    lines.find(|line| line.contains("GetProviderSchema"))?;
    let next = lines.find(|line| line.contains("GRPCProvider"))?;
    Some(time_of_day(next)?.saturating_sub(time_of_day(started)?))
}

/// `2026-01-31T12:34:56.789Z [TRACE] …`
fn time_of_day(line: &str) -> Option<Duration> {
    let (_, rest) = line.split_once('T')?;
    let (hours, minutes, seconds) = (rest.get(0..2)?, rest.get(3..5)?, rest.get(6..12)?);
    let seconds: f64 = seconds.parse().ok()?;
    let whole: u32 = hours.parse::<u32>().ok()? * 3600 + minutes.parse::<u32>().ok()? * 60;
    Some(Duration::from_secs_f64(f64::from(whole) + seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_of_the_provider_is_read_from_the_log() {
        let log = "2026-01-31T23:59:58.500Z [DEBUG] provider: starting plugin: path=x\n\
                   2026-01-31T23:59:58.510Z [TRACE] GRPCProvider.v6: GetProviderSchema\n\
                   a line without a time\n\
                   2026-01-31T23:59:58.525Z [TRACE] GRPCProvider.v6: Close\n";
        let took = start_in(log).map(|took| took.as_millis());
        assert_eq!(took, Some(25));
        assert_eq!(start_in("nothing of the kind"), None);
    }

    #[test]
    fn the_other_root_has_terraform_data_for_each_vm() {
        let text = builtin(&module_text("main.tf").expect("the module")).expect("its blocks");
        assert!(!text.contains("resource \"eminfra"), "{text}");
        assert!(text.contains("resource \"terraform_data\" \"node\""));
    }
}
