//! The Proxmox VE that is asked for the nodes' VMs, or why none is.

use std::fmt;
use std::path::Path;

use em_infra_core::live;
use pve_client::Client;
use serde::Serialize;
use tf_run::Env;

use crate::commands::check::InputArguments;
use crate::commands::drift::Ground;

/// Who is asked.
#[derive(Serialize)]
#[serde(tag = "asked", rename_all = "lowercase")]
pub(super) enum Asked {
    /// The host of the environment.
    #[serde(rename = "yes")]
    Answers {
        /// Which one, as whom, and where that was said.
        host: String,
        #[serde(skip)]
        client: Client,
    },
    /// Nobody said where a host is.
    #[serde(rename = "no")]
    Nobody {
        /// What to say for one to be asked.
        reason: String,
    },
    /// A host is known and cannot be used.
    #[serde(rename = "failed")]
    Fails {
        /// Why.
        reason: String,
    },
}

impl Asked {
    pub(super) fn client(&self) -> Option<&Client> {
        match self {
            Self::Answers { client, .. } => Some(client),
            Self::Nobody { .. } | Self::Fails { .. } => None,
        }
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answers { host, .. } => write!(f, "Asking {host} for the VMs."),
            Self::Nobody { reason } => write!(
                f,
                "Proxmox VE is not asked, so whether the VMs run with the right network card is not checked: {reason}"
            ),
            Self::Fails { reason } => write!(
                f,
                "Proxmox VE cannot be asked, so whether the VMs run with the right network card is not checked: {reason}"
            ),
        }
    }
}

/// Reaches the host that the inputs of `root` mean, else the one that the environment means.
pub(super) async fn ask(root: &Path, inputs: &InputArguments, environment: &Env) -> Asked {
    if !root.is_dir() {
        let reason = format!(
            "`{}`, whose inputs say where it is, is not a directory.",
            root.display()
        );
        return Asked::Nobody { reason };
    }
    let ground = Ground::of(root, inputs, environment);
    match live::connect(ground.request(), &ground.host_variables).await {
        Ok(host) => Asked::Answers {
            host: host.provenance,
            client: host.client,
        },
        Err(error) if error.is_without_access() => Asked::Nobody {
            reason: error.to_string(),
        },
        Err(error) => Asked::Fails {
            reason: error.to_string(),
        },
    }
}
