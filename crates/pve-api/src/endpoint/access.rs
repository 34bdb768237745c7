//! Logging in, and what the caller may do: `/access`.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::lenient::{self, Scalar};
use crate::request::{Method, Request};

/// A session made from a password.
#[derive(Clone, Deserialize)]
pub struct Ticket {
    /// The value of the cookie `PVEAuthCookie`; secret.
    pub ticket: String,
    /// What every writing call must carry in a header; secret.
    #[serde(rename = "CSRFPreventionToken")]
    pub csrf: String,
    /// The user.
    pub username: String,
    /// Whether a second factor is needed before the ticket is worth anything.
    #[serde(rename = "NeedTFA", default, deserialize_with = "lenient::flag")]
    pub needs_second_factor: bool,
}

/// Logs in. The password may also be a ticket that is still valid, which renews it.
///
/// `user` may name its realm (`root@pam`).
pub fn ticket(user: &str, password: &str) -> Request<Ticket> {
    Request::new(Method::Post, ["access", "ticket"])
        .with("username", user)
        .with("password", password)
}

/// The privileges of the caller, by path. What is not listed is not granted, or lies below a
/// listed path that propagates: ask for the exact path.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Permissions(BTreeMap<String, BTreeMap<String, bool>>);

impl Permissions {
    /// Returns whether the privilege is listed for exactly this path; a privilege that does not
    /// propagate to what lies below counts.
    pub fn has(&self, path: &str, privilege: &str) -> bool {
        self.0
            .get(path)
            .is_some_and(|privileges| privileges.contains_key(privilege))
    }

    /// Returns the listed paths with their privileges, and whether each propagates.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &BTreeMap<String, bool>)> {
        self.0
            .iter()
            .map(|(path, privileges)| (path.as_str(), privileges))
    }

    /// Returns whether nothing at all is granted, as for a fresh token with privilege separation.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(BTreeMap::is_empty)
    }
}

impl<'de> Deserialize<'de> for Permissions {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let paths = BTreeMap::<String, BTreeMap<String, Scalar>>::deserialize(deserializer)?;
        let privileges = |privileges: BTreeMap<String, Scalar>| {
            privileges
                .into_iter()
                .map(|(name, propagates)| (name, propagates.0 == "1"))
                .collect()
        };
        Ok(Self(
            paths
                .into_iter()
                .map(|(path, listed)| (path, privileges(listed)))
                .collect(),
        ))
    }
}

/// Asks for the caller's own privileges on all paths that Proxmox lists.
pub fn permissions() -> Request<Permissions> {
    Request::new(Method::Get, ["access", "permissions"])
}

/// Asks for the caller's effective privileges on one path, inherited ones included.
pub fn permissions_on(path: &str) -> Request<Permissions> {
    permissions().with("path", path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_privilege_that_does_not_propagate_is_granted() {
        let text = r#"{"/storage":{"Datastore.AllocateSpace":0},"/vms":{"VM.Audit":1}}"#;
        let permissions: Permissions = serde_json::from_str(text).expect("a recorded answer");
        assert!(permissions.has("/storage", "Datastore.AllocateSpace"));
        assert!(permissions.has("/vms", "VM.Audit") && !permissions.has("/vms", "VM.Clone"));
        assert!(!permissions.is_empty());
    }

    #[test]
    fn a_fresh_token_has_nothing() {
        for text in ["{}", r#"{"/vms/100":{}}"#] {
            let permissions: Permissions = serde_json::from_str(text).expect("a recorded answer");
            assert!(permissions.is_empty(), "{text}");
        }
    }

    #[test]
    fn a_path_is_asked_for_in_the_query() {
        assert_eq!(
            permissions_on("/vms/100").target(),
            "/access/permissions?path=%2Fvms%2F100"
        );
    }
}
