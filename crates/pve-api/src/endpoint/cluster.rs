//! What concerns the whole cluster: `/version`, `/cluster`.

use serde::Deserialize;

use crate::lenient;
use crate::request::{Method, Request};
use crate::{NodeName, VmId};

/// The version of the API.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Version {
    /// All numbers, as in `9.2.11`.
    pub version: String,
    /// Major and minor number, as in `9.2`.
    pub release: String,
    /// The commit that it was built from.
    #[serde(default, deserialize_with = "lenient::text")]
    pub repoid: String,
}

/// The commit that em-infra's embedded host says it was built from. No release of Proxmox has it.
pub const EMBEDDED_REPOID: &str = "5b1e83d8a3f7c4d2";

impl Version {
    /// Returns major and minor number of `version`; none when it has no such form.
    pub fn number(&self) -> Option<(u32, u32)> {
        let mut parts = self.version.split(['.', '-']);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }
}

/// Asks for the version; needs no privilege.
pub fn version() -> Request<Version> {
    Request::new(Method::Get, ["version"])
}

/// A free VMID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct NextId(pub VmId);

/// Asks for a free VMID; nothing is reserved, two callers get the same.
pub fn next_id() -> Request<NextId> {
    Request::new(Method::Get, ["cluster", "nextid"])
}

/// Asks whether a VMID is free, of VMs and containers, also of those that the caller cannot see:
/// answers it, or status 400 with an error for `vmid`.
pub fn is_free(vmid: VmId) -> Request<NextId> {
    next_id().with("vmid", vmid)
}

/// A VM or container of the cluster.
///
/// From cached statistics: a new VM has no name and status `unknown` for up to ten seconds. Use
/// the list of the node to look something up.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct VmResource {
    /// `qemu` or `lxc`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The VMID.
    pub vmid: VmId,
    /// The node.
    pub node: NodeName,
    /// `running`, `stopped` or `unknown`.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub status: Option<String>,
    /// The name, once known.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub name: Option<String>,
    /// Whether it is a template.
    #[serde(default, deserialize_with = "lenient::flag")]
    pub template: bool,
    /// The pool.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub pool: Option<String>,
}

/// Asks for all VMs and containers that the caller may audit.
pub fn vm_resources() -> Request<Vec<VmResource>> {
    Request::new(Method::Get, ["cluster", "resources"]).with("type", "vm")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_two_numbers() {
        let number = |version: &str| {
            Version {
                version: version.to_owned(),
                release: String::new(),
                repoid: String::new(),
            }
            .number()
        };
        assert_eq!(number("9.2.11"), Some((9, 2)));
        assert_eq!(number("8.4-1"), Some((8, 4)));
        assert_eq!((number("9"), number(""), number("x.y")), (None, None, None));
    }

    #[test]
    fn a_free_vmid_arrives_as_text() {
        assert_eq!(
            serde_json::from_str::<NextId>("\"100\"")
                .map(|next| next.0.get())
                .ok(),
            Some(100)
        );
        assert_eq!(is_free(VmId::MIN).target(), "/cluster/nextid?vmid=100");
    }
}
