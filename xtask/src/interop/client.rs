//! `proxmoxer`, the most used client of Proxmox VE in Python, against `em-infra sim serve`.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use files::{Mode, create_atomic};
use pve_sim::Scenario;
use serde_json::Value;

use super::run_step;
use crate::failure::Failure;
use crate::tidy::root;

const PACKAGES: [&str; 2] = ["proxmoxer==2.3.0", "requests==2.34.2"];

/// User, password, node and template of the built-in scenario.
const SCENARIO: [&str; 4] = ["em-infra@pve", "em-infra", "pve", "9000"];

/// Lets the client take machines through their whole life.
pub(super) fn run() -> Result<(), Failure> {
    let folder = root().join("target/interop");
    let python = environment(&folder)?;
    let scenario = folder.join("scenario.toml");
    create_atomic(&scenario, with_agent().as_bytes(), Mode::Public).map_err(Failure::Write)?;
    let host = Host::start(&scenario)?;
    let ca_file = folder.join("ca.pem");
    create_atomic(&ca_file, host.text("ca_pem")?.as_bytes(), Mode::Public)
        .map_err(Failure::Write)?;
    let (id, secret) = host.token()?;
    let mut command = Command::new(python);
    command
        .arg("xtask/src/interop/client.py")
        .arg(host.text("url")?.trim_start_matches("https://"))
        .arg(ca_file)
        .args([id, secret])
        .args(SCENARIO);
    run_step(command)
}

/// The built-in scenario, but for a guest agent in the template and so in its clones: stock Talos has none.
fn with_agent() -> String {
    const GUEST: &str = r#"[vm.guest]
agent = true
[[vm.guest.interfaces]]
name = "lo"
mac = "00:00:00:00:00:00"
addresses = ["127.0.0.1/8"]
[vm.options]"#;
    Scenario::k3s_dev_toml().replacen("[vm.options]", GUEST, 1)
}

/// The interpreter of an environment that has the packages.
fn environment(folder: &Path) -> Result<PathBuf, Failure> {
    let python = folder.join("bin/python");
    if !python.exists() {
        let mut make = Command::new("python3");
        make.args(["-m", "venv"]).arg(folder);
        run_step(make)?;
    }
    let mut install = Command::new(&python);
    install
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args(PACKAGES);
    run_step(install)?;
    fs::canonicalize(folder)
        .map(|folder| folder.join("bin/python"))
        .map_err(|source| Failure::Read {
            path: folder.to_owned(),
            source,
        })
}

/// A simulated host in a process of its own; it ends with this value.
struct Host {
    process: Child,
    reachable: Value,
}

impl Host {
    fn start(scenario: &Path) -> Result<Self, Failure> {
        let mut build = Command::new("cargo");
        build.args(["build", "--quiet", "--locked", "--package", "em-infra"]);
        run_step(build)?;
        let program = root().join("target/debug/em-infra");
        let failed = |source| Failure::Start {
            command: format!("{} sim serve", program.display()),
            source,
        };
        let mut process = Command::new(&program)
            .args(["sim", "serve", "--format", "json"])
            .args(["--listen", "127.0.0.1:0", "--speed", "20", "--scenario"])
            .arg(scenario)
            .stdout(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        let mut line = String::new();
        let output = process.stdout.take();
        let mut host = Self {
            process,
            reachable: Value::Null,
        };
        if let Some(output) = output {
            BufReader::new(output)
                .read_line(&mut line)
                .map_err(failed)?;
        }
        host.reachable = serde_json::from_str(&line).map_err(|_| {
            Failure::Interop(format!(
                "`em-infra sim serve` said `{line}`, not where it is"
            ))
        })?;
        Ok(host)
    }

    fn text(&self, key: &str) -> Result<&str, Failure> {
        text(&self.reachable, key)
    }

    /// Id and secret of the token that may make machines.
    fn token(&self) -> Result<(&str, &str), Failure> {
        let tokens = self.reachable["tokens"].as_array();
        let token = tokens
            .into_iter()
            .flatten()
            .find(|token| token["name"] == "terraform")
            .ok_or_else(|| {
                Failure::Interop("`em-infra sim serve` names no token `terraform`".to_owned())
            })?;
        Ok((text(token, "id")?, text(token, "secret")?))
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // It lives in memory alone: there is nothing that an orderly end would save.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn text<'a>(object: &'a Value, key: &str) -> Result<&'a str, Failure> {
    object[key]
        .as_str()
        .ok_or_else(|| Failure::Interop(format!("`em-infra sim serve` does not say its `{key}`")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_the_client_has_a_guest_agent_and_can_be_read() {
        let text = with_agent();
        assert_ne!(text, Scenario::k3s_dev_toml());
        assert_eq!(
            Scenario::from_toml(&text)
                .map(drop)
                .map_err(|e| e.to_string()),
            Ok(())
        );
    }
}
