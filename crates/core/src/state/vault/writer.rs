//! Changing a vault: under its lock, in an order that a crash at any point leaves readable.
//!
//! A set is published before its row is written, and a pruning is recorded before sets are removed; so after a crash
//! there is at most one set without a row (adopted), or some without a place (removed). The next writer does both.

use std::fs;
use std::path::{Path, PathBuf};

use files::{Appender, Digest, ExclusiveLock, Mode, Published};
use time::OffsetDateTime;

use super::index::Event;
use super::manifest::{FileEntry, Manifest, Summary, format};
use super::reader::{Vault, VaultError, parse_manifest, read};
use super::seal::Recipients;
use super::snapshot::{Snapshot, Standing};
use super::{INDEX, MANIFEST, SEALED, SNAPSHOTS, STATE, UNFINISHED, inputs};
use crate::state::content::Content;
use crate::state::locked::Who;
use crate::state::place::Place;
use crate::state::stamp;

/// A vault that nobody else writes to.
#[derive(Debug)]
pub struct VaultWriter {
    vault: Vault,
    _lock: ExclusiveLock,
}

/// What is to be stored.
#[derive(Debug, Clone, Copy)]
pub struct NewSet<'a> {
    /// The state.
    pub content: &'a Content,
    /// Whether it can be built on.
    pub standing: Standing,
    /// Why it is stored.
    pub reason: &'a str,
    /// Whether it is kept whatever the keep rules say.
    pub pin: Pin,
    /// Where it lives.
    pub place: &'a Place,
    /// Who stores it, and when.
    pub who: &'a Who,
}

/// Whether the keep rules apply to a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pin {
    /// They do not.
    Pinned,
    /// They do.
    Free,
}

/// How a state got into the vault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// As a new set.
    New(Snapshot),
    /// It was there already, with the same files.
    Already(Snapshot),
}

impl Stored {
    /// The set that holds the state.
    pub fn snapshot(&self) -> &Snapshot {
        match self {
            Self::New(snapshot) | Self::Already(snapshot) => snapshot,
        }
    }
}

impl VaultWriter {
    /// Opens the vault in `dir` for writing, makes it where it is missing, waits for other writers, and finishes what a
    /// killed one left.
    pub fn open(dir: &Path) -> Result<Self, VaultError> {
        files::create_private_dirs(&dir.join(SNAPSHOTS))?;
        let lock = files::lock(&dir.join("lock"))?;
        let vault = Vault::open(dir)?;
        let mut writer = Self { vault, _lock: lock };
        writer.cut_torn_row()?;
        writer.remove_leftovers()?;
        writer.adopt_sets_without_row()?;
        Ok(writer)
    }

    /// The vault as it is now.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Stores a state and what belongs to it, unless the very same set is there.
    pub fn store(&mut self, new: &NewSet<'_>) -> Result<Stored, VaultError> {
        let recipients = Recipients::of(&self.vault.dir)?;
        let beside = files_beside(new);
        if let Some(known) = self.same(new, &beside, &names(recipients.as_ref())) {
            return self.seen_again(&known, new).map(Stored::Already);
        }
        let id = self.free_id(new);
        let mut files = vec![StoredFile::of_state(new.content, recipients.as_ref())?];
        files.extend(beside);
        let manifest = manifest(new, &id, &files, names(recipients.as_ref()));
        let bytes = manifest.to_bytes();
        self.publish(&id, &files, &bytes)?;
        self.record(new.who.now, snapshot_event(&manifest, &bytes))?;
        Ok(Stored::New(self.vault.find(&id)?.clone()))
    }

    /// Pins or frees the set called `id`.
    pub fn pin(&mut self, id: &str, pin: Pin, now: OffsetDateTime) -> Result<(), VaultError> {
        let snapshot = self.vault.find(id)?;
        if snapshot.pinned == (pin == Pin::Pinned) {
            return Ok(());
        }
        let id = snapshot.id.clone();
        let event = match pin {
            Pin::Pinned => Event::Pinned { id },
            Pin::Free => Event::Unpinned { id },
        };
        self.record(now, event)
    }

    /// Adds a row to the index.
    pub fn record(&mut self, now: OffsetDateTime, event: Event) -> Result<(), VaultError> {
        let mut index = std::mem::take(&mut self.vault.index);
        let line = index.push(now, event);
        let written = Appender::open(&self.vault.dir.join(INDEX))
            .and_then(|mut file| file.durable_line(&line));
        if let Some(row) = index.rows.last() {
            self.vault.take_in(row);
        }
        self.vault.index = index;
        Ok(written?)
    }

    /// Removes sets: first the record, then the files.
    pub fn remove(&mut self, ids: Vec<String>, now: OffsetDateTime) -> Result<(), VaultError> {
        if ids.is_empty() {
            return Ok(());
        }
        self.record(now, Event::Pruned { ids })?;
        self.remove_leftovers()
    }

    fn same(
        &self,
        new: &NewSet<'_>,
        beside: &[StoredFile],
        recipients: &[String],
    ) -> Option<Snapshot> {
        let known = self.vault.with_state(new.content.digest())?;
        let usable = known.standing == new.standing || new.standing != Standing::Good;
        let manifest = self.vault.manifest(known).ok()?;
        let entries = beside.iter().map(|file| &file.entry);
        // A state is the first file; sealed anew it would have other bytes.
        let same = usable
            && manifest.recipients == recipients
            && manifest.files.iter().skip(1).eq(entries);
        // A damaged set is no reason not to store the state again.
        (same && self.vault.damaged_files(&manifest).is_empty()).then(|| known.clone())
    }

    /// A timer that looks every minute must not fill the index: one row a day is enough.
    fn seen_again(&mut self, known: &Snapshot, new: &NewSet<'_>) -> Result<Snapshot, VaultError> {
        if new.pin == Pin::Pinned {
            self.pin(&known.id, Pin::Pinned, new.who.now)?;
        }
        let recent = self.vault.last_look().is_some_and(|(id, time)| {
            id == known.id && (time..time + time::Duration::DAY).contains(&new.who.now)
        });
        if !recent {
            let event = Event::Seen {
                id: known.id.clone(),
                reason: new.reason.to_owned(),
            };
            self.record(new.who.now, event)?;
        }
        Ok(self.vault.find(&known.id)?.clone())
    }

    fn free_id(&self, new: &NewSet<'_>) -> String {
        let serial = new
            .content
            .state()
            .map_or("x".to_owned(), |state| state.serial.to_string());
        let digest = new.content.digest().to_string();
        let base = format!("{}-{serial}-{}", stamp::for_name(new.who.now), &digest[..8]);
        let pruned = self.vault.pruned();
        let taken = |id: &String| self.vault.set(id).exists() || pruned.contains(&id.as_str());
        let more = (2..).map(|n| format!("{base}-{n}"));
        std::iter::once(base.clone())
            .chain(more)
            .find(|id| !taken(id))
            .unwrap_or(base)
    }

    fn publish(&self, id: &str, files: &[StoredFile], manifest: &[u8]) -> Result<(), VaultError> {
        let unfinished = self.vault.set(&format!("{UNFINISHED}{id}"));
        files::create_private_dir(&unfinished)?;
        for StoredFile { entry, bytes } in files {
            let path = unfinished.join(&entry.path);
            if let Some(folder) = path.parent() {
                files::create_private_dirs(folder)?;
            }
            files::create_new(&path, bytes, Mode::Private)?;
        }
        files::create_new(&unfinished.join(MANIFEST), manifest, Mode::Private)?;
        match files::publish_dir(&unfinished, &self.vault.set(id))? {
            Published::Now | Published::Already => Ok(()),
        }
    }

    fn cut_torn_row(&mut self) -> Result<(), VaultError> {
        let Some(torn) = self.vault.index.torn else {
            return Ok(());
        };
        let path = self.vault.dir.join(INDEX);
        let bytes = read(&path)?;
        files::create_atomic(&path, &bytes[..torn], Mode::Private)?;
        self.vault.index.torn = None;
        Ok(())
    }

    fn remove_leftovers(&self) -> Result<(), VaultError> {
        let unfinished = self
            .names()?
            .into_iter()
            .filter(|name| name.starts_with(UNFINISHED));
        let pruned = self.vault.pruned().into_iter().map(str::to_owned);
        for name in unfinished.chain(pruned) {
            files::remove_tree(&self.vault.set(&name))?;
        }
        Ok(())
    }

    fn adopt_sets_without_row(&mut self) -> Result<(), VaultError> {
        for name in self.vault.sets_without_row()? {
            let Some((manifest, bytes)) = self.vault.whole_set(&name) else {
                continue;
            };
            self.record(manifest.time, snapshot_event(&manifest, &bytes))?;
        }
        Ok(())
    }

    fn names(&self) -> Result<Vec<String>, VaultError> {
        names_in(&self.vault.dir.join(SNAPSHOTS))
    }
}

impl Vault {
    /// The manifest of a set all of whose files are what it says; damaged ones are left for `verify` to name.
    pub(super) fn whole_set(&self, name: &str) -> Option<(Manifest, Vec<u8>)> {
        let path = self.set(name).join(MANIFEST);
        let bytes = read(&path).ok()?;
        let manifest = parse_manifest(&path, &bytes).ok()?;
        let whole = manifest.id == name && self.damaged_files(&manifest).is_empty();
        whole.then_some((manifest, bytes))
    }

    /// Sets that are there and that no row tells of.
    pub(super) fn sets_without_row(&self) -> Result<Vec<String>, VaultError> {
        let pruned = self.pruned();
        let known = |name: &str| self.snapshots().iter().any(|snapshot| snapshot.id == name);
        let names = names_in(&self.dir.join(SNAPSHOTS))?.into_iter();
        Ok(names
            .filter(|name| {
                !name.starts_with(UNFINISHED) && !known(name) && !pruned.contains(&name.as_str())
            })
            .collect())
    }
}

/// The names in a directory, in order; none where it is missing.
pub(super) fn names_in(path: &Path) -> Result<Vec<String>, VaultError> {
    let entries = match fs::read_dir(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(|source| VaultError::Read {
            path: PathBuf::from(path),
            source,
        })?,
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// A file of a set, as it is written.
struct StoredFile {
    entry: FileEntry,
    bytes: Vec<u8>,
}

impl StoredFile {
    fn new(path: &str, bytes: Vec<u8>) -> Self {
        let entry = FileEntry::of(path, &bytes);
        Self { entry, bytes }
    }

    fn of_state(content: &Content, recipients: Option<&Recipients>) -> Result<Self, VaultError> {
        let Some(recipients) = recipients else {
            return Ok(Self::new(STATE, content.bytes().to_vec()));
        };
        let mut sealed = Self::new(SEALED, recipients.seal(content.bytes())?);
        sealed.entry.opened_sha256 = Some(content.digest().to_string());
        Ok(sealed)
    }
}

fn names(recipients: Option<&Recipients>) -> Vec<String> {
    recipients.map_or(Vec::new(), Recipients::names)
}

/// What belongs to a state and holds no secret.
fn files_beside(new: &NewSet<'_>) -> Vec<StoredFile> {
    let lock = fs::read(new.place.provider_lock()).ok();
    let lock = lock.map(|bytes| StoredFile::new(".terraform.lock.hcl", bytes));
    let inputs = inputs::kept(new.place.root()).into_iter();
    let inputs = inputs.map(|(name, bytes)| StoredFile::new(&name, bytes));
    lock.into_iter().chain(inputs).collect()
}

fn manifest(new: &NewSet<'_>, id: &str, files: &[StoredFile], recipients: Vec<String>) -> Manifest {
    let root = new.place.root();
    Manifest {
        format: format(&recipients),
        id: id.to_owned(),
        time: new.who.now,
        reason: new.reason.to_owned(),
        taken_by: format!("em-infra {}", new.who.version),
        environment: root
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned(),
        standing: new.standing,
        pinned: new.pin == Pin::Pinned,
        state: Summary::of(new.content),
        unusable: new.content.state().err().map(ToString::to_string),
        configuration: configuration_digest(root),
        recipients,
        files: files.iter().map(|file| file.entry.clone()).collect(),
    }
}

fn configuration_digest(root: &Path) -> String {
    let mut names = names_in(root).unwrap_or_default();
    names.retain(|name| Path::new(name).extension().is_some_and(|end| end == "tf"));
    let digest = |name: &String| {
        Digest::of_file(&root.join(name)).map_or(String::new(), |digest| digest.to_string())
    };
    let lines: String = names
        .iter()
        .flat_map(|name| [name.clone(), "\0".to_owned(), digest(name), "\n".to_owned()])
        .collect();
    Digest::of_bytes(lines.as_bytes()).to_string()
}

fn snapshot_event(manifest: &Manifest, bytes: &[u8]) -> Event {
    let summary = manifest.state.as_ref();
    Event::Snapshot {
        id: manifest.id.clone(),
        manifest: Digest::of_bytes(bytes).to_string(),
        state: manifest.state_digest().unwrap_or_default().to_owned(),
        reason: manifest.reason.clone(),
        standing: manifest.standing,
        lineage: summary
            .map(|summary| summary.lineage.clone())
            .unwrap_or_default(),
        serial: summary.map(|summary| summary.serial),
        managed: summary.map_or(0, |summary| summary.managed),
        pinned: manifest.pinned,
    }
}
