//! Where the API is.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

const DEFAULT_PORT: u16 = 8006;
const BASE_PATH: &str = "/api2/json";

/// The host and port of a Proxmox VE API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    host: String,
    port: u16,
}

/// A URL that cannot be the API's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` is not the address of a Proxmox VE API: {problem}")]
pub struct EndpointError {
    url: String,
    problem: String,
}

impl Endpoint {
    /// Returns the host name or address, IPv6 in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Returns the port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Returns the whole URL of what follows `/api2/json`.
    pub(crate) fn url(&self, target: &str) -> String {
        format!("{self}{BASE_PATH}{target}")
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "https://{}:{}", self.host, self.port)
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(url: &str) -> Result<Self, EndpointError> {
        parse(url.trim()).map_err(|problem| EndpointError {
            url: without_user_info(url),
            problem,
        })
    }
}

/// A password in the URL must not end up in a message.
fn without_user_info(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("***@{rest}"),
        None => url.to_owned(),
    }
}

fn parse(url: &str) -> Result<Endpoint, String> {
    let (authority, path) = split(url)?;
    if !matches!(path.trim_end_matches('/'), "" | "/api2" | BASE_PATH) {
        return Err(format!(
            "it has the path `{path}`; type `https://HOST:8006`"
        ));
    }
    let (host, port) = split_port(authority)?;
    Ok(Endpoint {
        host: check_host(host)?,
        port,
    })
}

/// Splits into authority and path, and refuses what an API address does not have.
fn split(url: &str) -> Result<(&str, &str), String> {
    if url.contains('@') {
        return Err("it holds a user name; give user and password on their own".to_owned());
    }
    if url.contains(['?', '#']) {
        return Err("it holds a query; type `https://HOST:8006`".to_owned());
    }
    let rest = match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => rest,
        Some((_, rest)) => return Err(format!("the API speaks only https; type `https://{rest}`")),
        None => return Err(format!("the scheme is missing; type `https://{url}`")),
    };
    Ok(rest
        .find('/')
        .map_or((rest, ""), |slash| rest.split_at(slash)))
}

fn split_port(authority: &str) -> Result<(&str, u16), String> {
    if !authority.starts_with('[') && authority.matches(':').count() > 1 {
        return Err(format!(
            "an IPv6 address needs brackets; type `https://[{authority}]:8006`"
        ));
    }
    let after_host = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let Some(colon) = authority[after_host..].rfind(':') else {
        return Ok((authority, DEFAULT_PORT));
    };
    let (host, port) = authority.split_at(after_host + colon);
    let digits = &port[1..];
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    match digits.parse() {
        Ok(port) if port != 0 && plain => Ok((host, port)),
        _ => Err(format!(
            "`{digits}` is not a port; type a number such as 8006"
        )),
    }
}

fn check_host(host: &str) -> Result<String, String> {
    if let Some(address) = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        let parsed: Result<Ipv6Addr, _> = address.parse();
        return parsed
            .map(|address| format!("[{address}]"))
            .map_err(|_| format!("`{address}` is not an IPv6 address"));
    }
    let plain = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '_';
    let label = |label: &str| (1..=63).contains(&label.len()) && label.chars().all(plain);
    let name = host.strip_suffix('.').unwrap_or(host);
    if name.len() <= 253 && name.split('.').all(label) {
        Ok(host.to_ascii_lowercase())
    } else {
        Err(format!("`{host}` is not a host name"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_usual_spellings_are_one_place() {
        for url in [
            "https://pve.example:8006",
            "https://pve.example",
            "https://PVE.example:8006/",
            "HTTPS://pve.example/api2/json",
            " https://pve.example:8006/api2/json/ ",
        ] {
            let endpoint: Endpoint = url.parse().expect(url);
            assert_eq!(
                endpoint.url("/version"),
                "https://pve.example:8006/api2/json/version",
                "{url}"
            );
        }
    }

    #[test]
    fn addresses_and_other_ports_are_kept() {
        let table = [
            ("https://192.0.2.7:443", "https://192.0.2.7:443"),
            ("https://[2001:DB8::7]", "https://[2001:db8::7]:8006"),
            ("https://[::1]:8443/api2/json", "https://[::1]:8443"),
        ];
        for (url, expected) in table {
            assert_eq!(
                url.parse::<Endpoint>().map(|endpoint| endpoint.to_string()),
                Ok(expected.to_owned())
            );
        }
    }

    #[test]
    fn a_refused_url_says_what_to_type() {
        let table = [
            (
                "http://pve:8006",
                "the API speaks only https; type `https://pve:8006`",
            ),
            ("pve:8006", "the scheme is missing; type `https://pve:8006`"),
            (
                "https://2001:db8::7",
                "an IPv6 address needs brackets; type `https://[2001:db8::7]:8006`",
            ),
            (
                "https://pve:8006/#v1:0",
                "it holds a query; type `https://HOST:8006`",
            ),
            (
                "https://pve/ui",
                "it has the path `/ui`; type `https://HOST:8006`",
            ),
            (
                "https://pve:0",
                "`0` is not a port; type a number such as 8006",
            ),
            (
                "https://pve:+8",
                "`+8` is not a port; type a number such as 8006",
            ),
            ("https://", "`` is not a host name"),
            ("https://a..b", "`a..b` is not a host name"),
            ("https://pve..", "`pve..` is not a host name"),
            ("https://[pve]", "`pve` is not an IPv6 address"),
        ];
        for (url, problem) in table {
            let error = url.parse::<Endpoint>().expect_err(url);
            assert_eq!(error.problem, problem, "{url}");
        }
    }

    #[test]
    fn a_password_in_the_url_is_not_repeated() {
        let error = "https://root@pam:canary@pve:8006"
            .parse::<Endpoint>()
            .expect_err("user info");
        assert_eq!(
            error.to_string(),
            "`***@pve:8006` is not the address of a Proxmox VE API: it holds a user name; give user and password on their own"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_survives_printing(url in "(https://)?[a-z0-9:/@\\[\\].é-]{0,30}") {
            if let Ok(endpoint) = url.parse::<Endpoint>() {
                prop_assert_eq!(endpoint.to_string().parse(), Ok(endpoint.clone()));
                prop_assert!(endpoint.url("/version").parse::<http::Uri>().is_ok());
            }
        }
    }
}
