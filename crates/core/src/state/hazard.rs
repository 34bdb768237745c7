//! What makes it unsafe to let Terraform near the state, and the command that mends it.

use std::fmt;
use std::path::PathBuf;

use super::apply_journal::InDoubt;

/// One thing that is wrong with the live state or its surroundings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hazard {
    /// The state is not a file on this machine.
    NotLocal(String),
    /// The state file has no bytes, and there was a state before.
    Empty {
        /// What to restore.
        source: String,
    },
    /// There is no state file, and the vault knows one with objects in it.
    Missing {
        /// The last good snapshot.
        known: String,
    },
    /// The state file is no state.
    Unusable(String),
    /// Terraform could not save a state and left it beside.
    Errored,
    /// The history is another one than that of the vault.
    ForeignLineage {
        /// The live lineage.
        live: String,
        /// The lineage of the last good snapshot.
        known: String,
    },
    /// The serial is lower than it was.
    SerialWentBack {
        /// The live serial.
        live: u64,
        /// The serial of the last good snapshot.
        known: u64,
    },
    /// A restore was cut off while it wrote the state.
    UnfinishedRestore {
        /// What was to be restored.
        source: String,
    },
    /// An apply was cut off, and no state tells what became of these objects.
    ApplyCutOff(Vec<InDoubt>),
    /// A restore or rebuild was cut off and left these files, which hold secrets.
    RunCutOff(Vec<PathBuf>),
    /// Another workspace is selected.
    Workspace(String),
    /// A variable makes plain Terraform use another state.
    Variable(&'static str),
    /// Other files look like states.
    LookAlikes(Vec<PathBuf>),
    /// Others can read what holds secrets.
    ReadableByOthers(Vec<PathBuf>),
    /// A program that copies files between machines works on the directory.
    SyncedFolder(PathBuf),
    /// The directory is on another machine, where locks are not to be trusted.
    NetworkFileSystem(PathBuf),
    /// Git has the state, so its secrets are in the history.
    TrackedByGit(PathBuf),
    /// Terraform truncates before it writes, so a full disk costs the state.
    DiskNearlyFull {
        /// Bytes that are free.
        free: u64,
        /// Bytes that ought to be.
        needed: u64,
    },
    /// Terraform can not write the state.
    NotWritable {
        /// The state.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// Whether commands that change something go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// They refuse.
    Blocks,
    /// They say it.
    Warns,
}

impl Hazard {
    /// A name for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotLocal(_) => "state-not-local",
            Self::Empty { .. } => "state-empty",
            Self::Missing { .. } => "state-missing",
            Self::Unusable(_) => "state-unusable",
            Self::Errored => "state-errored",
            Self::ForeignLineage { .. } => "state-foreign-lineage",
            Self::SerialWentBack { .. } => "state-serial-went-back",
            Self::UnfinishedRestore { .. } => "state-restore-unfinished",
            Self::ApplyCutOff(_) => "state-apply-cut-off",
            Self::RunCutOff(_) => "state-leftovers",
            Self::Workspace(_) => "state-workspace",
            Self::Variable(_) => "state-variable",
            Self::LookAlikes(_) => "state-look-alikes",
            Self::ReadableByOthers(_) => "state-readable-by-others",
            Self::SyncedFolder(_) => "state-synced-folder",
            Self::NetworkFileSystem(_) => "state-network-file-system",
            Self::TrackedByGit(_) => "state-tracked-by-git",
            Self::DiskNearlyFull { .. } => "state-disk-nearly-full",
            Self::NotWritable { .. } => "state-not-writable",
        }
    }

    /// Whether commands that change something go on.
    pub const fn weight(&self) -> Weight {
        match self {
            Self::Empty { .. }
            | Self::Missing { .. }
            | Self::Unusable(_)
            | Self::Errored
            | Self::ForeignLineage { .. }
            | Self::SerialWentBack { .. }
            | Self::UnfinishedRestore { .. }
            | Self::Workspace(_)
            | Self::SyncedFolder(_)
            | Self::NetworkFileSystem(_)
            | Self::DiskNearlyFull { .. }
            | Self::NotWritable { .. } => Weight::Blocks,
            Self::NotLocal(_)
            | Self::ApplyCutOff(_)
            | Self::RunCutOff(_)
            | Self::Variable(_)
            | Self::LookAlikes(_)
            | Self::ReadableByOthers(_)
            | Self::TrackedByGit(_) => Weight::Warns,
        }
    }

    /// What to type. `options` is what every `em-infra state` command gets here, such as ` --env DIR`.
    pub fn mend(&self, options: &str) -> String {
        let restore = |source: &str| format!("em-infra state restore {source}{options}");
        match self {
            Self::NotLocal(_) => {
                "em-infra leaves it to that backend; its own versions are the backup".to_owned()
            }
            Self::Missing { .. } | Self::Unusable(_) => restore("latest"),
            Self::Errored => restore("errored.tfstate"),
            Self::ForeignLineage { .. } | Self::SerialWentBack { .. } => format!(
                "{}, or, if the live state is the right one: em-infra state snapshot --as-good{options}",
                restore("latest")
            ),
            Self::Empty { source } | Self::UnfinishedRestore { source } => restore(source),
            // Plan and apply take over what is there; what the configuration no longer names only a person can find.
            Self::ApplyCutOff(_) => {
                "em-infra gate, which takes over what the configuration names; what stays in doubt after it, look for on the host \
                 and then rm .em-infra/apply.jsonl in the environment"
                    .to_owned()
            }
            Self::RunCutOff(paths) => format!("rm -r {}", names(paths)),
            Self::Workspace(_) => "terraform workspace select default".to_owned(),
            Self::Variable(name) => format!("unset {name}"),
            Self::LookAlikes(paths) => format!("mv {} somewhere else", names(paths)),
            Self::ReadableByOthers(paths) => format!("chmod go= {}", names(paths)),
            Self::SyncedFolder(folder) => {
                format!("move the repository out of {}", folder.display())
            }
            Self::NetworkFileSystem(_) => {
                "move the repository to a disk of this machine".to_owned()
            }
            Self::TrackedByGit(path) => format!(
                "git rm --cached {}, and replace every secret in it: they stay in the history",
                path.display()
            ),
            Self::DiskNearlyFull { .. } => {
                "free some space on the disk of the environment".to_owned()
            }
            Self::NotWritable { path, .. } => format!("ls -ld {}", path.display()),
        }
    }
}

impl fmt::Display for Hazard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotLocal(backend) => write!(f, "the state is kept by the backend `{backend}`"),
            Self::Empty { .. } => f.write_str(
                "the state file is empty: Terraform takes that for \"no state\" and plans to create everything",
            ),
            Self::Missing { known } => write!(f, "the state file is gone; the vault has it as `{known}`"),
            Self::Unusable(why) => write!(f, "the state file cannot be used: {why}"),
            Self::Errored => f.write_str(
                "`errored.tfstate` is there: Terraform could not save a state, and will not mention it again",
            ),
            Self::ForeignLineage { live, known } => {
                write!(f, "the lineage of the state is `{live}`, and the vault knows `{known}`")
            }
            Self::SerialWentBack { live, known } => {
                write!(f, "the serial of the state is {live}, and it was {known} before")
            }
            Self::UnfinishedRestore { source } => write!(f, "the restore of `{source}` was cut off"),
            Self::ApplyCutOff(objects) => {
                let objects: Vec<String> = objects.iter().map(ToString::to_string).collect();
                write!(f, "an apply was cut off; in doubt: {}", objects.join(", "))
            }
            Self::RunCutOff(paths) => write!(f, "a restore or rebuild was cut off and left: {}", names(paths)),
            Self::Workspace(name) => write!(f, "the workspace `{name}` is selected, which has a state of its own"),
            Self::Variable(name) => write!(f, "{name} is set: plain `terraform` would use another state (em-infra ignores it)"),
            Self::LookAlikes(paths) => write!(f, "these look like states and are not used: {}", names(paths)),
            Self::ReadableByOthers(paths) => write!(f, "others can read: {}", names(paths)),
            Self::SyncedFolder(folder) => write!(
                f,
                "`{}` is synchronised between machines, which replaces files under Terraform's lock",
                folder.display()
            ),
            Self::NetworkFileSystem(path) => write!(f, "`{}` is on a network file system", path.display()),
            Self::TrackedByGit(path) => write!(f, "git tracks `{}`, secrets included", path.display()),
            Self::DiskNearlyFull { free, needed } => write!(f, "{free} bytes are free, and {needed} ought to be"),
            Self::NotWritable { path, why } => write!(f, "`{}` cannot be written: {why}", path.display()),
        }
    }
}

fn names(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    names.join(" ")
}
