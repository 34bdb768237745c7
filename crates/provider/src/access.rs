//! How to reach the host and as whom: from the provider block, else from the environment, each
//! value with where it came from.

use std::fmt;
use std::str::FromStr;

use pve_client::{Auth, Connection, Endpoint, Fingerprint, Secret, Tls};
use tf_plugin::{AttributePath, Diagnostic, Diagnostics, Known, Value};

use crate::environment::{Environment, Stands};

/// Where a value came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Block(&'static str),
    Variable(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Block(name) => write!(out, "`{name}` of the provider block"),
            Self::Variable(name) => write!(out, "the environment variable {name}"),
        }
    }
}

struct Settled {
    text: String,
    source: Source,
}

impl Settled {
    fn parse<T: FromStr<Err: fmt::Display>>(&self, what: &str) -> Result<T, Diagnostic> {
        let invalid = |error| self.error(format!("Invalid {what}"), &format!("{error}."));
        self.text.parse().map_err(invalid)
    }

    /// Parses a name that a secret may have been pasted to: the value is never shown.
    fn parse_name<T: FromStr>(&self, what: &str, expected: &str) -> Result<T, Diagnostic> {
        self.text
            .parse()
            .map_err(|_| self.error(format!("Invalid {what}"), expected))
    }

    fn error(&self, summary: impl Into<String>, detail: &str) -> Diagnostic {
        let detail = format!("{detail} It comes from {}.", self.source);
        let diagnostic = Diagnostic::error(summary).detail(detail);
        match self.source {
            Source::Block(name) => diagnostic.at(AttributePath::new(name)),
            Source::Variable(_) => diagnostic,
        }
    }
}

/// A way to the host, and where each part of it came from.
pub(crate) struct Access {
    pub(crate) connection: Connection,
    /// One sentence that says which host is called, by whom, and where that was said.
    pub(crate) provenance: String,
}

/// Settles the access; `Later` when a part of it is not known yet.
pub(crate) fn settle(
    config: &Value,
    environment: &Environment,
) -> Result<Known<Access>, Diagnostics> {
    let reader = Reader {
        config,
        environment,
    };
    if reader.waits() {
        return Ok(Known::Later);
    }
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
    Ok(Known::Now(Access {
        connection,
        provenance,
    }))
}

const TOKEN_ID: &str =
    "It must be user@realm!name, as in em-infra@pve!terraform; its secret is given apart.";

const TEXTS: [&str; 7] = [
    "endpoint",
    "api_token_id",
    "api_token_secret",
    "username",
    "password",
    "tls_ca_file",
    "tls_fingerprint",
];

struct Reader<'a> {
    config: &'a Value,
    environment: &'a Environment,
}

impl Reader<'_> {
    fn waits(&self) -> bool {
        let unknown = |name| self.config.get(name).is_unknown();
        TEXTS.into_iter().any(unknown) || unknown("tls_insecure")
    }

    fn block(&self, name: &'static str) -> Result<Option<Settled>, Diagnostic> {
        let text: Option<String> = self.config.at().get(name)?;
        let text = text.filter(|text| !text.is_empty());
        Ok(text.map(|text| Settled {
            text,
            source: Source::Block(name),
        }))
    }

    fn variable(&self, what: Stands) -> Option<Settled> {
        let (name, text) = self.environment.find(what)?;
        Some(Settled {
            text: text.to_owned(),
            source: Source::Variable(name),
        })
    }

    fn endpoint(&self) -> Result<(Endpoint, Source), Diagnostic> {
        let settled = self
            .block("endpoint")?
            .or_else(|| self.variable(Stands::Endpoint));
        let Some(settled) = settled else {
            return Err(Diagnostic::error("No Proxmox VE host").detail(format!(
                "Set `endpoint` in the provider block (as in https://192.168.1.2:8006), or the \
                 environment variable {}.",
                Environment::names(Stands::Endpoint)
            )));
        };
        Ok((settled.parse("endpoint")?, settled.source))
    }

    /// What the block says goes before what the environment says, and a token before a password.
    fn auth(&self) -> Result<(Auth, Source), Diagnostic> {
        let block = (self.block("api_token_id")?, self.block("api_token_secret")?);
        let login = (self.block("username")?, self.block("password")?);
        let prefers_login = login.0.is_some() && login.1.is_some() && block.0.is_none();
        if !prefers_login && let Some(token) = self.token(block)? {
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
            (user, _) => Err(no_credentials(user.is_some())),
        }
    }

    fn token(
        &self,
        block: (Option<Settled>, Option<Settled>),
    ) -> Result<Option<(Auth, Source)>, Diagnostic> {
        let both = self
            .variable(Stands::Token)
            .and_then(|token| split_token(&token));
        let (id_of_both, secret_of_both) = both.unzip();
        let id = block
            .0
            .or(id_of_both)
            .or_else(|| self.variable(Stands::TokenId));
        let secret = block
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
                    "There is a token id and no secret. Set `api_token_secret`, or the environment \
                     variable {} (id=secret) or {}.",
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

    fn tls(&self) -> Result<Tls, Diagnostic> {
        let fingerprint = self.block("tls_fingerprint")?;
        let file = self.block("tls_ca_file")?;
        let insecure: Option<bool> = self.config.at().get("tls_insecure")?;
        match (fingerprint, file, insecure) {
            (Some(_), Some(file), _) => Err(file.error(
                "Two ways to trust the host",
                "Set either `tls_fingerprint` or `tls_ca_file`.",
            )),
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
}

fn split_token(token: &Settled) -> Option<(Settled, Settled)> {
    let (id, secret) = token.text.split_once('=')?;
    let part = |text: &str| Settled {
        text: text.to_owned(),
        source: token.source,
    };
    Some((part(id), part(secret)))
}

fn read_ca(file: &Settled) -> Result<Tls, Diagnostic> {
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

fn no_credentials(has_user: bool) -> Diagnostic {
    let missing = if has_user {
        "There is a user name and no password. "
    } else {
        ""
    };
    Diagnostic::error("No credentials for Proxmox VE").detail(format!(
        "{missing}Set `api_token_id` and `api_token_secret` in the provider block (or {} as \
         user@realm!name=secret), or `username` and `password` (or {} and {}).",
        Environment::names(Stands::Token),
        Environment::names(Stands::Username),
        Environment::names(Stands::Password)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: [(&str, &str); 3] = [
        ("endpoint", "https://block:8006"),
        ("api_token_id", "em-infra@pve!block"),
        ("api_token_secret", "canary-of-the-block"),
    ];

    fn settled(block: &[(&str, &str)], variables: &[(&str, &str)]) -> String {
        let config = Value::object(block.iter().copied());
        let environment = Environment::read(|name| {
            let set = variables.iter().find(|(variable, _)| *variable == name);
            set.map(|(_, value)| (*value).to_owned())
        });
        match settle(&config, &environment) {
            Ok(Known::Now(access)) => access.provenance,
            Ok(Known::Later) => "later".to_owned(),
            Err(diagnostics) => {
                let texts = diagnostics
                    .iter()
                    .map(|one| format!("{}: {}", one.summary, one.detail));
                texts.collect::<Vec<_>>().join("\n")
            }
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
    fn what_is_not_known_yet_waits() {
        let config = Value::object(BLOCK).with("api_token_secret", Value::Unknown);
        assert!(matches!(
            settle(&config, &Environment::default()),
            Ok(Known::Later)
        ));
    }
}
