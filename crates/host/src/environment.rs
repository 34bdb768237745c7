//! The environment variables that stand in for what provider block or inputs leave out.
//!
//! They are those of other Proxmox providers, so that a user who has them set needs nothing new.

use std::collections::BTreeMap;

/// What a variable stands in for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stands {
    Endpoint,
    /// Id and secret of a token in one.
    Token,
    TokenId,
    TokenSecret,
    Username,
    Password,
    Insecure,
}

/// Names, the first one that is set wins.
const NAMES: [(&str, Stands); 11] = [
    ("PROXMOX_VE_ENDPOINT", Stands::Endpoint),
    ("PM_API_URL", Stands::Endpoint),
    ("PROXMOX_VE_API_TOKEN", Stands::Token),
    ("PM_API_TOKEN_ID", Stands::TokenId),
    ("PM_API_TOKEN_SECRET", Stands::TokenSecret),
    ("PROXMOX_VE_USERNAME", Stands::Username),
    ("PM_USER", Stands::Username),
    ("PROXMOX_VE_PASSWORD", Stands::Password),
    ("PM_PASS", Stands::Password),
    ("PROXMOX_VE_INSECURE", Stands::Insecure),
    ("PM_TLS_INSECURE", Stands::Insecure),
];

/// The variables that are set. Holds secrets, so it has no `Debug`.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<&'static str, String>);

impl Environment {
    /// Takes what it needs; `variable` is asked by name.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        Self(
            NAMES
                .iter()
                .filter_map(|(name, _)| Some((*name, set(name)?)))
                .collect(),
        )
    }

    /// Returns name and value of the first variable that stands in for it.
    pub(crate) fn find(&self, what: Stands) -> Option<(&'static str, &str)> {
        NAMES
            .iter()
            .filter(|(_, stands)| *stands == what)
            .find_map(|(name, _)| Some((*name, self.0.get(name)?.as_str())))
    }

    /// Returns the names of the variables that stand in for it.
    pub(crate) fn names(what: Stands) -> String {
        let names = NAMES
            .iter()
            .filter(|(_, stands)| *stands == what)
            .map(|(name, _)| *name);
        names.collect::<Vec<_>>().join(" or ")
    }
}
