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

#[cfg(test)]
mod tests {
    use tracing::level_filters::LevelFilter;

    use super::{Environment, MAGIC_COOKIE, Mode, Security};

    fn environment(mode: Mode, variables: &[(&str, &str)]) -> Environment {
        let find = |name: &str| variables.iter().find(|(known, _)| *known == name);
        Environment::read(mode, |name| {
            find(name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn security(variables: &[(&str, &str)]) -> String {
        match environment(Mode::Managed, variables).security() {
            Ok(Security::Pinned(_)) => "pinned".to_owned(),
            Ok(Security::Plaintext) => "plaintext".to_owned(),
            Err(error) => error
                .to_string()
                .split(':')
                .next()
                .unwrap_or_default()
                .to_owned(),
        }
    }

    #[test]
    fn only_terraform_starts_a_provider_and_only_with_a_certificate() {
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let pem = key.cert.pem();
        let certificate = ("PLUGIN_CLIENT_CERT", pem.as_str());
        let no_tls = ("TF_DISABLE_PLUGIN_TLS", "1");
        let not_terraform = "this is a Terraform provider";
        let table: [(&[(&str, &str)], &str); 8] = [
            (&[], not_terraform),
            (
                &[("TF_PLUGIN_MAGIC_COOKIE", "x"), certificate],
                not_terraform,
            ),
            (&[MAGIC_COOKIE, certificate], "pinned"),
            (&[MAGIC_COOKIE, certificate, no_tls], "pinned"),
            (&[MAGIC_COOKIE, no_tls], "plaintext"),
            (
                &[MAGIC_COOKIE],
                "Terraform sent no PLUGIN_CLIENT_CERT; to serve without TLS set \
                               TF_DISABLE_PLUGIN_TLS=1 for Terraform",
            ),
            (
                &[MAGIC_COOKIE, ("PLUGIN_CLIENT_CERT", "x")],
                "PLUGIN_CLIENT_CERT holds no PEM certificate",
            ),
            (
                &[
                    MAGIC_COOKIE,
                    certificate,
                    ("PLUGIN_PROTOCOL_VERSIONS", "4,5"),
                ],
                "Terraform offers plugin protocol `4,5`, this provider speaks 6",
            ),
        ];
        for (variables, outcome) in table {
            assert_eq!(security(variables), outcome);
        }
    }

    #[test]
    fn a_developer_needs_no_cookie() {
        let security = environment(Mode::Reattach, &[]).security();
        assert!(matches!(security, Ok(Security::Plaintext)));
    }

    #[test]
    fn the_log_follows_terraforms_own_variables() {
        let table: [(&[(&str, &str)], LevelFilter); 4] = [
            (&[], LevelFilter::WARN),
            (&[("TF_LOG", "TRACE")], LevelFilter::TRACE),
            (
                &[("TF_LOG", "TRACE"), ("TF_LOG_PROVIDER", "info")],
                LevelFilter::INFO,
            ),
            (&[("TF_LOG", "off")], LevelFilter::OFF),
        ];
        for (variables, level) in table {
            assert_eq!(environment(Mode::Managed, variables).log_level(), level);
        }
    }
}
