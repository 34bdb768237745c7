//! `proxmoxer`, the most used client of Proxmox VE in Python, against `em-infra sim serve`.

use std::process::Command;

use files::{Mode, create_atomic};
use pve_sim::Scenario;

use super::python::environment;
use super::run_step;
use crate::failure::Failure;
use crate::simulated_host::SimulatedHost;
use crate::tidy::root;

const PACKAGES: [&str; 2] = ["proxmoxer==2.3.0", "requests==2.34.2"];

/// User, password, node and template of the built-in scenario.
const SCENARIO: [&str; 4] = ["em-infra@pve", "em-infra", "pve", "9000"];

/// Lets the client take machines through their whole life.
pub(super) fn run() -> Result<(), Failure> {
    let folder = root().join("target/interop");
    let python = environment(&folder, &PACKAGES)?;
    let scenario = folder.join("scenario.toml");
    create_atomic(&scenario, with_agent().as_bytes(), Mode::Public).map_err(Failure::Write)?;
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--locked", "--package", "em-infra"]);
    run_step(build)?;
    let host = SimulatedHost::start(&root().join("target/debug/em-infra"), &scenario, "20")?;
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
