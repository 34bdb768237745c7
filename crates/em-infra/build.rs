//! Gives every build a version of its own: `X.Y.(Z + N)`, N being the commits since the tag `vX.Y.Z`.
//!
//! Terraform locks a provider by version and hash and refuses other bytes under a version it knows, so two commits
//! must not share one. Without git (a source archive) the package's own version is taken.

use std::process::Command;

fn main() {
    let package = env!("CARGO_PKG_VERSION");
    let version = commits_since(&format!("v{package}"))
        .and_then(|commits| advanced(package, commits))
        .unwrap_or_else(|| package.to_owned());
    println!("cargo::rustc-env=EM_INFRA_VERSION={version}");
    for path in ["HEAD", "logs/HEAD", "packed-refs"] {
        if let Some(path) = git(&["rev-parse", "--git-path", path]) {
            println!("cargo::rerun-if-changed={path}");
        }
    }
}

fn commits_since(tag: &str) -> Option<u64> {
    let since = format!("{tag}..HEAD");
    let range = git(&["rev-parse", "--verify", "--quiet", tag]).map_or("HEAD", |_| since.as_str());
    git(&["rev-list", "--count", range])?.parse().ok()
}

fn advanced(version: &str, commits: u64) -> Option<String> {
    let (minor, patch) = version.rsplit_once('.')?;
    let patch: u64 = patch.parse().ok()?;
    Some(format!("{minor}.{}", patch + commits))
}

fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}
