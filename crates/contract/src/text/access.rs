//! How to reach the Proxmox API and who asks: URL, token, user, certificate.

use crate::code::Code;
use crate::finding::Fault;

pub(super) const TOKEN_SECRET: &str = r"^[^\s=!]+$";
pub(super) const URL: &str = concat!(
    r"^https://([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])",
    r"(:[0-9]{1,5})?(/|/api2/json/?)?$"
);
pub(super) const TOKEN_ID: &str = r"^[^\s:/@!=]+@[A-Za-z][A-Za-z0-9._-]+![A-Za-z][A-Za-z0-9._-]+$";
pub(super) const USERNAME: &str = r"^[^\s:/@!=]+@[A-Za-z][A-Za-z0-9._-]+$";
pub(super) const FINGERPRINT: &str = "^(([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}|[0-9A-Fa-f]{64})$";

pub(super) fn token_secret(text: &str) -> Result<(), Fault> {
    if !text.contains(|char: char| char.is_whitespace() || "=!".contains(char)) {
        return Ok(());
    }
    let what = "is not the secret of an API token";
    let help = "of `user@realm!name=secret` keep only what follows the `=`";
    Err(Fault::new(Code::TokenSecretForm, what, help))
}

pub(super) fn url(text: &str) -> Result<(), Fault> {
    let Some(rest) = text.strip_prefix("https://") else {
        return Err(url_fault(&scheme_help(text)));
    };
    let (authority, path) = rest
        .find('/')
        .map_or((rest, ""), |slash| rest.split_at(slash));
    if !matches!(path, "" | "/" | "/api2/json" | "/api2/json/") {
        return Err(url_fault(&format!("write `https://{authority}/api2/json`")));
    }
    let (host, port) = split_port(authority);
    if authority.contains('@') {
        let help = "take user and password out of it: they have inputs of their own";
        return Err(url_fault(help).hidden());
    }
    if is_host(host) && port.is_none_or(is_port) {
        Ok(())
    } else {
        Err(url_fault("write `https://HOST:8006/api2/json`"))
    }
}

fn url_fault(help: &str) -> Fault {
    Fault::new(Code::UrlForm, "is not the address of a Proxmox API", help)
}

fn scheme_help(text: &str) -> String {
    match text.split_once("://") {
        Some(("http", rest)) => format!("Proxmox speaks https only: write `https://{rest}`"),
        Some((_, rest)) => format!("write `https://{rest}`"),
        None => format!("write `https://{}`", text.trim_start_matches('/')),
    }
}

/// Splits `host:port`; the colons of a bracketed IPv6 address belong to the host.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    let after_brackets = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[after_brackets..].find(':') {
        Some(colon) => {
            let (host, port) = authority.split_at(after_brackets + colon);
            (host, Some(&port[1..]))
        }
        None => (authority, None),
    }
}

fn is_host(host: &str) -> bool {
    if let Some(inner) = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
    {
        return inner.parse::<core::net::Ipv6Addr>().is_ok();
    }
    let ends = |char: char| char.is_ascii_alphanumeric();
    super::made_of(host, ends, |char| {
        char.is_ascii_alphanumeric() || ".-".contains(char)
    })
}

fn is_port(port: &str) -> bool {
    port.len() <= 5
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && port.parse::<u16>().is_ok_and(|port| port > 0)
}

pub(super) fn token_id(text: &str) -> Result<(), Fault> {
    if let Some((user, name)) = text.split_once('!')
        && is_user(user)
        && is_realm(name)
    {
        return Ok(());
    }
    let what = "is not the id of an API token";
    if text.contains('=') {
        let help = "keep `user@realm!name`; what follows the `=` is `proxmox_api_token_secret`";
        return Err(Fault::new(Code::TokenIdForm, what, help).hidden());
    }
    let help = "write `user@realm!name`, for example `em-infra@pve!terraform`";
    Err(Fault::new(Code::TokenIdForm, what, help))
}

pub(super) fn username(text: &str) -> Result<(), Fault> {
    if is_user(text) {
        return Ok(());
    }
    let help = if text.contains('@') {
        "write `user@realm`, for example `root@pam`".to_owned()
    } else {
        format!("add the realm, for example `{text}@pam`")
    };
    Err(Fault::new(
        Code::UsernameForm,
        "is not a Proxmox user",
        help,
    ))
}

fn is_user(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, realm)| {
        let forbidden = |char: char| char.is_whitespace() || ":/@!=".contains(char);
        !user.is_empty() && !user.contains(forbidden) && is_realm(realm)
    })
}

/// Realms and token names have one form: a letter, then at least one more character.
fn is_realm(text: &str) -> bool {
    text.len() >= 2
        && text.starts_with(|char: char| char.is_ascii_alphabetic())
        && text
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || "._-".contains(char))
}

pub(super) fn fingerprint(text: &str) -> Result<(), Fault> {
    let hex: String = text.split(':').collect();
    let all_hex = hex.bytes().all(|byte| byte.is_ascii_hexdigit());
    let in_pairs = !text.contains(':') || text.split(':').all(|pair| pair.len() == 2);
    if all_hex && in_pairs && hex.len() == 64 {
        return Ok(());
    }
    let help = match hex.len() {
        40 if all_hex => {
            "that is a SHA-1 fingerprint; copy the SHA-256 one from the node's Certificates page"
        }
        _ => "copy it from the node's Certificates page: 32 pairs of hex digits, joined by colons",
    };
    Err(Fault::new(
        Code::FingerprintForm,
        "is not a SHA-256 fingerprint",
        help,
    ))
}
