//! One VM as Proxmox and its marker describe it: what a refresh and an import read back.

use std::collections::BTreeSet;

use pve_api::BadOption;

use crate::marker::{Found, Marker};
use crate::{Argument, Difference, Hotplug, Origin, Present, Shape, Wanted};

/// A VM as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actual {
    /// The marker, if it carries one that is believed.
    pub marker: Option<Marker>,
    /// The name that Proxmox shows.
    pub name: String,
    /// What it is like, every argument.
    pub shape: Shape,
    /// What it takes while it runs.
    pub hotplug: Hotplug,
}

impl Actual {
    /// Reads a VM.
    pub fn read(present: &Present) -> Result<Self, BadOption> {
        let marker = match present.marker() {
            Found::Marker(marker) => Some(*marker),
            Found::Nothing | Found::Newer(_) | Found::Damaged(_) => None,
        };
        let shape = Shape::read(&present.config, marker.as_ref(), present.power)?;
        Ok(Self {
            shape,
            name: present.name().to_owned(),
            hotplug: Hotplug::of(&present.config),
            marker,
        })
    }

    /// Returns what the VM is recorded to be made from.
    pub fn origin(&self) -> Option<&Origin> {
        self.marker.as_ref().map(|marker| &marker.origin)
    }

    /// Returns the arguments that the configuration set when it was last applied.
    pub fn managed(&self) -> BTreeSet<Argument> {
        self.marker
            .as_ref()
            .map(|marker| marker.managed.clone())
            .unwrap_or_default()
    }

    /// Returns one argument in the form in which it is compared and shown.
    pub fn text(&self, argument: Argument) -> Option<String> {
        if argument == Argument::Name {
            return Some(self.name.clone());
        }
        let recorded = self.origin().and_then(|origin| origin.text(argument));
        recorded.or_else(|| self.shape.text(argument))
    }

    /// Returns every argument that is not as wanted: those that differ, and those that the
    /// configuration has stopped setting and that are then taken back.
    pub fn differences(&self, wanted: &Wanted) -> Vec<Difference> {
        let managed = self.managed();
        let compared = Argument::ALL
            .iter()
            .copied()
            .filter(|argument| !argument.is_key());
        compared
            .filter_map(|argument| {
                let (is, shall_be) = (self.text(argument), wanted.text(argument));
                let dropped = managed.contains(&argument) && argument.is_taken_back();
                let differs = match &shall_be {
                    Some(_) => is != shall_be,
                    None => dropped && is != default_text(argument),
                };
                differs.then(|| wanted.difference(argument, is, &self.shape, self.hotplug))
            })
            .collect()
    }
}

/// What an argument reads when Proxmox holds nothing for it.
fn default_text(argument: Argument) -> Option<String> {
    match argument {
        Argument::Onboot | Argument::Protection => Some(false.to_string()),
        Argument::Tags | Argument::Gpus | Argument::Nameservers => Some(String::new()),
        _ => None,
    }
}
