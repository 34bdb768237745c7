//! The provider block.

use std::sync::Arc;

use pve_client::{Auth, Client};
use tf_plugin::{
    Attribute, ConfigureRequest, Diagnostic, Diagnostics, Known, Provider, Schema, ValidateRequest,
};

use crate::access::{self, Access};
use crate::policy::Policy;
use crate::report::{self, sentence};
use crate::session::{Run, Session};

/// The provider block `provider "eminfra" {}`.
pub struct Block {
    session: Arc<Session>,
}

impl Block {
    /// The block of a process.
    pub fn new(session: Arc<Session>) -> Self {
        Self { session }
    }
}

impl Provider for Block {
    fn schema(&self) -> Schema {
        Schema::new([
            Attribute::string("endpoint").describe(
                "The address of the Proxmox VE API, as in `https://192.168.1.2:8006`. Else \
                 `PROXMOX_VE_ENDPOINT` or `PM_API_URL`.",
            ),
            Attribute::string("api_token_id").describe(
                "The API token, as in `em-infra@pve!terraform`. Else `PROXMOX_VE_API_TOKEN` \
                 (id=secret) or `PM_API_TOKEN_ID`.",
            ),
            Attribute::string("api_token_secret").sensitive().describe(
                "The secret of the API token. Else `PROXMOX_VE_API_TOKEN` or `PM_API_TOKEN_SECRET`.",
            ),
            Attribute::string("username").describe(
                "A user with realm, as in `root@pam`, instead of a token. Else `PROXMOX_VE_USERNAME` \
                 or `PM_USER`.",
            ),
            Attribute::string("password")
                .sensitive()
                .describe("The password of the user. Else `PROXMOX_VE_PASSWORD` or `PM_PASS`."),
            Attribute::string("tls_ca_file").describe(
                "A PEM file with the authority that signed the certificate of the host; on the host \
                 `/etc/pve/pve-root-ca.pem`.",
            ),
            Attribute::string("tls_fingerprint")
                .describe("The SHA-256 fingerprint of the one certificate that is trusted."),
            Attribute::bool("tls_insecure").describe(
                "Trusts any certificate. Else `PROXMOX_VE_INSECURE` or `PM_TLS_INSECURE`.",
            ),
            Attribute::bool("allow_restart")
                .describe("Consents to restarting running VMs in this run. Default `false`."),
            Attribute::bool("allow_rebuild")
                .describe("Consents to destroying VMs and making them anew. Default `false`."),
            Attribute::bool("protect_control_planes")
                .describe("Refuses to destroy control planes. Default `true`."),
            Attribute::bool("take_over").describe(
                "Takes over VMs of this environment that no state holds, as after an interrupted \
                 apply. Default `true`.",
            ),
        ])
        .describe("Talos VMs on Proxmox VE.")
    }

    /// Says early what is wrong with the form of the access; what the environment adds may be known
    /// to another machine only, so what is missing is said by `configure`.
    async fn validate(&self, request: ValidateRequest) -> Result<Diagnostics, Diagnostics> {
        Policy::read(&request.config)?;
        Ok(Diagnostics::new())
    }

    async fn configure(&self, request: ConfigureRequest) -> Result<Diagnostics, Diagnostics> {
        let policy = Policy::read(&request.config)?;
        match access::settle(&request.config, &self.session.environment)? {
            Known::Later => self.session.configure(None),
            Known::Now(access) => self.session.configure(Some(reach(access, policy).await?)),
        }
        Ok(Diagnostics::new())
    }
}

/// Calls the host once, so that a host that cannot be used is said once and before anything else.
async fn reach(access: Access, policy: Policy) -> Result<Run, Diagnostic> {
    let Access {
        connection,
        provenance,
    } = access;
    let is_root =
        matches!(&connection.auth, Auth::Ticket { user, .. } if user.as_str() == "root@pam");
    let client = Client::new(&connection).map_err(|error| {
        Diagnostic::error("The access to Proxmox VE cannot be used")
            .detail(sentence(&error.to_string()))
    })?;
    let version = client
        .version()
        .await
        .map_err(|error| report::host(&provenance, &error))?;
    match version.number() {
        Some((major, _)) if major >= 8 => Ok(Run::new(client, policy, is_root, provenance)),
        _ => Err(
            Diagnostic::error("The version of Proxmox VE is not supported").detail(format!(
                "{provenance} runs version {}. em-infra needs Proxmox VE 8 or newer.",
                version.version
            )),
        ),
    }
}
