//! `em-infra sim serve` in a process of its own, as a person starts it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::failure::Failure;

/// A simulated host; it ends with this value.
pub(crate) struct SimulatedHost {
    process: Child,
    reachable: Value,
}

impl SimulatedHost {
    /// Starts the host of a scenario file; `speed` is how much faster than a real one its tasks run.
    pub(crate) fn start(program: &Path, scenario: &Path, speed: &str) -> Result<Self, Failure> {
        let failed = |source| Failure::Start {
            command: format!("{} sim serve", program.display()),
            source,
        };
        let mut process = Command::new(program)
            .args(["sim", "serve", "--format", "json"])
            .args(["--listen", "127.0.0.1:0", "--speed", speed, "--scenario"])
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

    /// One of the things that it says of itself, as `url` or `ca_pem`.
    pub(crate) fn text(&self, key: &str) -> Result<&str, Failure> {
        text(&self.reachable, key)
    }

    /// Id and secret of the token that may make machines.
    pub(crate) fn token(&self) -> Result<(&str, &str), Failure> {
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

impl Drop for SimulatedHost {
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
