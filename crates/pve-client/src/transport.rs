//! One exchange over HTTP/1.1: a request goes out, a status line and a body come back.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::ext::ReasonPhrase;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use pve_api::Method;

use crate::connection::{Connection, TimeLimits};
use crate::endpoint::Endpoint;
use crate::error::{ConnectFailure, Error, Loss, SetupError};
use crate::tls;

/// The host closes an idle connection after five seconds; one younger than this is still open.
const IDLE: Duration = Duration::from_secs(4);

/// No answer of Proxmox comes near; a host that sends more is not one.
const LARGEST_BODY: usize = 64 << 20;

/// The connections to one host.
#[derive(Debug)]
pub(crate) struct Transport {
    http: legacy::Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    endpoint: Endpoint,
    answer: Duration,
}

/// An answer, not yet understood.
#[derive(Debug)]
pub(crate) struct RawAnswer {
    pub(crate) status: u16,
    /// The reason phrase, when it is not the usual one of the status.
    pub(crate) reason: Option<String>,
    /// The body; empty for an error whose body did not arrive.
    pub(crate) body: Bytes,
}

impl Transport {
    pub(crate) fn new(connection: &Connection, limits: TimeLimits) -> Result<Self, SetupError> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(limits.connect));
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls::client_config(&connection.tls)?)
            .https_only()
            .enable_http1()
            .wrap_connector(tcp);
        let http = legacy::Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE)
            .build(https);
        Ok(Self {
            http,
            endpoint: connection.endpoint.clone(),
            answer: limits.answer,
        })
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Sends a request and waits for the whole answer.
    ///
    /// The body of an error may get lost: its reason phrase has arrived and says what happened.
    pub(crate) async fn exchange(
        &self,
        call: &Call<'_>,
        request: http::Request<Full<Bytes>>,
    ) -> Result<RawAnswer, Error> {
        let mut head = None;
        let body = tokio::time::timeout(self.answer, async {
            let response = self
                .http
                .request(request)
                .await
                .map_err(|error| self.failure(call, error))?;
            let (parts, body) = response.into_parts();
            head = Some((parts.status.as_u16(), reason_phrase(&parts)));
            let collected = Limited::new(body, LARGEST_BODY).collect().await;
            collected
                .map(http_body_util::Collected::to_bytes)
                .map_err(|error| call.lost(Loss::Broken(error)))
        });
        let body = body
            .await
            .unwrap_or_else(|_| Err(call.lost(Loss::TimedOut(self.answer.as_millis()))));
        match (head, body) {
            (Some((status, reason)), Ok(body)) => Ok(RawAnswer {
                status,
                reason,
                body,
            }),
            (Some((status, reason)), Err(_)) if status >= 400 => Ok(RawAnswer {
                status,
                reason,
                body: Bytes::new(),
            }),
            (_, Err(error)) => Err(error),
            (None, Ok(_)) => Err(call.lost(Loss::Broken("a body without a status line".into()))),
        }
    }

    fn failure(&self, call: &Call<'_>, error: legacy::Error) -> Error {
        let canceled = hyper_error(&error).is_some_and(hyper::Error::is_canceled);
        if !error.is_connect() && !canceled {
            return call.lost(Loss::Broken(Box::new(error)));
        }
        let endpoint = self.endpoint.clone();
        match tls_error(&error).map(|error| (tls::distrust(error), error)) {
            Some((Some(distrust), _)) => Error::Untrusted {
                endpoint,
                seen: distrust.seen,
                source: distrust.cause.clone(),
            },
            Some((None, tls)) => Error::Connect {
                endpoint,
                source: ConnectFailure::Tls(Box::new(tls.clone())),
            },
            None => Error::Connect {
                endpoint,
                source: connect_failure(error),
            },
        }
    }
}

/// The call that an exchange is for, for its errors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    pub(crate) method: Method,
    pub(crate) path: &'a str,
}

impl Call<'_> {
    pub(crate) fn lost(&self, source: Loss) -> Error {
        Error::Lost {
            method: self.method,
            path: self.path.to_owned(),
            source,
        }
    }
}

fn reason_phrase(parts: &http::response::Parts) -> Option<String> {
    let phrase = parts.extensions.get::<ReasonPhrase>()?;
    let text = String::from_utf8_lossy(phrase.as_bytes()).trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Returns an error and what is behind it. An I/O error hides the one that it wraps from `source`.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| {
        match (*error)
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(wrapped) => Some(wrapped),
            None => (*error).source(),
        }
    })
}

fn hyper_error(error: &legacy::Error) -> Option<&hyper::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn tls_error(error: &legacy::Error) -> Option<&rustls::Error> {
    causes(error).find_map(|cause| cause.downcast_ref())
}

fn connect_failure(error: legacy::Error) -> ConnectFailure {
    // hyper-util keeps the type of its connect error private; this is the whole text of that one.
    let unresolved = causes(&error).any(|cause| cause.to_string() == "dns error");
    let io = causes(&error)
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .last();
    match io.map(|io| (io.kind(), io.to_string())) {
        Some((_, text)) if unresolved => ConnectFailure::Resolve(io::Error::other(text)),
        Some((io::ErrorKind::ConnectionRefused, _)) => ConnectFailure::Refused,
        Some((io::ErrorKind::TimedOut, _)) => ConnectFailure::TimedOut,
        Some((
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof,
            _,
        )) => ConnectFailure::Closed,
        None if hyper_error(&error).is_some_and(hyper::Error::is_canceled) => {
            ConnectFailure::Closed
        }
        Some(_) | None => ConnectFailure::Other(Box::new(error)),
    }
}
