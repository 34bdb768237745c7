//! Which crate may depend on which: the picture of ARCHITECTURE.md, kept true.

use super::workspace::{Crate, Workspace};

/// The arrows of ARCHITECTURE.md: crate, and all it may depend on within the workspace.
const ARROWS: &[(&str, &[&str])] = &[
    (
        "em-infra",
        &[
            "contract",
            "core",
            "files",
            "host",
            "provider",
            "pve-client",
            "pve-sim",
            "tf-plugin",
            "tf-run",
            "vm",
        ],
    ),
    (
        "provider",
        &[
            "contract",
            "host",
            "pve-api",
            "pve-client",
            "tf-plugin",
            "vm",
        ],
    ),
    (
        "core",
        &[
            "contract",
            "files",
            "host",
            "pve-api",
            "pve-client",
            "tf-run",
            "vm",
        ],
    ),
    ("host", &["contract", "pve-api", "pve-client", "vm"]),
    ("pve-sim", &[]),
    ("tf-plugin", &[]),
    ("tf-run", &["files"]),
    ("pve-client", &["pve-api"]),
    ("vm", &["pve-api"]),
    ("contract", &[]),
    ("pve-api", &[]),
    ("files", &[]),
    ("testkit", &["files", "pve-sim", "tf-run"]),
];

/// Packages that mean I/O, time or environment: the pure crates stay without them.
const EFFECTS: &[&str] = &["tokio", "hyper", "nix", "tempfile", "files", "tracing"];

/// Crates that compute and do nothing else.
pub(super) const PURE: &[&str] = &["contract", "vm", "pve-api"];

pub(super) fn violations(workspace: &Workspace) -> Vec<String> {
    workspace.crates.iter().flat_map(violations_of).collect()
}

fn violations_of(subject: &Crate) -> Vec<String> {
    let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == subject.name) else {
        return vec![format!(
            "crates/{}: not in the picture; a new crate needs a reason in docs/decisions/ and an arrow here",
            subject.name
        )];
    };
    let mut found: Vec<String> = subject
        .dependencies
        .iter()
        .filter(|dependency| !allowed.contains(&dependency.as_str()))
        .map(|dependency| format!("crates/{}: may not depend on `{dependency}`", subject.name))
        .collect();
    if PURE.contains(&subject.name.as_str()) {
        found.extend(
            subject
                .all_dependencies
                .iter()
                .filter(|dependency| EFFECTS.contains(&dependency.as_str()))
                .map(|dependency| {
                    format!(
                        "crates/{}: is pure, but depends on `{dependency}`",
                        subject.name
                    )
                }),
        );
    }
    if !subject.workspace_lints {
        found.push(format!(
            "crates/{}: Cargo.toml lacks `[lints] workspace = true`",
            subject.name
        ));
    }
    found
}
