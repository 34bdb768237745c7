//! What a principal may do on a path: roles along the path, pools, privilege separation.

use std::collections::{BTreeMap, BTreeSet};

use crate::auth::Principal;
use crate::fail::{Result, forbidden};
use crate::roles;
use crate::world::{AclKind, World};

/// Privileges with their propagation flag; a key that is there is granted, whatever the flag.
pub(crate) type Privileges = BTreeMap<String, bool>;
type Roles = BTreeMap<String, bool>;

impl World {
    /// The privileges of a principal on a path.
    pub(crate) fn privileges(&self, who: &Principal, path: &str) -> Privileges {
        let user = self.privileges_of(&who.user, AclKind::User, path);
        let Some(name) = &who.token else { return user };
        match self.access.token(&who.user, name) {
            None => Privileges::new(),
            Some(token) if !token.privsep => user,
            Some(_) => {
                let own = self.privileges_of(&who.to_string(), AclKind::Token, path);
                intersect(&own, &user)
            }
        }
    }

    fn privileges_of(&self, ugid: &str, kind: AclKind, path: &str) -> Privileges {
        if ugid == "root@pam" {
            let all = roles::privileges(self.version);
            return all
                .into_iter()
                .map(|privilege| (privilege.to_owned(), true))
                .collect();
        }
        let roles = self.with_pools(self.roles_on(ugid, kind, path), ugid, kind, path);
        let mut privileges = Privileges::new();
        for (role, propagate) in roles {
            for privilege in self.role(&role).unwrap_or_default() {
                *privileges.entry(privilege).or_insert(false) |= propagate;
            }
        }
        privileges
    }

    /// The privileges of a role, built in or not.
    pub(crate) fn role(&self, role: &str) -> Option<BTreeSet<String>> {
        roles::built_in(self.version, role)
            .map(|all| all.into_iter().map(str::to_owned).collect())
            .or_else(|| self.access.roles.get(role).cloned())
    }

    /// Roles by the entries along a path: deeper ones replace, and the user's own beat its groups'.
    fn roles_on(&self, ugid: &str, kind: AclKind, path: &str) -> Roles {
        let mut roles = Roles::new();
        let steps = steps(path);
        for (index, step) in steps.iter().enumerate() {
            let is_last = index + 1 == steps.len();
            let own = self.entries(step, is_last, |k, id| k == kind && id == ugid);
            let found = if own.is_empty() && kind == AclKind::User {
                self.entries(step, is_last, |k, id| {
                    k == AclKind::Group && self.in_group(id, ugid)
                })
            } else {
                own
            };
            if !found.is_empty() {
                roles = found;
            }
        }
        match roles.get("NoAccess") {
            Some(propagate) => Roles::from([("NoAccess".to_owned(), *propagate)]),
            None => roles,
        }
    }

    fn in_group(&self, group: &str, user: &str) -> bool {
        self.access
            .groups
            .get(group)
            .is_some_and(|users| users.contains(user))
    }

    fn entries(&self, path: &str, is_last: bool, is_for: impl Fn(AclKind, &str) -> bool) -> Roles {
        self.access
            .acls
            .iter()
            .filter(|acl| acl.path == path && is_for(acl.kind, &acl.ugid))
            .filter(|acl| is_last || acl.propagate)
            .map(|acl| (acl.roleid.clone(), acl.propagate))
            .collect()
    }

    /// Adds the roles a pool gives on its members; they never propagate.
    fn with_pools(&self, mut roles: Roles, ugid: &str, kind: AclKind, path: &str) -> Roles {
        if roles.contains_key("NoAccess") {
            return roles;
        }
        for (poolid, pool) in &self.pools {
            let is_member = path
                .strip_prefix("/vms/")
                .and_then(|id| id.parse().ok())
                .is_some_and(|vmid: u32| pool.vms.contains(&vmid))
                || path
                    .strip_prefix("/storage/")
                    .is_some_and(|s| pool.storages.contains(s));
            if !is_member {
                continue;
            }
            let from_pool = self.roles_on(ugid, kind, &format!("/pool/{poolid}"));
            if from_pool.contains_key("NoAccess") {
                return Roles::from([("NoAccess".to_owned(), false)]);
            }
            for role in from_pool.into_keys() {
                roles.entry(role).or_insert(false);
            }
        }
        roles
    }

    pub(crate) fn may(&self, who: &Principal, path: &str, privilege: &str) -> bool {
        self.privileges(who, path).contains_key(privilege)
    }

    pub(crate) fn may_any(&self, who: &Principal, path: &str, wanted: &[&str]) -> bool {
        let privileges = self.privileges(who, path);
        wanted
            .iter()
            .any(|privilege| privileges.contains_key(*privilege))
    }

    /// 403 unless the principal has every one of these privileges.
    pub(crate) fn check(&self, who: &Principal, path: &str, wanted: &[&str]) -> Result<()> {
        let privileges = self.privileges(who, path);
        match wanted
            .iter()
            .find(|privilege| !privileges.contains_key(**privilege))
        {
            Some(missing) => Err(forbidden(&format!("{path}, {missing}"))),
            None => Ok(()),
        }
    }

    /// 403 unless the principal has one of these privileges.
    pub(crate) fn check_any(&self, who: &Principal, path: &str, wanted: &[&str]) -> Result<()> {
        if self.may_any(who, path, wanted) {
            return Ok(());
        }
        Err(forbidden(&format!("{path}, {}", wanted.join("|"))))
    }

    /// The paths an overview of permissions lists.
    pub(crate) fn permission_paths(&self) -> BTreeSet<String> {
        let fixed = [
            "/",
            "/access",
            "/access/groups",
            "/nodes",
            "/pool",
            "/sdn",
            "/storage",
            "/vms",
        ];
        let mut paths: BTreeSet<String> = fixed.into_iter().map(str::to_owned).collect();
        paths.extend(self.access.acls.iter().map(|acl| acl.path.clone()));
        for (poolid, pool) in &self.pools {
            paths.insert(format!("/pool/{poolid}"));
            paths.extend(pool.vms.iter().map(|vmid| format!("/vms/{vmid}")));
            paths.extend(pool.storages.iter().map(|name| format!("/storage/{name}")));
        }
        paths
    }
}

fn intersect(own: &Privileges, user: &Privileges) -> Privileges {
    own.iter()
        .filter_map(|(privilege, flag)| {
            user.get(privilege)
                .map(|user_flag| (privilege.clone(), *flag && *user_flag))
        })
        .collect()
}

/// `/`, `/vms`, `/vms/100` for `/vms/100`.
fn steps(path: &str) -> Vec<String> {
    let mut steps = vec!["/".to_owned()];
    let mut so_far = String::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        so_far = format!("{so_far}/{part}");
        steps.push(so_far.clone());
    }
    steps
}
