//! A change of a configuration, as one write.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::Request;

/// A change of a configuration.
///
/// **Not atomic**: a failed change may have stored some of its options, which the next successful
/// change or start applies (recording `09-put-not-atomic.json`). Read again after a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ConfigChange {
    set: BTreeMap<String, String>,
    delete: BTreeSet<String>,
    revert: BTreeSet<String>,
    digest: Option<String>,
    unattached: Unattached,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Unattached {
    #[default]
    Keep,
    Destroy,
}

impl ConfigChange {
    /// Sets an option.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.delete.remove(key);
        self.set.insert(key.to_owned(), value.to_string());
        self
    }

    /// Removes an option; removing one that is not set does no harm. A disk becomes `unusedN`.
    #[must_use]
    pub fn delete(mut self, key: &str) -> Self {
        self.set.remove(key);
        self.delete.insert(key.to_owned());
        self
    }

    /// Drops what is pending for an option.
    #[must_use]
    pub fn revert(mut self, key: &str) -> Self {
        self.revert.insert(key.to_owned());
        self
    }

    /// Refuses the change if the configuration is not the one with this digest.
    #[must_use]
    pub fn only_if(mut self, digest: &str) -> Self {
        self.digest = Some(digest.to_owned());
        self
    }

    /// Destroys the volumes of removed disks instead of keeping them as `unusedN`.
    #[must_use]
    pub fn destroy_removed_disks(mut self) -> Self {
        self.unattached = Unattached::Destroy;
        self
    }

    /// Returns whether there is nothing to do; Proxmox refuses such a change.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty() && self.delete.is_empty() && self.revert.is_empty()
    }

    /// Returns the options to be set.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        self.set
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Returns the options to be removed.
    pub fn deletions(&self) -> impl Iterator<Item = &str> {
        self.delete.iter().map(String::as_str)
    }

    pub(crate) fn add_to<R>(&self, request: Request<R>) -> Request<R> {
        let list = |keys: &BTreeSet<String>| {
            (!keys.is_empty()).then(|| {
                keys.iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .join(",")
            })
        };
        let request = self
            .set
            .iter()
            .fold(request, |request, (key, value)| request.with(key, value));
        request
            .with_some("delete", list(&self.delete))
            .with_some("revert", list(&self.revert))
            .with_some("digest", self.digest.as_ref())
            .with_some(
                "force",
                (self.unattached == Unattached::Destroy).then_some("1"),
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_never_both_set_and_deleted() {
        let change = ConfigChange::default()
            .set("cores", 4)
            .delete("cores")
            .delete("name")
            .set("name", "a");
        assert_eq!(change.settings().collect::<Vec<_>>(), [("name", "a")]);
        assert_eq!(change.deletions().collect::<Vec<_>>(), ["cores"]);
    }
}
