//! Looking at the live state and its surroundings before anything touches them. Nothing is written.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use nix::sys::statfs::{self, FsType, statfs};
use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access};
use tf_run::Env;

use super::apply_journal::in_doubt;
use super::content::{Content, State, Unusable};
use super::hazard::Hazard;
use super::locked::Holder;
use super::place::{Backend, Place};
use super::run_lock::RunLock;
use super::scratch;
use super::vault::{Snapshot, Vault};

/// The live state, who uses it, and what is wrong.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// What the state file holds; nothing where it is missing or in use.
    pub content: Option<Content>,
    /// Who uses it.
    pub holder: Option<Holder>,
    /// What is wrong.
    pub hazards: Vec<Hazard>,
}

/// The state file could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// It could not be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its lock could not be looked at.
    #[error(transparent)]
    Files(#[from] files::Error),
}

/// Names of folders that programs synchronise between machines.
const SYNCED: [&str; 9] = [
    "Dropbox",
    "OneDrive",
    "Google Drive",
    "GoogleDrive",
    "iCloud Drive",
    "Mobile Documents",
    "Nextcloud",
    "ownCloud",
    "MEGAsync",
];

/// Marks that such programs leave in the folder they work on.
const SYNC_MARKS: [&str; 3] = [".stfolder", ".dropbox", ".sync.ffs_db"];

/// File systems of other machines. `libc` has no names for CIFS, SMB 2, 9P and Ceph.
const NETWORK: [FsType; 8] = [
    statfs::NFS_SUPER_MAGIC,
    statfs::SMB_SUPER_MAGIC,
    statfs::AFS_SUPER_MAGIC,
    statfs::CODA_SUPER_MAGIC,
    FsType(0xFF53_4D42),
    FsType(0xFE53_4D42),
    FsType(0x0102_1997),
    FsType(0x00C3_6400),
];

/// Less free space than this is too little whatever the size of the state.
const ALWAYS_FREE: u64 = 1 << 20;

impl Inspection {
    /// Looks at the state at `place`, compares it with what `vault` knows, and reads what surrounds it.
    pub fn of(place: &Place, vault: &Vault, environment: &Env) -> Result<Self, InspectError> {
        if let Backend::Elsewhere(backend) = place.backend() {
            return Ok(Self {
                content: None,
                holder: None,
                hazards: vec![Hazard::NotLocal(backend.clone())],
            });
        }
        let (content, holder) = read(place)?;
        let mut hazards = Vec::new();
        if holder.is_none() {
            hazards.extend(of_content(content.as_ref(), vault, place));
            hazards.extend(of_runs_cut_off(content.as_ref(), place)?);
        }
        let size = content.as_ref().map_or(0, |content| content.bytes().len());
        hazards.extend(of_surroundings(place, size, environment));
        Ok(Self {
            content,
            holder,
            hazards,
        })
    }

    /// What commands that change something must refuse over.
    pub fn blocking(&self) -> impl Iterator<Item = &Hazard> {
        self.hazards
            .iter()
            .filter(|hazard| hazard.weight() == super::Weight::Blocks)
    }
}

/// Terraform may rewrite the file while it is read: what was read counts only where nobody held it before and after.
fn read(place: &Place) -> Result<(Option<Content>, Option<Holder>), InspectError> {
    let failed = |source| InspectError::Read {
        path: place.state().to_owned(),
        source,
    };
    if !place.state().is_file() {
        return Ok((None, None));
    }
    if let Some(holder) = Holder::of(place)? {
        return Ok((None, Some(holder)));
    }
    let bytes = fs::read(place.state()).map_err(failed)?;
    match Holder::of(place)? {
        Some(holder) => Ok((None, Some(holder))),
        None => Ok((Some(Content::new(bytes)), None)),
    }
}

fn of_content(content: Option<&Content>, vault: &Vault, place: &Place) -> Vec<Hazard> {
    let known = vault.last_good();
    let mut found = Vec::new();
    if let Some(unfinished) = vault.unfinished_restore() {
        let live = content.map(|content| content.digest().to_string());
        let whole = live == unfinished.before || live.as_ref() == Some(&unfinished.after);
        if !whole {
            let source = unfinished.source;
            found.push(Hazard::UnfinishedRestore { source });
        }
    }
    let gone = |known: &&Snapshot| known.managed > 0;
    match content.map(Content::state) {
        None => found.extend(known.filter(gone).map(|known| Hazard::Missing {
            known: known.id.clone(),
        })),
        Some(Err(Unusable::Empty)) => found.extend(emptied(known.filter(gone), place)),
        Some(Err(why)) => found.push(Hazard::Unusable(why.to_string())),
        Some(Ok(state)) => {
            found.extend(known.and_then(|known| of_history(state, &known.lineage, known.serial)));
        }
    }
    found
}

/// While an em-infra works on the environment nothing is cut off.
fn of_runs_cut_off(content: Option<&Content>, place: &Place) -> Result<Vec<Hazard>, files::Error> {
    if RunLock::is_held(place)? {
        return Ok(Vec::new());
    }
    let state = content.and_then(|content| content.state().ok());
    let objects = in_doubt(place.root(), state);
    let left = scratch::leftovers(place.root());
    let objects = (!objects.is_empty()).then_some(Hazard::ApplyCutOff(objects));
    let left = (!left.is_empty()).then_some(Hazard::RunCutOff(left));
    Ok(objects.into_iter().chain(left).collect())
}

/// An apply that was killed before it saved anything leaves an empty file too: nothing is lost there. But where the
/// vault or Terraform's own backup knows objects, the file was emptied.
fn emptied(known: Option<&Snapshot>, place: &Place) -> Option<Hazard> {
    let backup = place.backup();
    let had_state = fs::metadata(&backup).is_ok_and(|meta| meta.len() > 0);
    let source = match known {
        Some(_) => "latest".to_owned(),
        None if had_state => backup.display().to_string(),
        None => return None,
    };
    Some(Hazard::Empty { source })
}

fn of_history(live: &State, lineage: &str, serial: Option<u64>) -> Option<Hazard> {
    if live.lineage != lineage {
        return Some(Hazard::ForeignLineage {
            live: live.lineage.clone(),
            known: lineage.to_owned(),
        });
    }
    let known = serial.filter(|known| live.serial < *known)?;
    Some(Hazard::SerialWentBack {
        live: live.serial,
        known,
    })
}

fn of_surroundings(place: &Place, size: usize, environment: &Env) -> Vec<Hazard> {
    let root = place.root();
    let mut found = Vec::new();
    found.extend(place.errored().exists().then_some(Hazard::Errored));
    found.extend(workspace(root));
    found.extend(variables(environment));
    found.extend(not_writable(place));
    found.extend(disk(root, size));
    found.extend(synced(root));
    found.extend(network(root));
    found.extend(tracked_by_git(place.state()));
    let others = look_alikes(place);
    found.extend((!others.is_empty()).then_some(Hazard::LookAlikes(others)));
    let open = readable_by_others(place);
    found.extend((!open.is_empty()).then_some(Hazard::ReadableByOthers(open)));
    found
}

fn workspace(root: &Path) -> Option<Hazard> {
    let name = fs::read_to_string(root.join(".terraform/environment")).ok()?;
    let name = name.trim();
    (!name.is_empty() && name != "default").then(|| Hazard::Workspace(name.to_owned()))
}

fn variables(environment: &Env) -> impl Iterator<Item = Hazard> {
    let set = ["TF_WORKSPACE", "TF_DATA_DIR"]
        .into_iter()
        .filter(|name| environment.get(name).is_some());
    set.map(Hazard::Variable)
}

/// Without a lock Terraform says "Apply complete!" and saves nothing; with one it refuses late.
fn not_writable(place: &Place) -> Option<Hazard> {
    let path = place.state();
    let hazard = |path: &Path, why: String| Hazard::NotWritable {
        path: path.to_owned(),
        why,
    };
    match fs::metadata(path) {
        Ok(meta) if !meta.is_file() => {
            return Some(hazard(path, "it is no regular file".to_owned()));
        }
        Ok(_) => {}
        Err(_) if path.is_symlink() => {
            return Some(hazard(path, "it is a link to nowhere".to_owned()));
        }
        Err(_) => {
            let parent = path.parent().unwrap_or(place.root());
            return access(parent, AccessFlags::W_OK)
                .err()
                .map(|why| hazard(parent, why.desc().to_owned()));
        }
    }
    access(path, AccessFlags::W_OK)
        .err()
        .map(|why| hazard(path, why.desc().to_owned()))
}

fn disk(root: &Path, size: usize) -> Option<Hazard> {
    let stat = statvfs(root).ok()?;
    let free = stat.blocks_available().saturating_mul(stat.fragment_size());
    let needed = (size as u64).saturating_mul(3).max(ALWAYS_FREE);
    (free < needed).then_some(Hazard::DiskNearlyFull { free, needed })
}

fn synced(root: &Path) -> Option<Hazard> {
    let is_synced = |folder: &&Path| {
        let named = folder
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| SYNCED.contains(&name));
        named || SYNC_MARKS.iter().any(|mark| folder.join(mark).exists())
    };
    root.ancestors()
        .find(is_synced)
        .map(|folder| Hazard::SyncedFolder(folder.to_owned()))
}

fn network(root: &Path) -> Option<Hazard> {
    let kind = statfs(root).ok()?.filesystem_type();
    NETWORK
        .contains(&kind)
        .then(|| Hazard::NetworkFileSystem(root.to_owned()))
}

/// Git's index holds the paths as text (all but version 4, which few use); no git needs to be installed.
fn tracked_by_git(state: &Path) -> Option<Hazard> {
    let work_tree = state
        .ancestors()
        .skip(1)
        .find(|folder| folder.join(".git").exists())?;
    let git = work_tree.join(".git");
    let git = match fs::read_to_string(&git) {
        Ok(pointer) => work_tree.join(pointer.strip_prefix("gitdir:")?.trim()),
        Err(_) => git,
    };
    let index = fs::read(git.join("index")).ok()?;
    let path = state.strip_prefix(work_tree).ok()?;
    let entry = [path.as_os_str().as_encoded_bytes(), b"\0"].concat();
    let tracked = index.windows(entry.len()).any(|window| window == entry);
    tracked.then(|| Hazard::TrackedByGit(path.to_owned()))
}

fn look_alikes(place: &Place) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = names(place.root())
        .into_iter()
        .filter(|name| is_state_name(name) && !name.ends_with(".backup"))
        .map(|name| place.root().join(name))
        .filter(|path| path != place.state() && *path != place.errored())
        .collect();
    let workspaces = place.root().join("terraform.tfstate.d");
    let states = names(&workspaces)
        .into_iter()
        .map(|name| workspaces.join(name).join("terraform.tfstate"));
    found.extend(states.filter(|path| path.exists()));
    found
}

fn readable_by_others(place: &Place) -> Vec<PathBuf> {
    let holds_secrets = |name: &String| is_state_name(name) || name.ends_with(".tfplan");
    let files = names(place.root())
        .into_iter()
        .filter(holds_secrets)
        .map(|name| place.root().join(name));
    let open = files.filter(|path| {
        let others = fs::metadata(path).map_or(0, |meta| meta.permissions().mode() & 0o077);
        others != 0 && path.is_file()
    });
    open.collect()
}

fn is_state_name(name: &str) -> bool {
    name.contains(".tfstate") && name != "terraform.tfstate.d" && !name.ends_with(".lock.info")
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort_unstable();
    names
}
