//! Answers on the wire: status line with its reason, headers, JSON.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, PRAGMA, SERVER};
use http::{Response, StatusCode};
use hyper::ext::ReasonPhrase;
use serde_json::{Map, Value, json};

use super::body::ReplyBody;
use super::request::{Formatter, Head};
use crate::api::Answer;
use crate::fail::ApiError;
use crate::fault::FaultAction;

/// An answer before faults spoil it.
pub(super) struct Reply {
    status: u16,
    reason: String,
    body: Bytes,
}

impl Reply {
    pub(super) fn new(head: &Head, result: &Result<Answer, ApiError>) -> Self {
        match (head.formatter, result) {
            (_, Err(error)) if error.bare => Self {
                status: error.status,
                reason: error.text.clone(),
                body: Bytes::new(),
            },
            (Formatter::Json, Ok(answer)) => Self::ok(&data_of(answer)),
            (Formatter::Json, Err(error)) => Self {
                status: error.status,
                reason: error.text.lines().next().unwrap_or_default().to_owned(),
                body: encode(&error_body(error)),
            },
            (Formatter::ExtJs, Ok(answer)) => {
                let mut body = data_of(answer);
                body.insert("success".to_owned(), json!(1));
                Self::ok(&body)
            }
            (Formatter::ExtJs, Err(error)) => {
                let mut body = error_body(error);
                body.insert("success".to_owned(), json!(0));
                body.insert("status".to_owned(), json!(error.status));
                Self::ok(&body)
            }
        }
    }

    fn ok(body: &Map<String, Value>) -> Self {
        Self {
            status: 200,
            reason: "OK".to_owned(),
            body: encode(body),
        }
    }

    pub(super) fn status(&self) -> u16 {
        self.status
    }

    pub(super) fn into_response(self, strikes: &[FaultAction], ends: bool) -> Response<ReplyBody> {
        let is_html = strikes.contains(&FaultAction::HtmlBody);
        let kind = if is_html {
            "text/html"
        } else {
            "application/json;charset=UTF-8"
        };
        let mut response = Response::new(spoiled(self.body, strikes));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Ok(reason) = ReasonPhrase::try_from(one_line(&self.reason).into_bytes()) {
            response.extensions_mut().insert(reason);
        }
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=0"));
        headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
        headers.insert(SERVER, HeaderValue::from_static("pve-api-daemon/3.0"));
        if ends || self.status >= 400 {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

/// A reason phrase is one line without control characters.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() && c != '\t' { ' ' } else { c })
        .collect()
}

fn spoiled(body: Bytes, strikes: &[FaultAction]) -> ReplyBody {
    let strike = strikes.iter().find_map(|strike| match strike {
        FaultAction::EmptyBody => Some(ReplyBody::whole(Bytes::new())),
        FaultAction::HtmlBody => Some(ReplyBody::whole(Bytes::from_static(PROXY_PAGE))),
        FaultAction::TruncatedBody => Some(ReplyBody::truncated(body.clone())),
        FaultAction::SlowBody(span) => Some(ReplyBody::slow(body.clone(), *span)),
        _ => None,
    });
    strike.unwrap_or_else(|| ReplyBody::whole(body))
}

/// What a reverse proxy in front of Proxmox shows when it loses its backend.
const PROXY_PAGE: &[u8] =
    b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body></body>\r\n</html>\r\n";

fn data_of(answer: &Answer) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("data".to_owned(), answer.data.clone());
    if let Some(total) = answer.total {
        body.insert("total".to_owned(), json!(total));
    }
    body
}

fn error_body(error: &ApiError) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("data".to_owned(), Value::Null);
    let end = if error.plain {
        ""
    } else {
        "
"
    };
    body.insert("message".to_owned(), json!(format!("{}{end}", error.text)));
    if !error.errors.is_empty() {
        body.insert("errors".to_owned(), json!(error.errors));
    }
    body
}

fn encode(body: &Map<String, Value>) -> Bytes {
    // Strings, numbers and maps with string keys: nothing that JSON cannot hold.
    serde_json::to_vec(body).map_or_else(|_| Bytes::new(), Bytes::from)
}
