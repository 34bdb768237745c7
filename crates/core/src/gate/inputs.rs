//! What a run rests on, as digests: configuration, provider lock, input files.
//!
//! They are taken before the plan and again before the apply, so that what is applied is what was
//! planned from, and once more in the end, so that the second plan speaks of the same.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use files::Digest;
use serde::Deserialize;

/// The digest of each file that Terraform reads as configuration or input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inputs {
    files: BTreeMap<PathBuf, (Role, Digest)>,
}

/// What a file is to Terraform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Configuration,
    ProviderLock,
    Variables,
}

const LOCK_FILE: &str = ".terraform.lock.hcl";

impl Inputs {
    /// Reads the root module, the local modules that `init` found, and `var_files` (relative to the
    /// root module, as Terraform takes them).
    pub fn read(root: &Path, var_files: &[PathBuf]) -> files::Result<Self> {
        let mut files = BTreeMap::new();
        for directory in module_directories(root) {
            let is_root = directory == root;
            for path in listing(&directory) {
                if let Some(role) = role(&path, is_root) {
                    files.insert(path.clone(), (role, Digest::of_file(&path)?));
                }
            }
        }
        for path in var_files.iter().map(|path| root.join(path)) {
            let digest = Digest::of_file(&path)?;
            files.insert(path, (Role::Variables, digest));
        }
        Ok(Self { files })
    }

    /// Files that differ from those in `before`, new and missing ones included.
    pub fn changed_since(&self, before: &Self) -> Vec<String> {
        let paths = self.files.keys().chain(before.files.keys());
        let mut changed: Vec<String> = paths
            .filter(|path| self.files.get(*path) != before.files.get(*path))
            .map(|path| path.display().to_string())
            .collect();
        changed.sort();
        changed.dedup();
        changed
    }

    /// One digest over the configuration of all modules.
    pub fn configuration(&self) -> Digest {
        self.together(Role::Configuration)
    }

    /// The digest of the provider lock file, where there is one.
    pub fn provider_lock(&self) -> Option<Digest> {
        self.files
            .values()
            .find(|(role, _)| *role == Role::ProviderLock)
            .map(|(_, found)| *found)
    }

    /// One digest over all input files. Never one per file or value: the digest of a short secret
    /// can be guessed.
    pub fn variables(&self) -> Digest {
        self.together(Role::Variables)
    }

    fn together(&self, wanted: Role) -> Digest {
        let of_role = self.files.iter().filter(|(_, (role, _))| *role == wanted);
        let lines = of_role.map(|(path, (_, digest))| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            format!("{digest} {name}\n")
        });
        Digest::of_bytes(lines.collect::<Vec<_>>().concat().as_bytes())
    }
}

fn role(path: &Path, is_root: bool) -> Option<Role> {
    let name = path.file_name()?.to_str()?;
    let ends = |endings: &[&str]| endings.iter().any(|ending| name.ends_with(ending));
    if ends(&[".tf", ".tf.json", ".tofu", ".tofu.json"]) {
        Some(Role::Configuration)
    } else if is_root && name == LOCK_FILE {
        Some(Role::ProviderLock)
    } else if is_root && ends(&[".tfvars", ".tfvars.json"]) {
        Some(Role::Variables)
    } else {
        None
    }
}

#[derive(Deserialize)]
struct Manifest {
    #[serde(rename = "Modules")]
    modules: Vec<Module>,
}

#[derive(Deserialize)]
struct Module {
    #[serde(rename = "Dir")]
    directory: PathBuf,
}

/// The root module and those that `init` wrote down; without a manifest the root alone.
fn module_directories(root: &Path) -> Vec<PathBuf> {
    let manifest = fs::read(root.join(".terraform/modules/modules.json")).ok();
    let manifest: Option<Manifest> = manifest.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let below = manifest.into_iter().flat_map(|manifest| manifest.modules);
    let below = below.filter(|module| module.directory != Path::new("."));
    let below = below.map(|module| root.join(module.directory));
    std::iter::once(root.to_owned()).chain(below).collect()
}

/// The regular files in a directory, links followed. One that cannot be listed has none: Terraform
/// says what is wrong with it.
fn listing(directory: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let paths = entries.filter_map(|entry: io::Result<fs::DirEntry>| Some(entry.ok()?.path()));
    paths.filter(|path| path.is_file()).collect()
}

#[cfg(test)]
mod tests {
    use files::Mode;

    use super::*;

    fn write(root: &Path, name: &str, text: &str) {
        let path = root.join(name);
        files::create_private_dirs(path.parent().unwrap()).unwrap();
        files::create_atomic(&path, text.as_bytes(), Mode::Private).unwrap();
    }

    #[test]
    fn changes_of_any_input_are_named_and_other_files_are_none() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().join("env");
        let manifest = r#"{"Modules":[{"Key":"","Source":"","Dir":"."},
            {"Key":"m","Source":"../module","Dir":"../module"}]}"#;
        for (name, text) in [
            ("main.tf", "a"),
            ("terraform.tfvars", "b"),
            ("more.vars", "c"),
            (".terraform.lock.hcl", "d"),
            ("terraform.tfstate", "e"),
            (".terraform/modules/modules.json", manifest),
            ("../module/main.tf.json", "f"),
            ("../module/unused.tfvars", "g"),
        ] {
            write(&root, name, text);
        }
        let read = || Inputs::read(&root, &["more.vars".into()]).unwrap();
        let before = read();
        assert_eq!(before.changed_since(&before), Vec::<String>::new());
        assert_eq!(before.provider_lock(), Some(Digest::of_bytes(b"d")));
        assert_eq!(before.files.len(), 5);

        for name in [
            "main.tf",
            "more.vars",
            "../module/main.tf.json",
            "terraform.tfstate",
        ] {
            write(&root, name, "changed");
        }
        fs::remove_file(root.join("terraform.tfvars")).unwrap();
        write(&root, "new.tf", "new");
        let names = [
            "../module/main.tf.json",
            "main.tf",
            "more.vars",
            "new.tf",
            "terraform.tfvars",
        ];
        let expected = names.map(|name| root.join(name).display().to_string());
        assert_eq!(read().changed_since(&before), expected);
        assert_ne!(read().configuration(), before.configuration());
        assert_ne!(read().variables(), before.variables());
        assert_eq!(read().provider_lock(), before.provider_lock());
    }
}
