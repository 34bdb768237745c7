//! One rule.

use semver::{Version, VersionReq};
use serde::Serialize;
use time::Date;

use super::{Condition, Pattern};

/// The kinds of differences that are known to be noise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Class {
    /// Null, an empty text and an empty list or map stand for the same.
    N1,
    /// The server's default appears, or is left out.
    N2,
    /// The order of what has none.
    N3,
    /// Two spellings of one value.
    N4,
    /// What an agent in the guest or the server reports, and nobody uses.
    N5,
    /// "Known after apply" that follows from another difference of the same resource.
    N6,
    /// A time or a counter that goes forward.
    N7,
    /// A write-only value: no plan can show a change of it. It has no rule, since it is no difference;
    /// the gate lists it under what was not checked.
    N8,
    /// A provider upgrade: reads what the version before did not, or no longer what it did.
    N9,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 9] = [
        Self::N1,
        Self::N2,
        Self::N3,
        Self::N4,
        Self::N5,
        Self::N6,
        Self::N7,
        Self::N8,
        Self::N9,
    ];

    /// What it is called.
    pub const fn title(self) -> &'static str {
        match self {
            Self::N1 => "nothing in two forms",
            Self::N2 => "a default of the server",
            Self::N3 => "order",
            Self::N4 => "spelling",
            Self::N5 => "reported, not configured",
            Self::N6 => "known after apply, with another difference",
            Self::N7 => "time goes forward",
            Self::N8 => "write-only",
            Self::N9 => "provider upgrade",
        }
    }
}

/// A rule that explains differences of one kind.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Its name, in evidence and reports.
    pub name: &'static str,
    /// The class.
    pub class: Class,
    /// The provider as `namespace/name`; `*` for any but our own.
    pub provider: &'static str,
    /// The versions of the provider; empty for all. Where it is set, the lock file must say the version.
    pub versions: &'static str,
    /// The resource type; `*` for any.
    pub resource: &'static str,
    /// The places.
    pub path: Pattern,
    /// What must hold.
    pub condition: Condition,
    /// Why it is noise.
    pub reason: &'static str,
    /// Where that is known from.
    pub reference: &'static str,
    /// The last day on which it is believed: somebody must look again by then.
    pub expires: Date,
}

/// The provider that must never need a rule.
const OURS: &str = "em-infra/eminfra";

impl Rule {
    /// Whether the rule is about this provider, by its full name (`registry.terraform.io/bpg/proxmox`) and
    /// its locked version.
    pub(super) fn is_about_provider(&self, full_name: &str, version: Option<&Version>) -> bool {
        let source = full_name
            .split_once('/')
            .map_or(full_name, |(_, rest)| rest);
        let named = match self.provider {
            "*" => source != OURS,
            provider => source == provider && source != OURS,
        };
        named && self.is_about_version(version)
    }

    fn is_about_version(&self, version: Option<&Version>) -> bool {
        if self.versions.is_empty() {
            return true;
        }
        let requirement = VersionReq::parse(self.versions).ok();
        match (requirement, version) {
            (Some(requirement), Some(version)) => requirement.matches(version),
            _ => false,
        }
    }

    pub(super) fn is_about_resource(&self, resource: &str) -> bool {
        self.resource == "*" || self.resource == resource
    }
}
