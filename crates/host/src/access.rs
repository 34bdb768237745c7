//! How to reach the host and as whom: from what was set, else from the environment, each value
//! with where it came from.

use std::fmt;
use std::str::FromStr;

use pve_client::{Auth, Connection, Endpoint, Fingerprint, Secret, Tls};

use crate::environment::{Environment, Stands};
use crate::explain::sentence;

/// What the settings are called where the user writes them.
#[derive(Debug, PartialEq, Eq)]
pub struct Names {
    /// Where they are written, as in `the provider block`.
    pub place: &'static str,
    /// Address of the API.
    pub endpoint: &'static str,
    /// Id of the API token.
    pub token_id: &'static str,
    /// Secret of the API token.
    pub token_secret: &'static str,
    /// User with realm.
    pub username: &'static str,
    /// Password of the user.
    pub password: &'static str,
    /// PEM file of the authority to trust.
    pub ca_file: &'static str,
    /// SHA-256 of the certificate to trust.
    pub fingerprint: &'static str,
    /// Whether any certificate is taken.
    pub insecure: &'static str,
}

impl Names {
    /// As the provider block has them.
    pub const PROVIDER_BLOCK: Self = Self {
        place: "the provider block",
        endpoint: "endpoint",
        token_id: "api_token_id",
        token_secret: "api_token_secret",
        username: "username",
        password: "password",
        ca_file: "tls_ca_file",
        fingerprint: "tls_fingerprint",
        insecure: "tls_insecure",
    };

    /// As the inputs of an environment have them.
    pub const INPUTS: Self = Self {
        place: "the inputs",
        endpoint: "proxmox_api_url",
        token_id: "proxmox_api_token_id",
        token_secret: "proxmox_api_token_secret",
        username: "proxmox_username",
        password: "proxmox_password",
        ca_file: "proxmox_tls_ca_file",
        fingerprint: "proxmox_tls_fingerprint",
        insecure: "proxmox_tls_insecure",
    };
}

/// What was set about the access; empty text counts as not set. Holds secrets, so it has no `Debug`.
#[derive(Default)]
pub struct Settings {
    /// Address of the API.
    pub endpoint: Option<String>,
    /// Id of the API token.
    pub token_id: Option<String>,
    /// Secret of the API token.
    pub token_secret: Option<String>,
    /// User with realm.
    pub username: Option<String>,
    /// Password of the user.
    pub password: Option<String>,
    /// PEM file of the authority to trust.
    pub ca_file: Option<String>,
    /// SHA-256 of the certificate to trust.
    pub fingerprint: Option<String>,
    /// Whether any certificate is trusted.
    pub insecure: Option<bool>,
}

/// A way to the host, and where each part of it came from.
#[derive(Debug)]
pub struct Access {
    /// The way.
    pub connection: Connection,
    /// One sentence that says which host is called, by whom, and where that was said.
    pub provenance: String,
}

/// Why there is no way to the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessError {
    /// In one line.
    pub summary: String,
    /// What to do.
    pub detail: String,
    /// The setting at fault, where it was the settings that said it.
    pub setting: Option<&'static str>,
}

impl AccessError {
    fn new(summary: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            summary: summary.into(),
            detail: detail.into(),
            setting: None,
        }
    }
}

impl fmt::Display for AccessError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", sentence(&self.summary), self.detail)
    }
}

impl std::error::Error for AccessError {}

/// Settles the access.
pub fn settle(
    settings: &Settings,
    names: &'static Names,
    environment: &Environment,
) -> Result<Access, AccessError> {
    let reader = Reader {
        settings,
        names,
        environment,
    };
    let endpoint = reader.endpoint()?;
    let (auth, who) = reader.auth()?;
    let provenance = format!(
        "{} (from {}) as {} (from {who})",
        endpoint.0,
        endpoint.1,
        auth.principal()
    );
    let connection = Connection {
        endpoint: endpoint.0,
        auth,
        tls: reader.tls()?,
    };
    Ok(Access {
        connection,
        provenance,
    })
}

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Setting(&'static str, &'static Names),
    Variable(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(name, names) => write!(out, "`{name}` of {}", names.place),
            Self::Variable(name) => write!(out, "the environment variable {name}"),
        }
    }
}

struct Settled {
    text: String,
    source: Source,
}

impl Settled {
    fn parse<T: FromStr<Err: fmt::Display>>(&self, what: &str) -> Result<T, AccessError> {
        let invalid = |error| self.error(format!("Invalid {what}"), &format!("{error}."));
        self.text.parse().map_err(invalid)
    }

    /// Parses a name that a secret may have been pasted to: the value is never shown.
    fn parse_name<T: FromStr>(&self, what: &str, expected: &str) -> Result<T, AccessError> {
        self.text
            .parse()
            .map_err(|_| self.error(format!("Invalid {what}"), expected))
    }

    fn error(&self, summary: impl Into<String>, detail: &str) -> AccessError {
        AccessError {
            summary: summary.into(),
            detail: format!("{detail} It comes from {}.", self.source),
            setting: match self.source {
                Source::Setting(name, _) => Some(name),
                Source::Variable(_) => None,
            },
        }
    }
}

/// The same rule as the inputs have; its code stands in both.
fn two_ways(one: &Settled, first: &str, second: &str) -> AccessError {
    let detail = format!("Set either `{first}` or `{second}` (tls-conflict).");
    one.error("Two ways to trust the host", &detail)
}

const TOKEN_ID: &str =
    "It must be user@realm!name, as in em-infra@pve!terraform; its secret is given apart.";

struct Reader<'a> {
    settings: &'a Settings,
    names: &'static Names,
    environment: &'a Environment,
}

impl Reader<'_> {
    fn set(&self, name: &'static str, value: Option<&String>) -> Option<Settled> {
        let text = value.filter(|text| !text.is_empty())?.clone();
        Some(Settled {
            text,
            source: Source::Setting(name, self.names),
        })
    }

    fn variable(&self, what: Stands) -> Option<Settled> {
        let (name, text) = self.environment.find(what)?;
        Some(Settled {
            text: text.to_owned(),
            source: Source::Variable(name),
        })
    }

    fn endpoint(&self) -> Result<(Endpoint, Source), AccessError> {
        let name = self.names.endpoint;
        let settled = self
            .set(name, self.settings.endpoint.as_ref())
            .or_else(|| self.variable(Stands::Endpoint));
        let Some(settled) = settled else {
            return Err(AccessError::new(
                "No Proxmox VE host",
                format!(
                    "Set `{name}` in {} (as in https://192.168.1.2:8006), or the environment \
                     variable {}.",
                    self.names.place,
                    Environment::names(Stands::Endpoint)
                ),
            ));
        };
        Ok((settled.parse("endpoint")?, settled.source))
    }

    /// What was set goes before what the environment says, and a token before a password.
    fn auth(&self) -> Result<(Auth, Source), AccessError> {
        let Settings {
            token_id,
            token_secret,
            username,
            password,
            ..
        } = self.settings;
        let names = self.names;
        let token = (
            self.set(names.token_id, token_id.as_ref()),
            self.set(names.token_secret, token_secret.as_ref()),
        );
        let login = (
            self.set(names.username, username.as_ref()),
            self.set(names.password, password.as_ref()),
        );
        let prefers_login = login.0.is_some() && login.1.is_some() && token.0.is_none();
        if !prefers_login && let Some(token) = self.token(token)? {
            return Ok(token);
        }
        let user = login.0.or_else(|| self.variable(Stands::Username));
        let password = login.1.or_else(|| self.variable(Stands::Password));
        match (user, password) {
            (Some(user), Some(password)) => {
                let auth = Auth::Ticket {
                    user: user.parse_name("username", "It must be user@realm, as in root@pam.")?,
                    password: Secret::new(password.text),
                };
                Ok((auth, user.source))
            }
            (user, _) => Err(self.no_credentials(user.is_some())),
        }
    }

    fn token(
        &self,
        set: (Option<Settled>, Option<Settled>),
    ) -> Result<Option<(Auth, Source)>, AccessError> {
        let both = self
            .variable(Stands::Token)
            .and_then(|token| split_token(&token));
        let (id_of_both, secret_of_both) = both.unzip();
        let id = set
            .0
            .or(id_of_both)
            .or_else(|| self.variable(Stands::TokenId));
        let secret = set
            .1
            .or(secret_of_both)
            .or_else(|| self.variable(Stands::TokenSecret));
        let (Some(id), secret) = (id, secret) else {
            return Ok(None);
        };
        let Some(secret) = secret else {
            return Err(id.error(
                "No secret for the API token",
                &format!(
                    "There is a token id and no secret. Set `{}`, or the environment variable {} \
                     (id=secret) or {}.",
                    self.names.token_secret,
                    Environment::names(Stands::Token),
                    Environment::names(Stands::TokenSecret)
                ),
            ));
        };
        let auth = Auth::Token {
            id: id.parse_name("API token id", TOKEN_ID)?,
            secret: Secret::new(secret.text),
        };
        Ok(Some((auth, id.source)))
    }

    fn tls(&self) -> Result<Tls, AccessError> {
        let Settings {
            ca_file,
            fingerprint,
            insecure,
            ..
        } = self.settings;
        let fingerprint = self.set(self.names.fingerprint, fingerprint.as_ref());
        let file = self.set(self.names.ca_file, ca_file.as_ref());
        match (fingerprint, file, *insecure) {
            (Some(_), Some(file), _) => {
                Err(two_ways(&file, self.names.fingerprint, self.names.ca_file))
            }
            (Some(one), None, Some(true)) => {
                Err(two_ways(&one, self.names.fingerprint, self.names.insecure))
            }
            (None, Some(one), Some(true)) => {
                Err(two_ways(&one, self.names.ca_file, self.names.insecure))
            }
            (Some(fingerprint), None, _) => Ok(Tls::Fingerprint(
                fingerprint.parse::<Fingerprint>("TLS fingerprint")?,
            )),
            (None, Some(file), _) => read_ca(&file),
            (None, None, Some(true)) => Ok(Tls::Insecure),
            (None, None, None) if self.insecure_by_environment() => Ok(Tls::Insecure),
            (None, None, Some(false) | None) => Ok(Tls::SystemRoots),
        }
    }

    fn insecure_by_environment(&self) -> bool {
        let value = self
            .environment
            .find(Stands::Insecure)
            .map(|(_, value)| value);
        value.is_some_and(|value| ["1", "t", "true"].contains(&value.to_ascii_lowercase().as_str()))
    }

    fn no_credentials(&self, has_user: bool) -> AccessError {
        let names = self.names;
        let missing = if has_user {
            "There is a user name and no password. "
        } else {
            ""
        };
        AccessError::new(
            "No credentials for Proxmox VE",
            format!(
                "{missing}Set `{}` and `{}` in {} (or {} as user@realm!name=secret), or `{}` and \
                 `{}` (or {} and {}).",
                names.token_id,
                names.token_secret,
                names.place,
                Environment::names(Stands::Token),
                names.username,
                names.password,
                Environment::names(Stands::Username),
                Environment::names(Stands::Password)
            ),
        )
    }
}

fn split_token(token: &Settled) -> Option<(Settled, Settled)> {
    let (id, secret) = token.text.split_once('=')?;
    let part = |text: &str| Settled {
        text: text.to_owned(),
        source: token.source,
    };
    Some((part(id), part(secret)))
}

fn read_ca(file: &Settled) -> Result<Tls, AccessError> {
    std::fs::read(&file.text).map(Tls::CaFile).map_err(|error| {
        file.error(
            "CA file not readable",
            &format!(
                "failed to read `{}`: {error}. On the host it is /etc/pve/pve-root-ca.pem.",
                file.text
            ),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: [(&str, &str); 3] = [
        ("endpoint", "https://block:8006"),
        ("api_token_id", "em-infra@pve!block"),
        ("api_token_secret", "canary-of-the-block"),
    ];

    fn settings(block: &[(&str, &str)]) -> Settings {
        let names = &Names::PROVIDER_BLOCK;
        let value = |name: &str| {
            let set = block.iter().find(|(argument, _)| *argument == name);
            set.map(|(_, value)| (*value).to_owned())
        };
        Settings {
            endpoint: value(names.endpoint),
            token_id: value(names.token_id),
            token_secret: value(names.token_secret),
            username: value(names.username),
            password: value(names.password),
            ca_file: value(names.ca_file),
            fingerprint: value(names.fingerprint),
            insecure: None,
        }
    }

    fn environment(variables: &[(&str, &str)]) -> Environment {
        Environment::read(|name| {
            let set = variables.iter().find(|(variable, _)| *variable == name);
            set.map(|(_, value)| (*value).to_owned())
        })
    }

    fn settled(block: &[(&str, &str)], variables: &[(&str, &str)]) -> String {
        match settle(
            &settings(block),
            &Names::PROVIDER_BLOCK,
            &environment(variables),
        ) {
            Ok(access) => access.provenance,
            Err(error) => format!("{}: {}", error.summary, error.detail),
        }
    }

    #[test]
    fn each_value_comes_with_where_it_came_from() {
        let old = [
            ("PM_API_URL", "https://old:8006/api2/json"),
            ("PM_API_TOKEN_ID", "em-infra@pve!old"),
            ("PM_API_TOKEN_SECRET", "canary"),
        ];
        let new = [
            ("PROXMOX_VE_ENDPOINT", "https://new:8006/"),
            ("PROXMOX_VE_API_TOKEN", "em-infra@pve!new=canary"),
        ];
        let login = [("PROXMOX_VE_USERNAME", "root@pam"), ("PM_PASS", "canary")];
        let both = [&old[..], &new[..]].concat();
        let block_login = [BLOCK[0], ("username", "root@pam"), ("password", "canary")];
        let told = [
            settled(&BLOCK, &both),
            settled(&[], &both),
            settled(&[], &old),
            settled(&BLOCK[..1], &login),
            settled(&block_login, &new),
            settled(&BLOCK[..2], &[("PM_API_TOKEN_SECRET", "canary")]),
        ];
        insta::assert_snapshot!(told.join("\n"), @r#"
        https://block:8006 (from `endpoint` of the provider block) as em-infra@pve!block (from `api_token_id` of the provider block)
        https://new:8006 (from the environment variable PROXMOX_VE_ENDPOINT) as em-infra@pve!new (from the environment variable PROXMOX_VE_API_TOKEN)
        https://old:8006 (from the environment variable PM_API_URL) as em-infra@pve!old (from the environment variable PM_API_TOKEN_ID)
        https://block:8006 (from `endpoint` of the provider block) as root@pam (from the environment variable PROXMOX_VE_USERNAME)
        https://block:8006 (from `endpoint` of the provider block) as root@pam (from `username` of the provider block)
        https://block:8006 (from `endpoint` of the provider block) as em-infra@pve!block (from `api_token_id` of the provider block)
        "#);
    }

    #[test]
    fn what_is_missing_or_wrong_is_said_without_the_secret() {
        let told = [
            settled(&[], &[]),
            settled(&BLOCK[..1], &[]),
            settled(&BLOCK[..2], &[]),
            settled(&[BLOCK[0], ("username", "root@pam")], &[]),
            settled(&[("endpoint", "pve:8006"), BLOCK[1], BLOCK[2]], &[]),
            settled(&[BLOCK[0], ("api_token_id", "canary"), BLOCK[2]], &[]),
            settled(
                &[BLOCK[0], BLOCK[1], BLOCK[2], ("tls_fingerprint", "AA")],
                &[],
            ),
            settled(
                &[
                    BLOCK[0],
                    BLOCK[1],
                    BLOCK[2],
                    ("tls_ca_file", "/nowhere.pem"),
                ],
                &[],
            ),
        ];
        insta::assert_snapshot!(told.join("\n"), @r#"
        No Proxmox VE host: Set `endpoint` in the provider block (as in https://192.168.1.2:8006), or the environment variable PROXMOX_VE_ENDPOINT or PM_API_URL.
        No credentials for Proxmox VE: Set `api_token_id` and `api_token_secret` in the provider block (or PROXMOX_VE_API_TOKEN as user@realm!name=secret), or `username` and `password` (or PROXMOX_VE_USERNAME or PM_USER and PROXMOX_VE_PASSWORD or PM_PASS).
        No secret for the API token: There is a token id and no secret. Set `api_token_secret`, or the environment variable PROXMOX_VE_API_TOKEN (id=secret) or PM_API_TOKEN_SECRET. It comes from `api_token_id` of the provider block.
        No credentials for Proxmox VE: There is a user name and no password. Set `api_token_id` and `api_token_secret` in the provider block (or PROXMOX_VE_API_TOKEN as user@realm!name=secret), or `username` and `password` (or PROXMOX_VE_USERNAME or PM_USER and PROXMOX_VE_PASSWORD or PM_PASS).
        Invalid endpoint: `pve:8006` is not the address of a Proxmox VE API: the scheme is missing; type `https://pve:8006`. It comes from `endpoint` of the provider block.
        Invalid API token id: It must be user@realm!name, as in em-infra@pve!terraform; its secret is given apart. It comes from `api_token_id` of the provider block.
        Invalid TLS fingerprint: `AA` is not a SHA-256 fingerprint: expected 32 bytes in hexadecimal, as in `AA:BB:…`. It comes from `tls_fingerprint` of the provider block.
        CA file not readable: failed to read `/nowhere.pem`: No such file or directory (os error 2). On the host it is /etc/pve/pve-root-ca.pem. It comes from `tls_ca_file` of the provider block.
        "#);
        assert!(!told.concat().contains("canary-of-the-block"));
    }

    #[test]
    fn the_inputs_are_named_as_the_user_writes_them() {
        let told = |settings: &Settings| {
            settle(settings, &Names::INPUTS, &Environment::default())
                .expect_err("something is missing")
                .to_string()
        };
        let endpoint = Settings {
            endpoint: Some("https://pve:8006".to_owned()),
            ..Settings::default()
        };
        insta::assert_snapshot!([told(&Settings::default()), told(&endpoint)].join("\n"), @r#"
        No Proxmox VE host. Set `proxmox_api_url` in the inputs (as in https://192.168.1.2:8006), or the environment variable PROXMOX_VE_ENDPOINT or PM_API_URL.
        No credentials for Proxmox VE. Set `proxmox_api_token_id` and `proxmox_api_token_secret` in the inputs (or PROXMOX_VE_API_TOKEN as user@realm!name=secret), or `proxmox_username` and `proxmox_password` (or PROXMOX_VE_USERNAME or PM_USER and PROXMOX_VE_PASSWORD or PM_PASS).
        "#);
    }
}
