//! The first call: whether there is a host, whether it accepts us, whether we know its version.

use pve_client::{Auth, Client, Error, SetupError};

use crate::access::Access;
use crate::explain::{explained, sentence, unusable};
use crate::facts::Facts;

/// A host that answers.
pub struct Host {
    /// The client.
    pub client: Client,
    /// Its facts.
    pub facts: Facts,
    /// Which host is called, by whom, and where that was said.
    pub provenance: String,
    /// The version of Proxmox VE.
    pub version: String,
    /// Whether the caller is root@pam with a password, to whom some options are reserved.
    pub is_root: bool,
}

/// Why a host cannot be used.
#[derive(Debug)]
pub enum Unreachable {
    /// The client cannot be made from the settings.
    Setup(SetupError),
    /// It does not answer, or not to us.
    Call {
        /// Which host was called, by whom.
        provenance: String,
        /// What came of it.
        error: Error,
    },
    /// It is older than what em-infra knows.
    Version {
        /// Which host was called, by whom.
        provenance: String,
        /// What it runs.
        version: String,
    },
}

impl Unreachable {
    /// In one line.
    pub fn summary(&self) -> &'static str {
        match self {
            Self::Setup(_) => "The access to Proxmox VE cannot be used",
            Self::Call { error, .. } => unusable(error),
            Self::Version { .. } => "The version of Proxmox VE is not supported",
        }
    }

    /// What to do.
    pub fn detail(&self) -> String {
        match self {
            Self::Setup(error) => sentence(&error.to_string()),
            Self::Call { provenance, error } => {
                format!("{}\n\nCalled was {provenance}.", explained(error))
            }
            Self::Version {
                provenance,
                version,
            } => format!(
                "{provenance} runs version {version}. em-infra needs Proxmox VE 8 or newer."
            ),
        }
    }
}

/// Calls the host once, so that a host that cannot be used is said once and before anything else.
pub async fn reach(access: Access) -> Result<Host, Unreachable> {
    let Access {
        connection,
        provenance,
    } = access;
    let is_root =
        matches!(&connection.auth, Auth::Ticket { user, .. } if user.as_str() == "root@pam");
    let client = Client::new(&connection).map_err(Unreachable::Setup)?;
    let version = match client.version().await {
        Ok(version) => version,
        Err(error) => return Err(Unreachable::Call { provenance, error }),
    };
    if version.number().is_none_or(|(major, _)| major < 8) {
        return Err(Unreachable::Version {
            provenance,
            version: version.version,
        });
    }
    Ok(Host {
        facts: Facts::new(client.clone()),
        client,
        provenance,
        version: version.version,
        is_root,
    })
}
