//! The copy in which mutants are built and tested.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use files::{Mode, create_atomic};

use super::mutant::Mutant;
use crate::failure::Failure;
use crate::tidy::root;

/// The sources of rules; renderers, generators and the handoff have proofs of their own.
const LOOKED_AT: [&str; 9] = [
    "across",
    "code",
    "inputs",
    "kind",
    "text",
    "topology",
    "input.rs",
    "inputs.rs",
    "reading.rs",
];

/// Tests that say what the rules do. The last one is slow, and asked only about what the others let pass.
const TESTS: [&str; 7] = [
    "rules",
    "findings",
    "formats",
    "validation",
    "messages",
    "topology",
    "layers",
];
const SLOW: &str = "layers::";

/// How a mutant fared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// A test failed.
    Killed,
    /// Every test passed.
    Survived,
    /// It is no Rust.
    Unbuildable,
}

/// A workspace of one crate, below the folder for builds.
pub(super) struct Workshop {
    folder: PathBuf,
}

impl Workshop {
    /// Copies the crate, and makes sure that its tests pass as it is.
    pub(super) fn open() -> Result<Self, Failure> {
        let workshop = Self {
            folder: root().join("target/mutants"),
        };
        workshop.copy()?;
        // Snapshots are named after the program, which is another one here.
        if workshop.test(&[], "always")? {
            Ok(workshop)
        } else {
            Err(Failure::Unproven {
                claim: "mutate",
                reason: "the tests do not pass without a mutant".to_owned(),
            })
        }
    }

    fn copy(&self) -> Result<(), Failure> {
        let from = root();
        for folder in ["crates/contract", "terraform", "schemas"] {
            remove(&self.folder.join(folder))?;
            copy_folder(&from.join(folder), &self.folder.join(folder))?;
        }
        copy_file(&from.join("Cargo.lock"), &self.folder.join("Cargo.lock"))?;
        let manifest = read(&from.join("Cargo.toml"))?
            .replace("default-members = [\"crates/em-infra\"]\n", "")
            .replace(
                "members = [\"crates/*\", \"xtask\"]",
                "members = [\"crates/contract\"]",
            );
        write(&self.folder.join("Cargo.toml"), &manifest)?;
        let own = self.folder.join("crates/contract");
        let manifest = read(&own.join("Cargo.toml"))?.replace(
            "[dependencies]",
            "autotests = false\n\n[[test]]\nname = \"all\"\n\n[dependencies]",
        );
        write(&own.join("Cargo.toml"), &manifest)?;
        let modules = TESTS.map(|name| format!("mod {name};\n")).concat();
        write(
            &own.join("tests/all.rs"),
            &format!("//! All at once.\n\n{modules}"),
        )
    }

    /// The files whose changes are tried, from the crate's folder, with their texts.
    pub(super) fn sources(&self) -> Result<Vec<(PathBuf, String)>, Failure> {
        let own = self.folder.join("crates/contract");
        let mut paths = Vec::new();
        for part in LOOKED_AT {
            list(&own.join("src").join(part), &mut paths)?;
            let module = own.join("src").join(format!("{part}.rs"));
            if module.exists() {
                paths.push(module);
            }
        }
        paths.sort();
        paths.dedup();
        let relative = |path: &Path| path.strip_prefix(&own).unwrap_or(path).to_owned();
        paths
            .iter()
            .map(|path| Ok((relative(path), read(path)?)))
            .collect()
    }

    /// Puts the mutant in, tests, and puts the original back.
    pub(super) fn try_out(&self, mutant: &Mutant) -> Result<Outcome, Failure> {
        let path = self.folder.join("crates/contract").join(&mutant.path);
        let original = read(&path)?;
        let lines = original.lines().enumerate();
        let mutated: Vec<&str> = lines
            .map(|(index, line)| {
                if index == mutant.line {
                    &mutant.after
                } else {
                    line
                }
            })
            .collect();
        write(&path, &(mutated.join("\n") + "\n"))?;
        let outcome = self.outcome();
        write(&path, &original)?;
        outcome
    }

    fn outcome(&self) -> Result<Outcome, Failure> {
        if !self.cargo(&["test", "--quiet", "--no-run"], "no")? {
            return Ok(Outcome::Unbuildable);
        }
        let passes = self.test(&["--skip", SLOW], "no")? && self.test(&[SLOW], "no")?;
        Ok(if passes {
            Outcome::Survived
        } else {
            Outcome::Killed
        })
    }

    fn test(&self, arguments: &[&str], snapshots: &str) -> Result<bool, Failure> {
        let words = [&["test", "--quiet", "--test", "all", "--"], arguments].concat();
        self.cargo(&words, snapshots)
    }

    fn cargo(&self, arguments: &[&str], snapshots: &str) -> Result<bool, Failure> {
        let status = Command::new("cargo")
            .args(arguments)
            .current_dir(&self.folder)
            .env("CARGO_INCREMENTAL", "1")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .env("INSTA_UPDATE", snapshots)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        let status = status.map_err(|source| Failure::Start {
            command: format!("cargo {}", arguments.join(" ")),
            source,
        })?;
        Ok(status.success())
    }
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::Read {
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    create_atomic(path, text.as_bytes(), Mode::Public).map_err(Failure::Write)
}

fn remove(path: &Path) -> Result<(), Failure> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::Folder {
            path: path.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}

pub(super) fn list(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !path.is_dir() {
        if path.exists() {
            found.push(path.to_owned());
        }
        return Ok(());
    }
    let failed = |source| Failure::Read {
        path: path.to_owned(),
        source,
    };
    for entry in fs::read_dir(path).map_err(failed)? {
        list(&entry.map_err(failed)?.path(), found)?;
    }
    Ok(())
}

fn copy_folder(from: &Path, to: &Path) -> Result<(), Failure> {
    let mut paths = Vec::new();
    list(from, &mut paths)?;
    for path in paths {
        copy_file(&path, &to.join(path.strip_prefix(from).unwrap_or(&path)))?;
    }
    Ok(())
}

fn copy_file(from: &Path, to: &Path) -> Result<(), Failure> {
    let bytes = fs::read(from).map_err(|source| Failure::Read {
        path: from.to_owned(),
        source,
    })?;
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|source| Failure::Folder {
            path: folder.to_owned(),
            source,
        })?;
    }
    create_atomic(to, &bytes, Mode::Public).map_err(Failure::Write)
}
