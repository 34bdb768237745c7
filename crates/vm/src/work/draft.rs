//! Collecting the edits of options, and putting them into requests.

use std::collections::BTreeSet;

use pve_api::{ConfigChange, VmConfig};

use crate::marker::{AttemptId, Found, embed};
use crate::{Actual, Argument, Difference, Present, Refusal, Wanted};

/// In which request an option is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Batch {
    /// With others that are checked before anything is written.
    Plain,
    /// With others that are checked while writing, or that make a volume.
    Checked,
    /// Alone: it needs a privilege of its own.
    Apart,
    /// After everything else.
    Last,
}

/// One option to write; without a value, to take out.
struct Edit {
    batch: Batch,
    key: String,
    value: Option<String>,
}

/// The edits while they are being collected.
pub(super) struct Draft<'a> {
    pub(super) wanted: &'a Wanted,
    pub(super) actual: &'a Actual,
    pub(super) config: &'a VmConfig,
    differs: BTreeSet<Argument>,
    takes_back: bool,
    edits: Vec<Edit>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        wanted: &'a Wanted,
        actual: &'a Actual,
        config: &'a VmConfig,
        differences: &[Difference],
    ) -> Self {
        let differs = differences
            .iter()
            .map(|difference| difference.argument)
            .collect();
        let takes_back = differences
            .iter()
            .any(|difference| difference.shall_be.is_none());
        Self {
            wanted,
            actual,
            config,
            differs,
            takes_back,
            edits: Vec::new(),
        }
    }

    /// Returns the requests, in order.
    pub(super) fn into_changes(self) -> Vec<ConfigChange> {
        let batch = |batch| {
            self.edits
                .iter()
                .filter(move |edit: &&Edit| edit.batch == batch)
        };
        let together = |of| batch(of).fold(ConfigChange::default(), Edit::add_to);
        let apart = batch(Batch::Apart).map(|edit| Edit::add_to(ConfigChange::default(), edit));
        let ordered = [together(Batch::Plain), together(Batch::Checked)].into_iter();
        let ordered = ordered.chain(apart).chain([together(Batch::Last)]);
        ordered.filter(|change| !change.is_empty()).collect()
    }

    pub(super) fn options(&mut self) -> Result<(), Refusal> {
        self.name();
        self.processor()?;
        self.memory();
        self.platform()?;
        self.network_card()?;
        self.address()?;
        self.nameservers();
        self.tags();
        self.flags();
        self.startup()?;
        Ok(self.gpus()?)
    }

    /// The marker says which arguments are ours to take back, so where one is taken back it is
    /// rewritten after that has happened.
    pub(super) fn marker(&mut self, present: &Present, attempt: AttemptId) -> Result<(), Refusal> {
        let marker = self.wanted.marker(attempt);
        if present.marker() == Found::Marker(Box::new(marker.clone())) {
            return Ok(());
        }
        let notes = embed(present.notes(), &marker).map_err(|long| Refusal::NotesTooLong {
            characters: long.characters,
        })?;
        let batch = if self.takes_back {
            Batch::Last
        } else {
            Batch::Plain
        };
        self.set(batch, "description", &notes);
        Ok(())
    }

    fn name(&mut self) {
        if self.actual.name != self.wanted.key.name {
            self.set(Batch::Plain, "name", &&self.wanted.key.name);
        }
    }

    pub(super) fn differs(&self, arguments: &[Argument]) -> bool {
        arguments
            .iter()
            .any(|argument| self.differs.contains(argument))
    }

    pub(super) fn set(&mut self, batch: Batch, key: &str, value: &impl ToString) {
        self.edits.push(Edit {
            batch,
            key: key.to_owned(),
            value: Some(value.to_string()),
        });
    }

    pub(super) fn delete(&mut self, batch: Batch, key: &str) {
        if self.config.get(key).is_some() {
            self.edits.push(Edit {
                batch,
                key: key.to_owned(),
                value: None,
            });
        }
    }
}

impl Edit {
    fn add_to(change: ConfigChange, edit: &Self) -> ConfigChange {
        match &edit.value {
            Some(value) => change.set(&edit.key, value),
            None => change.delete(&edit.key),
        }
    }
}
