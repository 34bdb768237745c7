//! Sending the requests of a recording, byte for byte where it matters.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, COOKIE, HOST};
use http::{HeaderName, HeaderValue, Request};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Frame;
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use pve_sim::Sim;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

/// What came back.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) reason: String,
    /// Parsed JSON, or the text when it is none.
    pub(crate) body: Value,
}

/// Kept as they are in a percent-encoded path.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'%')
    .remove(b'~');

pub(crate) struct Client<'a> {
    sim: &'a Sim,
    tls: TlsConnector,
    /// Headers of each principal.
    principals: BTreeMap<String, Vec<(String, String)>>,
    /// The connection that is open, as long as no answer closed it.
    open: Mutex<Option<Sender>>,
}

type Sender = hyper::client::conn::http1::SendRequest<BoxBody<Bytes, Infallible>>;

impl<'a> Client<'a> {
    pub(crate) fn new(sim: &'a Sim, world: &Value) -> Self {
        let mut roots = RootCertStore::empty();
        roots
            .add(CertificateDer::from_pem_slice(sim.ca_pem().as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let principals = world["principals"].as_object().unwrap();
        let principals = principals
            .iter()
            .map(|(name, principal)| (name.clone(), headers_of(sim, world, principal)))
            .collect();
        Self {
            sim,
            tls: TlsConnector::from(Arc::new(config)),
            principals,
            open: Mutex::new(None),
        }
    }

    /// Sends a recorded request as a principal.
    pub(crate) async fn send(&self, who: &str, request: &Value) -> Reply {
        let method = request["method"].as_str().unwrap();
        let path = utf8_percent_encode(request["path"].as_str().unwrap(), PATH).to_string();
        let query = pairs(&request["query"]);
        let target = if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        };
        let (kind, body) = body_of(request);
        let mut builder = Request::builder()
            .method(method)
            .uri(format!("/api2/json{target}"))
            .header(HOST, "localhost");
        if let Some(kind) = kind {
            builder = builder.header(CONTENT_TYPE, kind);
        }
        let own = self.principals.get(who).cloned().unwrap_or_default();
        let added = request["headers"].as_object().into_iter().flatten();
        let added = added.map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()));
        for (key, value) in own.into_iter().chain(added) {
            builder = builder.header(
                HeaderName::from_bytes(key.as_bytes()).unwrap(),
                HeaderValue::from_str(&value).unwrap(),
            );
        }
        let chunked = request["chunked"].as_bool().unwrap_or(false);
        self.exchange(builder, body, chunked).await
    }

    /// Reads a path, its query included.
    pub(crate) async fn get(&self, who: &str, path: &str) -> Reply {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let query: serde_json::Map<String, Value> = query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .map(|(key, value)| (key.to_owned(), Value::from(value)))
            .collect();
        let request = serde_json::json!({ "method": "GET", "path": path, "query": query });
        self.send(who, &request).await
    }

    async fn connect(&self) -> Sender {
        let stream = TcpStream::connect(self.sim.address()).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TokioIo::new(self.tls.connect(name, stream).await.unwrap());
        let (sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    async fn exchange(&self, builder: http::request::Builder, body: Bytes, chunked: bool) -> Reply {
        let mut open = self.open.lock().await;
        let mut sender = match open.take() {
            Some(sender) => sender,
            None => self.connect().await,
        };
        let body = if chunked {
            Chunked(Some(body)).boxed()
        } else {
            Full::new(body).boxed()
        };
        let sent = sender.send_request(builder.body(body).unwrap());
        let response = self.sim.drive(sent).await.unwrap();
        let status = response.status();
        let reason = match response.extensions().get::<ReasonPhrase>() {
            Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
            None => status.canonical_reason().unwrap_or_default().to_owned(),
        };
        let closes = response
            .headers()
            .get(CONNECTION)
            .is_some_and(|value| value == "close");
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        if !closes && sender.ready().await.is_ok() {
            *open = Some(sender);
        }
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes).into_owned()));
        Reply {
            status: status.as_u16(),
            reason,
            body,
        }
    }
}

/// A body of unknown length, which goes out chunked.
struct Chunked(Option<Bytes>);

impl hyper::body::Body for Chunked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }
}

fn headers_of(sim: &Sim, world: &Value, principal: &Value) -> Vec<(String, String)> {
    match principal["kind"].as_str().unwrap() {
        "token" => {
            let id = principal["tokenid"].as_str().unwrap();
            let tokens = world["tokens"].as_array().unwrap();
            let own = tokens
                .iter()
                .find(|t| t["tokenid"] == id)
                .map(|t| &t["secret"]);
            let secret = principal["secret"]
                .as_str()
                .or(own.and_then(Value::as_str))
                .unwrap();
            vec![(
                AUTHORIZATION.to_string(),
                format!("PVEAPIToken={id}={secret}"),
            )]
        }
        "ticket" => ticket_headers(sim, principal),
        _ => Vec::new(),
    }
}

fn ticket_headers(sim: &Sim, principal: &Value) -> Vec<(String, String)> {
    let expired = principal["expired"].as_bool().unwrap_or(false);
    let age = Duration::from_secs(if expired { 3 * 3600 } else { 0 });
    let (mut ticket, mut csrf) = sim.ticket(principal["user"].as_str().unwrap(), age);
    if principal["forged"].as_bool().unwrap_or(false) {
        ticket.replace_range(ticket.len() - 4.., "AAAA");
    }
    let ticket = utf8_percent_encode(&ticket, NON_ALPHANUMERIC);
    let mut headers = vec![(COOKIE.to_string(), format!("PVEAuthCookie={ticket}"))];
    if principal["csrf"] == "wrong" {
        csrf.replace_range(csrf.len() - 4.., "AAAA");
    }
    if principal["csrf"] != "missing" {
        headers.push(("CSRFPreventionToken".to_owned(), csrf));
    }
    headers
}

fn pairs(map: &Value) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let mut pairs = Vec::new();
    for (key, value) in map.as_object().into_iter().flatten() {
        let values = value
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![value.clone()]);
        for value in values {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            pairs.push(format!("{}={}", encode(key), encode(&value)));
        }
    }
    pairs.join("&")
}

fn body_of(request: &Value) -> (Option<String>, Bytes) {
    const FORM: &str = "application/x-www-form-urlencoded";
    if let Some(raw) = request["raw"].as_str() {
        let kind = request["content_type"].as_str().map(str::to_owned);
        (kind, Bytes::from(raw.to_owned()))
    } else if request.get("json").is_some() {
        let bytes = serde_json::to_vec(&request["json"]).unwrap();
        (Some("application/json".to_owned()), Bytes::from(bytes))
    } else if request["form"].is_object() {
        (Some(FORM.to_owned()), Bytes::from(pairs(&request["form"])))
    } else {
        (None, Bytes::new())
    }
}
