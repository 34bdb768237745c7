//! The head of a request and its parameters, read as Proxmox's own server reads them.

use bytes::Bytes;
use http::Request;
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderMap, TRANSFER_ENCODING,
};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;

use crate::auth::Credentials;
use crate::fail::{ApiError, bare};
use crate::schema::{Given, Params};

/// Bodies may be this long.
const BODY_LIMIT: usize = 512 * 1024;

/// How answers are wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Formatter {
    Json,
    /// Always 200, with `success` in the body.
    ExtJs,
}

/// Everything of a request but its body.
pub(super) struct Head {
    method: String,
    /// Decoded, below the format; `None` for anything outside of the API.
    path: Option<String>,
    pub(super) formatter: Formatter,
    query: String,
    headers: HeaderMap,
    pub(super) credentials: Credentials,
}

impl Head {
    pub(super) fn split(request: Request<Incoming>) -> (Self, Incoming) {
        let (parts, body) = request.into_parts();
        let raw = parts.uri.path();
        let decoded = percent_decode_str(raw).decode_utf8_lossy().into_owned();
        let (formatter, path) = below_format(&decoded);
        let head = Self {
            method: parts.method.as_str().to_owned(),
            path,
            formatter,
            query: parts.uri.query().unwrap_or_default().to_owned(),
            credentials: credentials(&parts.headers),
            headers: parts.headers,
        };
        (head, body)
    }

    pub(super) fn method(&self) -> &str {
        &self.method
    }

    pub(super) fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("/")
    }

    fn header(&self, name: &http::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// What is refused before anybody asks who it is.
    pub(super) fn precheck(&self) -> Result<(), ApiError> {
        if !matches!(self.method.as_str(), "GET" | "POST" | "PUT" | "DELETE") {
            return Err(bare(501, format!("method '{}' not available", self.method)));
        }
        if self.path.is_none() {
            return Err(bare(501, "pve-sim models only /api2/json and /api2/extjs"));
        }
        match self.header(&TRANSFER_ENCODING) {
            None => Ok(()),
            Some(coding) if coding.eq_ignore_ascii_case("chunked") => {
                Err(bare(501, "chunked transfer encoding not supported"))
            }
            Some(coding) => Err(bare(501, format!("Unknown transfer encoding '{coding}'"))),
        }
    }

    fn content_length(&self) -> usize {
        self.header(&CONTENT_LENGTH)
            .and_then(|text| text.parse().ok())
            .unwrap_or(0)
    }

    fn is_write(&self) -> bool {
        matches!(self.method.as_str(), "POST" | "PUT")
    }
}

fn below_format(path: &str) -> (Formatter, Option<String>) {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let formatter = match parts.get(..2) {
        Some(["api2", "json"]) => Formatter::Json,
        Some(["api2", "extjs"]) => Formatter::ExtJs,
        _ => return (Formatter::Json, None),
    };
    (formatter, Some(format!("/{}", parts[2..].join("/"))))
}

fn credentials(headers: &HeaderMap) -> Credentials {
    let text = |name: &http::HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Credentials {
        authorization: text(&AUTHORIZATION).map(decoded),
        cookie: text(&COOKIE).and_then(auth_cookie).map(decoded),
        csrf: headers
            .get("CSRFPreventionToken")
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned),
    }
}

fn auth_cookie(header: &str) -> Option<&str> {
    header
        .split(';')
        .find_map(|part| part.trim().strip_prefix("PVEAuthCookie="))
}

/// Reads query and body into parameters; a query parameter beats one of the body.
pub(super) async fn read_params(head: &Head, body: Incoming) -> Result<Params, ApiError> {
    let length = head.content_length();
    if length > 0 && !head.is_write() {
        return Err(bare(
            501,
            format!("Unexpected content for method '{}'", head.method),
        ));
    }
    if length > BODY_LIMIT {
        return Err(bare(501, "for data too large"));
    }
    let bytes = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => return Err(bare(501, "for data too large")),
    };
    let mut params = if head.is_write() {
        body_params(head, &bytes)?
    } else {
        Params::new()
    };
    params.extend(decode_urlencoded(head.query.as_bytes()));
    // Browsers add this against caches.
    params.remove("_dc");
    Ok(params)
}

fn body_params(head: &Head, bytes: &Bytes) -> Result<Params, ApiError> {
    if bytes.is_empty() {
        return Ok(Params::new());
    }
    let full = head.header(&CONTENT_TYPE).unwrap_or_default();
    match full.split(';').next().unwrap_or_default().trim() {
        "" | "application/x-www-form-urlencoded" => Ok(decode_urlencoded(bytes)),
        "application/json" => json_params(bytes),
        _ => Err(bare(
            506,
            format!("upload 'Content-Type '{full}' not implemented"),
        )),
    }
}

fn json_params(bytes: &[u8]) -> Result<Params, ApiError> {
    match serde_json::from_slice::<serde_json::Value>(bytes) {
        Ok(serde_json::Value::Object(map)) => Ok(map
            .iter()
            .map(|(key, value)| (key.clone(), Given::from_json(value)))
            .collect()),
        Ok(_) => Err(bare(
            501,
            "Not a HASH reference at /usr/share/perl5/PVE/APIServer/AnyEvent.pm",
        )),
        Err(error) => Err(bare(501, malformed(&error))),
    }
}

fn malformed(error: &serde_json::Error) -> String {
    format!(
        "malformed JSON string, neither tag, array, object, number, string or atom, at character \
         offset {} at /usr/share/perl5/PVE/APIServer/AnyEvent.pm",
        error.column().saturating_sub(1)
    )
}

/// Pairs are split at `&` and `;`; of a value only what stands before a second `=` is kept.
fn decode_urlencoded(bytes: &[u8]) -> Params {
    let text = String::from_utf8_lossy(bytes);
    let mut params = Params::new();
    for pair in text.split(['&', ';']).filter(|pair| !pair.is_empty()) {
        let mut parts = pair.split('=');
        let key = plain(parts.next().unwrap_or_default());
        let value = match parts.next() {
            None => Given::Undef,
            Some(value) => Given::Text(plain(value)),
        };
        let value = match params.remove(&key) {
            Some(earlier) => together(earlier, value),
            None => value,
        };
        params.insert(key, value);
    }
    params
}

fn together(earlier: Given, value: Given) -> Given {
    match (earlier, value) {
        (Given::List(mut items), Given::Text(text)) => {
            items.push(text);
            Given::List(items)
        }
        (Given::Text(first), Given::Text(text)) => Given::List(vec![first, text]),
        (_, value) => value,
    }
}

fn plain(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Given {
        Given::Text(value.to_owned())
    }

    #[test]
    fn a_form_is_split_at_semicolons_and_second_equal_signs() {
        let params = decode_urlencoded(b"boot=order=scsi0;net0&name=a%20b+c&x&y=&k=1&k=2");
        let expected = [
            ("boot", text("order")),
            ("k", Given::List(vec!["1".to_owned(), "2".to_owned()])),
            ("name", text("a b c")),
            ("net0", Given::Undef),
            ("x", Given::Undef),
            ("y", text("")),
        ];
        assert_eq!(
            params,
            expected
                .map(|(k, v)| (k.to_owned(), v))
                .into_iter()
                .collect()
        );
    }

    #[test]
    fn the_path_is_decoded_before_it_is_split() {
        assert_eq!(
            below_format("/api2/extjs/nodes//pve"),
            (Formatter::ExtJs, Some("/nodes/pve".to_owned()))
        );
        assert_eq!(below_format("/pve2/ext6"), (Formatter::Json, None));
    }
}
