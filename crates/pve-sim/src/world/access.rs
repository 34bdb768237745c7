//! Users, groups, tokens, roles and access control entries, as the access files hold them.

use std::collections::{BTreeMap, BTreeSet};

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its password; without one it cannot log in.
    pub password: Option<String>,
    /// A disabled user is refused, and so are its tokens.
    pub enable: bool,
    /// Epoch seconds, 0 for never.
    pub expire: u64,
    /// Free text.
    pub comment: Option<String>,
    /// Its API tokens by name.
    pub tokens: BTreeMap<String, Token>,
}

impl Default for User {
    fn default() -> Self {
        Self {
            password: None,
            enable: true,
            expire: 0,
            comment: None,
            tokens: BTreeMap::new(),
        }
    }
}

/// An API token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Token {
    /// The secret UUID.
    pub secret: String,
    /// Whether it has only the privileges given to itself as well as to its user.
    pub privsep: bool,
    /// Epoch seconds, 0 for never.
    pub expire: u64,
    /// Free text.
    pub comment: Option<String>,
}

/// Whom an access control entry is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AclKind {
    User,
    Group,
    Token,
}

impl AclKind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Group => "group",
            Self::Token => "token",
        }
    }
}

/// One access control entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Acl {
    pub(crate) path: String,
    pub(crate) kind: AclKind,
    pub(crate) ugid: String,
    pub(crate) roleid: String,
    pub(crate) propagate: bool,
}

impl Acl {
    /// `to` is `user@realm`, `user@realm!token` or `@group`.
    pub(crate) fn parse(path: &str, to: &str, roleid: &str, propagate: bool) -> Self {
        let (kind, ugid) = match to.strip_prefix('@') {
            Some(group) => (AclKind::Group, group),
            None if to.contains('!') => (AclKind::Token, to),
            None => (AclKind::User, to),
        };
        let (path, roleid) = (path.to_owned(), roleid.to_owned());
        Self {
            path,
            kind,
            ugid: ugid.to_owned(),
            roleid,
            propagate,
        }
    }

    fn same_place(&self, other: &Self) -> bool {
        self.path == other.path
            && self.kind == other.kind
            && self.ugid == other.ugid
            && self.roleid == other.roleid
    }
}

/// Everything access control knows.
#[derive(Clone, Debug, Default)]
pub(crate) struct Access {
    pub(crate) users: BTreeMap<String, User>,
    pub(crate) groups: BTreeMap<String, BTreeSet<String>>,
    /// Roles that are not built in.
    pub(crate) roles: BTreeMap<String, BTreeSet<String>>,
    pub(crate) acls: Vec<Acl>,
}

impl Access {
    pub(crate) fn grant(&mut self, acl: Acl) {
        self.revoke(&acl);
        self.acls.push(acl);
    }

    pub(crate) fn revoke(&mut self, acl: &Acl) {
        self.acls.retain(|known| !known.same_place(acl));
    }

    pub(crate) fn token(&self, user: &str, name: &str) -> Option<&Token> {
        self.users.get(user)?.tokens.get(name)
    }
}
