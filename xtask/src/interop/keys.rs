//! The `age` program and a sealed vault: its public key seals, its private key opens, without em-infra.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use files::{Mode, create_atomic};

use super::run_step;
use crate::failure::Failure;
use crate::folder::removed;
use crate::tidy::root;

/// A state as Terraform writes it; what is in it is of no matter here.
const STATE: &str = r#"{
  "version": 4,
  "terraform_version": "1.15.5",
  "serial": 3,
  "lineage": "6a2f1f0e-2b6c-4b39-9a4e-2d8f6f9d8f11",
  "outputs": {},
  "resources": [],
  "check_results": null
}
"#;

/// Seals a vault to a key of `age-keygen`, and opens the snapshot with `age` and with em-infra.
#[expect(clippy::print_stderr, reason = "a long run says where it is")]
pub(super) fn run() -> Result<(), Failure> {
    let folder = root().join("target/interop/keys");
    removed(&folder)?;
    files::create_private_dirs(&folder).map_err(Failure::Write)?;
    let key = folder.join("k3s-dev.key");
    match Command::new("age-keygen").arg("-o").arg(&key).output() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            eprintln!(
                "xtask: not tried: a sealed vault and `age`, which is not installed (Debian: age)"
            );
            return Ok(());
        }
        Err(source) => {
            return Err(Failure::Start {
                command: "age-keygen".to_owned(),
                source,
            });
        }
        Ok(made) => said("age-keygen", &made)?,
    }
    opened(&folder, &key)
}

#[expect(clippy::print_stderr, reason = "a long run says where it is")]
fn opened(folder: &Path, key: &Path) -> Result<(), Failure> {
    let mut public = Command::new("age-keygen");
    public.arg("-y").arg(key);
    let public = output(public)?;
    write(
        &folder.join("main.tf"),
        "resource \"terraform_data\" \"a\" {}\n",
    )?;
    write(&folder.join("terraform.tfstate"), STATE)?;
    state(folder, &["seal", public.trim()])?;
    state(folder, &["snapshot"])?;
    state(
        folder,
        &["verify", "--identity", &key.display().to_string()],
    )?;
    let sealed = sealed(&folder.join("vault"))?;
    let mut open = Command::new("age");
    open.arg("-d").arg("-i").arg(key).arg(&sealed);
    if output(open)? != STATE {
        return Err(Failure::Interop(format!(
            "`age` opens {} to something else than what was sealed",
            sealed.display()
        )));
    }
    eprintln!("xtask: a vault sealed to a key of `age-keygen` is opened by `age`, byte for byte");
    Ok(())
}

/// Runs `em-infra state` on the folder, with a vault below it.
fn state(folder: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new("cargo");
    command
        .args(["run", "--quiet", "--locked", "--", "state"])
        .args(arguments)
        .arg("--env")
        .arg(folder)
        .arg("--vault")
        .arg(folder.join("vault"));
    run_step(command)
}

/// The state in the one snapshot of the vault.
fn sealed(vault: &Path) -> Result<PathBuf, Failure> {
    let snapshots = vault.join("snapshots");
    let read = |source| Failure::Read {
        path: snapshots.clone(),
        source,
    };
    let mut entries = fs::read_dir(&snapshots).map_err(read)?;
    let entry = entries.next().transpose().map_err(read)?;
    entry
        .map(|entry| entry.path().join("terraform.tfstate.age"))
        .ok_or_else(|| Failure::Interop(format!("no snapshot in {}", vault.display())))
}

fn output(mut command: Command) -> Result<String, Failure> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|source| Failure::Start {
        command: name.clone(),
        source,
    })?;
    said(&name, &output)?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn said(command: &str, output: &Output) -> Result<(), Failure> {
    if output.status.success() {
        return Ok(());
    }
    Err(Failure::Interop(format!(
        "`{command}` failed: {}",
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    create_atomic(path, text.as_bytes(), Mode::Private).map_err(Failure::Write)
}
