//! The workspace as data: manifests and source files, read once.

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;

/// One crate below `crates/`.
pub(super) struct Crate {
    /// The folder's name, which is how ARCHITECTURE.md names the crate.
    pub(super) name: String,
    /// Workspace crates in `[dependencies]`.
    pub(super) dependencies: Vec<String>,
    /// Everything in `[dependencies]`, by package name.
    pub(super) all_dependencies: Vec<String>,
    /// Whether `[lints] workspace = true` is there.
    pub(super) workspace_lints: bool,
    /// Source files below `src/`.
    pub(super) sources: Vec<Source>,
}

/// One Rust source file.
pub(super) struct Source {
    /// Path from the root of the workspace.
    pub(super) path: PathBuf,
    /// The text in front of the file's test module, where rules about shipped code apply.
    pub(super) shipped: String,
    /// The whole text.
    pub(super) text: String,
}

/// Everything the rules look at.
pub(super) struct Workspace {
    /// The crates, by folder name.
    pub(super) crates: Vec<Crate>,
}

impl Workspace {
    /// Reads the workspace that this program was built in.
    pub(super) fn read() -> Result<Self, Failure> {
        let root = root();
        let folders = folders_of(&root.join("crates"))?;
        let names: Vec<String> = folders.iter().map(|folder| name_of(folder)).collect();
        let crates = folders
            .iter()
            .map(|folder| Crate::read(&root, folder, &names))
            .collect::<Result<_, _>>()?;
        Ok(Self { crates })
    }
}

impl Crate {
    fn read(root: &Path, folder: &Path, names: &[String]) -> Result<Self, Failure> {
        let manifest: toml::Table = read(&folder.join("Cargo.toml"))?
            .parse()
            .unwrap_or_default();
        let all_dependencies: Vec<String> = manifest
            .get("dependencies")
            .and_then(toml::Value::as_table)
            .map(|table| table.keys().cloned().collect())
            .unwrap_or_default();
        let dependencies = all_dependencies
            .iter()
            .map(|name| {
                if name == "em-infra-core" {
                    "core".to_owned()
                } else {
                    name.clone()
                }
            })
            .filter(|name| names.contains(name))
            .collect();
        let workspace_lints = manifest
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool)
            .unwrap_or(false);
        let mut sources = Vec::new();
        collect_sources(root, &folder.join("src"), &mut sources)?;
        Ok(Self {
            name: name_of(folder),
            dependencies,
            all_dependencies,
            workspace_lints,
            sources,
        })
    }
}

fn collect_sources(root: &Path, folder: &Path, into: &mut Vec<Source>) -> Result<(), Failure> {
    for entry in entries_of(folder)? {
        if entry.is_dir() {
            collect_sources(root, &entry, into)?;
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = read(&entry)?;
            let shipped = match text.find("#[cfg(test)]\nmod ") {
                Some(start) if !is_test_file(&entry) => text[..start].to_owned(),
                _ if is_test_file(&entry) => String::new(),
                _ => text.clone(),
            };
            let path = entry.strip_prefix(root).unwrap_or(&entry).to_owned();
            into.push(Source {
                path,
                shipped,
                text,
            });
        }
    }
    Ok(())
}

fn is_test_file(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == "tests")
        || path.file_name().is_some_and(|name| name == "tests.rs")
}

fn folders_of(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    Ok(entries_of(folder)?
        .into_iter()
        .filter(|entry| entry.is_dir())
        .collect())
}

fn entries_of(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failed = |source| Failure::Read {
        path: folder.to_owned(),
        source,
    };
    let mut entries = fs::read_dir(folder)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
    entries.sort();
    Ok(entries)
}

fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|source| Failure::Read {
        path: path.to_owned(),
        source,
    })
}

fn name_of(folder: &Path) -> String {
    folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map(Path::to_owned)
        .unwrap_or_default()
}
