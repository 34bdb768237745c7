//! The provider block.

use std::sync::Arc;

use host::{Names, Unreachable};
use tf_plugin::{
    Attribute, ConfigureRequest, Diagnostic, Diagnostics, Known, Provider, Schema, ValidateRequest,
};

use crate::policy::Policy;
use crate::session::{Run, Session};
use crate::settings;

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
        let settings = match settings::read(&request.config)? {
            Known::Later => {
                self.session.configure(None);
                return Ok(Diagnostics::new());
            }
            Known::Now(settings) => settings,
        };
        let environment = &self.session.environment;
        let access = host::settle(&settings, &Names::PROVIDER_BLOCK, environment)
            .map_err(settings::invalid)?;
        let host = host::reach(access).await.map_err(|why| unusable(&why))?;
        self.session.configure(Some(Run::new(host, policy)));
        Ok(Diagnostics::new())
    }
}

fn unusable(why: &Unreachable) -> Diagnostic {
    Diagnostic::error(why.summary()).detail(why.detail())
}
