//! The copy in which mutants are built and tested.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use files::{Mode, create_atomic};

use super::mutant::Mutant;
use super::program::Program;
use super::weave::{MODULE, Numbered, Woven, weave};
use crate::failure::Failure;
use crate::folder::removed;
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

/// Tests that say what the rules do.
pub(super) const TESTS: [&str; 7] = [
    "rules",
    "findings",
    "formats",
    "validation",
    "messages",
    "topology",
    "layers",
];

/// The first of the workshops.
pub(super) const FIRST: &str = "0";

/// How often a woven crate is built again without those mutants that the compiler refuses.
const WEAVINGS: usize = 12;

/// A workspace of one crate, below the folder for builds.
pub(super) struct Workshop {
    folder: PathBuf,
}

impl Workshop {
    /// Copies the crate into a folder with this name, and makes sure that its tests pass as it is.
    pub(super) fn open(name: &str) -> Result<Self, Failure> {
        let workshop = Self {
            folder: root().join("target/mutants").join(name),
        };
        workshop.copy()?;
        workshop.take_builds_of_others();
        let program = workshop.build()?.ok();
        // Snapshots are named after the program, which is another one here.
        let passes = program.is_some_and(|program| program.writes_snapshots());
        if passes {
            return Ok(workshop);
        }
        Err(Failure::Unproven {
            claim: "mutate",
            reason: "the tests do not pass without a mutant".to_owned(),
        })
    }

    fn copy(&self) -> Result<(), Failure> {
        let from = root();
        for folder in ["crates/contract", "terraform", "schemas"] {
            removed(&self.folder.join(folder))?;
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

    /// What the crate depends on is built once for all workshops. Where it cannot be copied it is built again.
    fn take_builds_of_others(&self) {
        let (built, own) = (
            self.folder.with_file_name(FIRST),
            self.folder.join("target"),
        );
        if !own.exists() {
            let copied = Command::new("cp")
                .arg("-a")
                .args([built.join("target"), own])
                .stderr(Stdio::null())
                .status();
            drop(copied);
        }
    }

    fn crate_folder(&self) -> PathBuf {
        self.folder.join("crates/contract")
    }

    /// Builds one program of all mutants that can be switched; returns the numbers of the others as well.
    pub(super) fn weave(&self, mutants: &[Numbered<'_>]) -> Result<(Program, Vec<usize>), Failure> {
        let mut woven: Vec<Numbered<'_>> = mutants.to_vec();
        let mut left = Vec::new();
        self.add_switch()?;
        for _ in 0..WEAVINGS {
            let (sources, alone) = self.put_in(&woven)?;
            left.extend(alone);
            let refused = match self.build()? {
                Ok(program) => return Ok((program, left)),
                Err(errors) => blamed(&sources, &errors),
            };
            if refused.is_empty() {
                break;
            }
            left.extend(refused);
            woven.retain(|(number, _)| !left.contains(number));
        }
        Err(Failure::Unproven {
            claim: "mutate",
            reason: "mutants in one program are no Rust, and it is not clear which".to_owned(),
        })
    }

    fn add_switch(&self) -> Result<(), Failure> {
        let path = self.crate_folder().join("src/lib.rs");
        let text = read(&path)?;
        write(&path, &(text + MODULE))
    }

    /// Writes every file with those of the mutants that can be switched, and returns the numbers of the others.
    fn put_in(
        &self,
        mutants: &[Numbered<'_>],
    ) -> Result<(BTreeMap<PathBuf, Woven>, Vec<usize>), Failure> {
        let mut files = BTreeMap::new();
        let mut left = Vec::new();
        for (path, text) in sources()? {
            let of_file = |(_, mutant): &&Numbered<'_>| mutant.path == path;
            let mutants: Vec<Numbered<'_>> = mutants.iter().filter(of_file).copied().collect();
            let (woven, alone) = weave(&text, &mutants);
            write(&self.crate_folder().join(&path), &woven.text())?;
            left.extend(alone);
            files.insert(path, woven);
        }
        Ok((files, left))
    }

    /// Puts one mutant in and builds; nothing where it is no Rust. The original is put back.
    pub(super) fn build_with(&self, mutant: &Mutant) -> Result<Option<Program>, Failure> {
        let path = self.crate_folder().join(&mutant.path);
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
        let built = self.build();
        write(&path, &original)?;
        Ok(built?.ok())
    }

    /// The program of all tests, or what the compiler says against it.
    fn build(&self) -> Result<Result<Program, String>, Failure> {
        let output = Command::new("cargo")
            .args(["test", "--quiet", "--no-run", "--test", "all"])
            .arg("--message-format=json-diagnostic-short")
            .current_dir(&self.folder)
            .env("CARGO_INCREMENTAL", "1")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_TARGET_DIR", self.folder.join("target"))
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .output();
        let output = output.map_err(|source| Failure::Start {
            command: "cargo test --no-run".to_owned(),
            source,
        })?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let program = said.lines().rev().find_map(executable);
        Ok(match program.filter(|_| output.status.success()) {
            Some(path) => Ok(Program::new(path, self.crate_folder())),
            None => Err(said),
        })
    }
}

/// The program in a message of cargo that names one.
fn executable(message: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    message["executable"].as_str().map(PathBuf::from)
}

/// The mutants that the errors of a build are about.
fn blamed(sources: &BTreeMap<PathBuf, Woven>, errors: &str) -> Vec<usize> {
    let mut found = Vec::new();
    for message in errors.lines() {
        let message: serde_json::Value = serde_json::from_str(message).unwrap_or_default();
        if message["message"]["level"] != "error" {
            continue;
        }
        for span in message["message"]["spans"].as_array().into_iter().flatten() {
            let path = span["file_name"].as_str().unwrap_or_default();
            let path = path.strip_prefix("crates/contract/").unwrap_or(path);
            let line = span["line_start"]
                .as_u64()
                .and_then(|line| usize::try_from(line).ok());
            if let (Some(woven), Some(line)) = (sources.get(Path::new(path)), line) {
                found.extend_from_slice(woven.blame(line));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// The files whose changes are tried, from the crate's folder, with their texts.
pub(super) fn sources() -> Result<Vec<(PathBuf, String)>, Failure> {
    let own = root().join("crates/contract");
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

pub(super) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::Read {
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    create_atomic(path, text.as_bytes(), Mode::Public).map_err(Failure::Write)
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
