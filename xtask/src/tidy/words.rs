//! What source text may not contain, and why.

use super::arrows::PURE;
use super::workspace::{Crate, Source, Workspace};

/// Where a rule applies.
#[derive(Clone, Copy)]
enum Scope {
    /// The pure crates.
    Pure,
    /// These crates.
    In(&'static [&'static str]),
    /// All but these crates.
    NotIn(&'static [&'static str]),
}

/// One word that may not appear in shipped code.
struct Ban {
    words: &'static [&'static str],
    scope: Scope,
    reason: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        words: &[
            "std::fs",
            "std::net",
            "std::process",
            "std::env",
            "SystemTime",
            "Instant::",
        ],
        scope: Scope::Pure,
        reason: "pure crates do no I/O and know no clock and no environment",
    },
    Ban {
        words: &["proxmox", "pve", "talos"],
        scope: Scope::In(&["tf-plugin", "tf-run"]),
        reason: "the Terraform side knows no provider: it must serve any root",
    },
    Ban {
        words: &["println!", "eprintln!", "process::exit"],
        scope: Scope::In(&["core", "contract", "vm", "files", "pve-api", "pve-client"]),
        reason: "libraries return values; only the executable prints and exits",
    },
    Ban {
        words: &["process::exit"],
        scope: Scope::NotIn(&["em-infra"]),
        reason: "only the executable exits",
    },
    Ban {
        words: &["todo!(", "unimplemented!("],
        scope: Scope::NotIn(&[]),
        reason: "an unfinished path is an error that names itself",
    },
    Ban {
        words: &["#[ignore"],
        scope: Scope::NotIn(&[]),
        reason: "a test that does not run proves nothing",
    },
    Ban {
        words: &["use pve_sim", "pve_sim::"],
        scope: Scope::In(&["pve-client", "provider", "core"]),
        reason: "the client and the simulator never see each other: shared code hides shared mistakes",
    },
];

impl Scope {
    fn covers(self, name: &str) -> bool {
        match self {
            Self::Pure => PURE.contains(&name),
            Self::In(names) => names.contains(&name),
            Self::NotIn(names) => !names.contains(&name),
        }
    }
}

pub(super) fn violations(workspace: &Workspace) -> Vec<String> {
    workspace.crates.iter().flat_map(violations_of).collect()
}

fn violations_of(subject: &Crate) -> Vec<String> {
    let mut found = Vec::new();
    for source in &subject.sources {
        for ban in BANS.iter().filter(|ban| ban.scope.covers(&subject.name)) {
            found.extend(hits(source, ban));
        }
    }
    found.extend(subject.sources.iter().filter_map(without_module_docs));
    found
}

fn hits(source: &Source, ban: &Ban) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in source.shipped.lines().enumerate() {
        let line = line.to_ascii_lowercase();
        if let Some(word) = ban
            .words
            .iter()
            .find(|word| line.contains(&word.to_ascii_lowercase()))
        {
            let path = source.path.display();
            found.push(format!("{path}:{}: `{word}`: {}", number + 1, ban.reason));
        }
    }
    found
}

fn without_module_docs(source: &Source) -> Option<String> {
    let documented = source.text.starts_with("//!");
    (!documented).then(|| {
        format!(
            "{}: begins without `//!`: what does this file own?",
            source.path.display()
        )
    })
}
