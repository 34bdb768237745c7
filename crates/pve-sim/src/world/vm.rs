//! One machine: its configuration with what is pending, and its process while it runs.

use std::collections::{BTreeMap, BTreeSet};

use super::{Guest, Options};
use crate::clock::SimTime;

/// A VM or template.
#[derive(Clone, Debug, Default)]
pub struct Vm {
    /// The running values when it runs, else simply the values.
    pub(crate) config: Options,
    pub(crate) pending: Options,
    /// Keys whose deletion is pending; the flag is `force`.
    pub(crate) deletions: BTreeMap<String, bool>,
    pub(crate) snapshots: BTreeSet<String>,
    pub(crate) process: Option<Process>,
    pub(crate) guest: Guest,
    /// The cloud-init values the drive was last made from.
    pub(crate) cloudinit: Option<Options>,
    /// When it was made; unset for machines that were always there.
    pub(crate) born: Option<SimTime>,
}

/// The hypervisor process of a running machine.
#[derive(Clone, Debug)]
pub(crate) struct Process {
    pub(crate) pid: u32,
    pub(crate) started: SimTime,
    /// PCI functions it reserved.
    pub(crate) pci: Vec<String>,
}

impl Vm {
    /// A stopped machine with these options and nothing pending.
    pub fn with_options<K: AsRef<str>, V: AsRef<str>>(
        options: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self {
            config: options.into_iter().collect(),
            ..Self::default()
        }
    }

    /// Whether its process runs.
    pub fn is_running(&self) -> bool {
        self.process.is_some()
    }

    /// Whether it is a template.
    pub fn is_template(&self) -> bool {
        self.config.is_on("template")
    }

    /// The `lock` option.
    pub fn lock(&self) -> Option<&str> {
        self.config.get("lock")
    }

    /// Sets an option as somebody editing the file would; nothing is checked.
    pub fn set_option(&mut self, key: &str, value: &str) {
        self.config.put(key, value);
    }

    /// Removes an option as somebody editing the file would.
    pub fn remove_option(&mut self, key: &str) {
        self.config.remove(key);
    }

    /// An option with pending changes merged in.
    pub fn option(&self, key: &str) -> Option<String> {
        if self.deletions.contains_key(key) {
            return None;
        }
        self.pending
            .get(key)
            .or_else(|| self.config.get(key))
            .map(str::to_owned)
    }

    /// An option as the running machine has it.
    pub fn current(&self, key: &str) -> Option<&str> {
        self.config.get(key)
    }

    /// All options with pending changes merged in.
    pub fn merged(&self) -> BTreeMap<String, String> {
        let mut merged: BTreeMap<String, String> = self.current_options();
        merged.extend(
            self.pending
                .iter()
                .map(|(k, v)| (k.to_owned(), v.to_owned())),
        );
        merged.retain(|key, _| !self.deletions.contains_key(key));
        merged
    }

    /// All options as the running machine has them.
    pub fn current_options(&self) -> BTreeMap<String, String> {
        self.config
            .iter()
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect()
    }

    /// Whether some change waits for a restart or for the next successful write.
    pub fn has_pending(&self) -> bool {
        !self.pending.is_empty() || !self.deletions.is_empty()
    }

    /// Forgets a pending change of an option.
    pub(crate) fn revert(&mut self, key: &str) {
        self.pending.remove(key);
        self.deletions.remove(key);
    }

    /// The text of the configuration file as far as its digest depends on it.
    pub(crate) fn file_text(&self) -> String {
        let mut text = String::with_capacity(512);
        push_lines(&mut text, &self.config);
        if self.has_pending() {
            text.push_str("\n[PENDING]\n");
            push_lines(&mut text, &self.pending);
            let deleted: Vec<_> = self
                .deletions
                .iter()
                .map(|(key, force)| {
                    if *force {
                        format!("!{key}")
                    } else {
                        key.clone()
                    }
                })
                .collect();
            text.push_str("delete: ");
            text.push_str(&deleted.join(","));
        }
        text
    }

    /// SHA-1 of the configuration file: it changes exactly when the text does.
    pub(crate) fn digest(&self) -> String {
        sha1_smol::Sha1::from(self.file_text()).digest().to_string()
    }
}

fn push_lines(text: &mut String, options: &Options) {
    for (key, value) in options.iter() {
        text.push_str(key);
        text.push_str(": ");
        text.push_str(value);
        text.push('\n');
    }
}
