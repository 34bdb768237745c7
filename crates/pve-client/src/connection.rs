//! Everything that is needed to reach a host.

use std::time::Duration;

use pve_api::{TokenId, UserId};

use crate::{Endpoint, Fingerprint, Secret};

/// How to reach a host and as whom.
#[derive(Debug, Clone)]
pub struct Connection {
    /// Where the API is.
    pub endpoint: Endpoint,
    /// As whom to call it.
    pub auth: Auth,
    /// Which certificate to trust.
    pub tls: Tls,
}

/// As whom to call the API.
#[derive(Debug, Clone)]
pub enum Auth {
    /// With an API token.
    Token {
        /// The user and the token's name, as in `em-infra@pve!terraform`.
        id: TokenId,
        /// The UUID that was shown once.
        secret: Secret<String>,
    },
    /// With a user's password. The first call logs in.
    Ticket {
        /// The user, as in `root@pam`.
        user: UserId,
        /// The password.
        password: Secret<String>,
    },
}

impl Auth {
    /// Returns the name of the caller, for messages.
    pub fn principal(&self) -> &str {
        match self {
            Self::Token { id, .. } => id.as_str(),
            Self::Ticket { user, .. } => user.as_str(),
        }
    }
}

/// Which certificate to trust.
#[derive(Debug, Clone)]
pub enum Tls {
    /// One that an authority known to this machine has signed.
    SystemRoots,
    /// One that an authority of this PEM file has signed, and no other; for Proxmox's own:
    /// `/etc/pve/pve-root-ca.pem`. Holds the file's content.
    CaFile(Vec<u8>),
    /// Exactly the one with this fingerprint, whoever signed it and whatever its names and dates.
    Fingerprint(Fingerprint),
    /// Any. Whoever is on the way can read and change everything.
    Insecure,
}

/// How long to wait for the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// For a TCP connection.
    pub connect: Duration,
    /// For a whole answer. Proxmox's own front end gives up after 30 s and says so: a limit below that
    /// turns its clear answer into a lost one.
    pub answer: Duration,
}

impl Default for TimeLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            answer: Duration::from_secs(40),
        }
    }
}
