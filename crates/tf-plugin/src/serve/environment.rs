//! What Terraform tells the process it starts, and what a developer may.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tracing::level_filters::LevelFilter;

use super::ServeError;

/// The variable, and its value, that tell a provider from a program started by hand. Not a secret.
pub const MAGIC_COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);

/// Who keeps the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mode {
    /// One Terraform started it and it ends with that Terraform's connection.
    Managed,
    /// A developer or a test started it; any number of Terraform runs use it through
    /// `TF_REATTACH_PROVIDERS`. It ends on SIGINT or SIGTERM and serves without TLS, to local users alone.
    Reattach,
}

/// The variables of the process that matter here.
#[derive(Debug, Clone)]
pub struct Environment {
    mode: Mode,
    cookie: Option<String>,
    protocols: Option<String>,
    client_certificate: Option<String>,
    tls_disabled: bool,
    log: Option<String>,
}

/// Who may call.
pub(crate) enum Security {
    /// The owner of this certificate.
    Pinned(CertificateDer<'static>),
    /// Every local user.
    Plaintext,
}

impl Environment {
    /// Takes what it needs; `variable` is asked by name.
    pub fn read(mode: Mode, variable: impl Fn(&str) -> Option<String>) -> Self {
        Self {
            mode,
            cookie: variable(MAGIC_COOKIE.0),
            protocols: variable("PLUGIN_PROTOCOL_VERSIONS"),
            client_certificate: variable("PLUGIN_CLIENT_CERT"),
            tls_disabled: variable("TF_DISABLE_PLUGIN_TLS").is_some_and(|set| !set.is_empty()),
            log: variable("TF_LOG_PROVIDER").or_else(|| variable("TF_LOG")),
        }
    }

    /// Says whether Terraform started this process. An executable that is a provider among other things asks
    /// this to find out what it is.
    pub fn is_started_by_terraform(&self) -> bool {
        self.cookie.as_deref() == Some(MAGIC_COOKIE.1)
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// Without a wish in the environment, warnings and errors: Terraform reads them even if it shows none.
    pub(crate) fn log_level(&self) -> LevelFilter {
        match self.log.as_deref().map(str::to_ascii_lowercase).as_deref() {
            Some("trace" | "json") => LevelFilter::TRACE,
            Some("debug") => LevelFilter::DEBUG,
            Some("info") => LevelFilter::INFO,
            Some("error") => LevelFilter::ERROR,
            Some("off") => LevelFilter::OFF,
            _ => LevelFilter::WARN,
        }
    }

    pub(crate) fn security(&self) -> Result<Security, ServeError> {
        if self.mode == Mode::Reattach {
            return Ok(Security::Plaintext);
        }
        if !self.is_started_by_terraform() {
            return Err(ServeError::NotStartedByTerraform);
        }
        self.check_protocol()?;
        match &self.client_certificate {
            Some(pem) => CertificateDer::from_pem_slice(pem.as_bytes())
                .map(Security::Pinned)
                .map_err(ServeError::BadClientCertificate),
            None if self.tls_disabled => Ok(Security::Plaintext),
            None => Err(ServeError::NoClientCertificate),
        }
    }

    fn check_protocol(&self) -> Result<(), ServeError> {
        match &self.protocols {
            Some(offered) if !offered.split(',').any(|version| version.trim() == "6") => {
                Err(ServeError::Protocol {
                    offered: offered.clone(),
                })
            }
            _ => Ok(()),
        }
    }
}
