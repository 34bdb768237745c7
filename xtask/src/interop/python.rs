//! A Python environment below `target/`, for programs of others.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::run_step;
use crate::failure::Failure;

/// The interpreter of an environment that has the packages.
pub(super) fn environment(folder: &Path, packages: &[&str]) -> Result<PathBuf, Failure> {
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
        .args(packages);
    run_step(install)?;
    fs::canonicalize(folder)
        .map(|folder| folder.join("bin/python"))
        .map_err(|source| Failure::Read {
            path: folder.to_owned(),
            source,
        })
}
