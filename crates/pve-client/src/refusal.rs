//! Errors that the host answers, and what their texts mean.
//!
//! Proxmox has one status, 500, for nearly everything: the meaning is in the text. Each text below
//! is copied from a recording or from the source named in the facts; nothing is matched loosely.

use std::collections::BTreeMap;
use std::fmt;

use pve_api::Method;

/// A call that the host answered with an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) detail: Option<String>,
    pub(crate) errors: BTreeMap<String, String>,
}

/// What a caller would need to be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingPrivilege {
    /// The path of the access control list.
    pub path: String,
    /// Any one of these is enough.
    pub any_of: Vec<String>,
}

impl Refusal {
    /// Returns the HTTP status. 595 is the front end's own: its service behind cannot be reached.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Returns the first line of the error, from the reason phrase of the status line.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// Returns the lines after the first, which only newer hosts send.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// Returns what is wrong with each parameter.
    pub fn errors(&self) -> &BTreeMap<String, String> {
        &self.errors
    }

    /// Returns the method of the call.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Returns the path of the call.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns which privilege is missing, when the host says so.
    pub fn missing_privilege(&self) -> Option<MissingPrivilege> {
        (self.status == 403)
            .then(|| missing_privilege(&self.reason))
            .flatten()
    }

    pub(crate) fn is_permission_denied(&self) -> bool {
        self.status == 403 || needs_root(&self.reason)
    }

    pub(crate) fn is_not_found(&self) -> bool {
        let segments: Vec<&str> = self.path.split('/').skip(1).collect();
        match (self.status, &segments[..]) {
            (500, ["nodes", _, "qemu", vmid, ..]) => missing_vm(&self.reason) == Some(vmid),
            (400, ["nodes", _, "tasks", ..]) => self.error_is("upid", "no such task"),
            (400, ["nodes", _, "storage", _, ..]) => self.error_is("storage", "No such storage."),
            (500, ["nodes", _, "storage", id, ..]) => {
                self.reason == format!("storage '{id}' does not exist")
            }
            (500, ["cluster", "mapping", "pci", id]) => {
                self.reason == format!("mapping '{id}' not found")
                    || self.reason
                        == format!("update hardware mapping failed: pci ID '{id}' does not exist")
            }
            (500, ["pools"]) => enclosed(&self.reason, "pool '", "' does not exist").is_some(),
            _ => false,
        }
    }

    pub(crate) fn error_is(&self, parameter: &str, text: &str) -> bool {
        self.errors
            .get(parameter)
            .is_some_and(|error| error.trim_end() == text)
    }

    pub(crate) fn is_transient(&self) -> bool {
        self.status == 595 || (self.status == 500 && is_lock_timeout(&self.reason))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{} {}: {} {}",
            self.method, self.path, self.status, self.reason
        )?;
        let mut errors = self.errors.iter();
        errors.try_for_each(|(name, text)| write!(out, "; {name}: {}", text.trim_end()))
    }
}

impl std::error::Error for Refusal {}

fn enclosed<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.strip_prefix(before)?.strip_suffix(after)
}

/// Returns the VMID of a text that says that a VM has no configuration.
pub(crate) fn missing_vm(text: &str) -> Option<&str> {
    let by_path = enclosed(text, "Configuration file 'nodes/", ".conf' does not exist");
    let by_path = by_path.and_then(|rest| Some(rest.split_once("/qemu-server/")?.1));
    // What a clone says of its missing source; recording 04-clone-errors.json.
    let by_source = enclosed(text, "unable to find configuration file for VM ", "'");
    by_path.or_else(|| Some(by_source?.split_once(" on node '")?.0))
}

/// Returns whether a text says that a lock file was not free in time. The lock comes before any
/// change, so nothing was done (recording 27-lock-timeout.json). A clone meets the one of its storage
/// in the middle, and takes back what it made before it says so.
pub(crate) fn is_lock_timeout(text: &str) -> bool {
    let text = text.strip_prefix("clone failed: ").unwrap_or(text);
    enclosed(text, "can't lock file '/var/lock/", "' - got timeout").is_some()
}

/// Returns whether a text says that only root@pam, logged in with a password, may do this.
pub(crate) fn needs_root(text: &str) -> bool {
    ["set", "modify"].iter().any(|verb| {
        let rest = text
            .strip_prefix("only root can ")
            .and_then(|rest| rest.strip_prefix(verb));
        rest.is_some_and(|rest| rest.starts_with(" '") && rest.contains("' config"))
    })
}

fn missing_privilege(reason: &str) -> Option<MissingPrivilege> {
    let inner = enclosed(reason, "Permission check failed (", ")")?;
    let (path, privileges) = inner.split_once(", ")?;
    let any_of: Vec<String> = privileges.split('|').map(str::to_owned).collect();
    path.starts_with('/').then(|| MissingPrivilege {
        path: path.to_owned(),
        any_of,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(method: Method, path: &str, status: u16, reason: &str) -> Refusal {
        Refusal {
            method,
            path: path.to_owned(),
            status,
            reason: reason.to_owned(),
            detail: None,
            errors: BTreeMap::new(),
        }
    }

    fn get(path: &str, status: u16, reason: &str) -> Refusal {
        refusal(Method::Get, path, status, reason)
    }

    #[test]
    fn absence_is_told_by_the_emitters_exact_text() {
        let absent = [
            (
                "/nodes/pve/qemu/101/config",
                500,
                "Configuration file 'nodes/pve/qemu-server/101.conf' does not exist",
            ),
            (
                "/nodes/localhost/qemu/101/status/current",
                500,
                "Configuration file 'nodes/pve/qemu-server/101.conf' does not exist",
            ),
            (
                "/nodes/pve/qemu/777/clone",
                500,
                "unable to find configuration file for VM 777 on node 'pve'",
            ),
            (
                "/nodes/pve/storage/nostore/content",
                500,
                "storage 'nostore' does not exist",
            ),
            ("/cluster/mapping/pci/nope", 500, "mapping 'nope' not found"),
            (
                "/cluster/mapping/pci/nope",
                500,
                "update hardware mapping failed: pci ID 'nope' does not exist",
            ),
            ("/pools", 500, "pool 'p' does not exist"),
        ];
        for (path, status, reason) in absent {
            assert!(get(path, status, reason).is_not_found(), "{path} {reason}");
        }
    }

    #[test]
    fn what_only_looks_like_absence_is_not() {
        let present = [
            // Another VM, a storage that a clone names, and faults of the host.
            (
                "/nodes/pve/qemu/101/config",
                500,
                "Configuration file 'nodes/pve/qemu-server/102.conf' does not exist",
            ),
            (
                "/nodes/pve/qemu/9000/clone",
                500,
                "storage 'nostore' does not exist",
            ),
            (
                "/nodes/pve/qemu/9000/clone",
                500,
                "snapshot 's1' does not exist",
            ),
            (
                "/nodes/nonode/qemu/101/config",
                500,
                "hostname lookup 'nonode' failed - failed to get address info for: nonode: Temporary failure in name resolution",
            ),
            (
                "/nodes/pve/qemu/101/config",
                403,
                "Permission check failed (/vms/101, VM.Audit)",
            ),
            ("/nodes/pve/qemu/101/config", 404, "Not Found"),
            ("/nodes/pve/qemu/101/config", 595, "Connection refused"),
            (
                "/nodes/pve/qemu/101/nothing",
                501,
                "Method 'GET /nodes/pve/qemu/101/nothing' not implemented",
            ),
            (
                "/nodes/pve/qemu",
                500,
                "Configuration file 'nodes/pve/qemu-server/101.conf' does not exist",
            ),
        ];
        for (path, status, reason) in present {
            assert!(!get(path, status, reason).is_not_found(), "{path} {reason}");
        }
    }

    #[test]
    fn an_unknown_task_or_storage_is_in_the_errors() {
        let mut task = get(
            "/nodes/pve/tasks/UPID%3A/status",
            400,
            "Parameter verification failed.",
        );
        assert!(!task.is_not_found());
        task.errors
            .insert("upid".to_owned(), "no such task".to_owned());
        assert!(task.is_not_found());
        task.errors
            .insert("upid".to_owned(), "unable to parse worker upid".to_owned());
        assert!(!task.is_not_found());
    }

    #[test]
    fn a_missing_privilege_has_a_path_and_alternatives() {
        let privilege = |reason| get("/x", 403, reason).missing_privilege();
        assert_eq!(
            privilege(
                "Permission check failed (/vms/100, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)"
            ),
            Some(MissingPrivilege {
                path: "/vms/100".to_owned(),
                any_of: vec![
                    "VM.GuestAgent.Audit".to_owned(),
                    "VM.GuestAgent.Unrestricted".to_owned()
                ],
            })
        );
        for reason in [
            "Permission check failed",
            "Permission check failed (pool 'nopool' does not exist)",
            "Permission check failed (URI '/access/ticket' not available with API token, need proper ticket.",
        ] {
            assert_eq!(privilege(reason), None, "{reason}");
            assert!(get("/x", 403, reason).is_permission_denied());
        }
    }

    #[test]
    fn what_needs_root_is_a_matter_of_permission() {
        for reason in [
            "only root can set 'hostpci0' config for non-mapped devices",
            "only root can set 'args' config",
            "only root can modify 'serial1' config for real devices",
        ] {
            assert!(get("/x", 500, reason).is_permission_denied(), "{reason}");
        }
        assert!(!get("/x", 500, "only root can wait").is_permission_denied());
    }

    #[test]
    fn only_what_did_nothing_is_transient() {
        let lock = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout";
        assert!(get("/x", 500, lock).is_transient());
        assert!(get("/x", 595, "Connection refused").is_transient());
        for (status, reason) in [
            (500, "VM is locked (backup)"),
            (596, "Broken pipe"),
            (503, "x"),
            (500, "got timeout"),
        ] {
            assert!(
                !get("/x", status, reason).is_transient(),
                "{status} {reason}"
            );
        }
    }

    #[test]
    fn it_prints_all_that_the_host_said() {
        let mut refused = refusal(
            Method::Get,
            "/cluster/nextid",
            400,
            "Parameter verification failed.",
        );
        refused
            .errors
            .insert("vmid".to_owned(), "VM 203 already exists\n".to_owned());
        assert_eq!(
            refused.to_string(),
            "GET /cluster/nextid: 400 Parameter verification failed.; vmid: VM 203 already exists"
        );
    }
}
