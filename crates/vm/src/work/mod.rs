//! What is left to write so that a VM is as wanted: the differences as edits of options.
//!
//! Proxmox writes the options of one request one by one and may fail in the middle, so options
//! whose value is checked late are kept apart from the plain ones.

mod draft;
mod habits;
mod network;
mod passthrough;
mod platform;

use std::error::Error;

use pve_api::{BadOption, ConfigChange, DiskSize, DiskSlot, VmConfig};

use crate::marker::AttemptId;
use crate::{Actual, Difference, Present, Refusal, Step, Wanted, hardware};
use draft::Draft;

/// Everything that is left to do while the power stays as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Work {
    differences: Vec<Difference>,
    changes: Vec<ConfigChange>,
    resize: Option<(DiskSlot, DiskSize)>,
}

impl Work {
    /// Compares a VM of ours with what is wanted.
    pub fn between(
        wanted: &Wanted,
        present: &Present,
        attempt: AttemptId,
    ) -> Result<Self, Refusal> {
        let actual = Actual::read(present)?;
        let differences = actual.differences(wanted);
        let resize = growth(wanted, &actual, &present.config)?;
        stays_on_storage(wanted, &actual)?;
        let mut draft = Draft::new(wanted, &actual, &present.config, &differences);
        draft.options()?;
        draft.marker(present, attempt)?;
        let changes = draft.into_changes();
        Ok(Self {
            differences,
            changes,
            resize,
        })
    }

    /// Returns whether a running VM has to be shut down for it.
    pub fn interrupts(&self) -> bool {
        self.differences
            .iter()
            .any(|difference| difference.effect.interrupts())
    }

    /// Returns the differences that a running VM has to be shut down for.
    pub fn interrupting(self) -> Vec<Difference> {
        let mut differences = self.differences;
        differences.retain(|difference| difference.effect.interrupts());
        differences
    }

    /// Returns the first step.
    pub fn into_step(self) -> Option<Step> {
        let resize = self.resize.map(|(slot, size)| Step::Resize { slot, size });
        self.changes
            .into_iter()
            .map(Step::SetConfig)
            .next()
            .or(resize)
    }
}

impl From<BadOption> for Refusal {
    fn from(bad: BadOption) -> Self {
        let why = bad.source().map(ToString::to_string).unwrap_or_default();
        Self::Unreadable(format!("{}: {why}", bad.key()))
    }
}

fn growth(
    wanted: &Wanted,
    actual: &Actual,
    config: &VmConfig,
) -> Result<Option<(DiskSlot, DiskSize)>, Refusal> {
    let Some(size) = wanted.shape.disk else {
        return Ok(None);
    };
    let slot = hardware::boot_disk(config)?
        .map(|(slot, _)| slot)
        .ok_or(Refusal::NoBootDisk)?;
    match actual.shape.disk {
        Some(is) if is > size => Err(Refusal::Shrink { is, wanted: size }),
        Some(is) if is == size => Ok(None),
        _ => Ok(Some((slot, size))),
    }
}

fn stays_on_storage(wanted: &Wanted, actual: &Actual) -> Result<(), Refusal> {
    match (&actual.shape.storage, &wanted.shape.storage) {
        (None, Some(_)) => Err(Refusal::NoBootDisk),
        (Some(is), Some(wanted)) if is != wanted => Err(Refusal::MoveDisk {
            is: is.clone(),
            wanted: wanted.clone(),
        }),
        _ => Ok(()),
    }
}
