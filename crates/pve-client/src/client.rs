//! The client: one host, one caller.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::header::{self, HeaderMap, HeaderValue};
use http_body_util::Full;
use pve_api::{Method, Request};
use serde::de::DeserializeOwned;

use crate::answer;
use crate::clock::Clock;
use crate::connection::{Connection, TimeLimits};
use crate::endpoint::Endpoint;
use crate::error::{ConnectFailure, Error, SetupError};
use crate::retry::{self, Attempt};
use crate::session::{Identity, Proof};
use crate::transport::{Call, RawAnswer, Transport};

/// A caller of the API of one host. Cheap to clone; clones share connections and session.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    transport: Transport,
    identity: Identity,
    principal: String,
    clock: Clock,
    host_was_there: AtomicBool,
}

impl Client {
    /// Makes a client. Nothing is sent yet.
    pub fn new(connection: &Connection) -> Result<Self, SetupError> {
        Self::with(connection, TimeLimits::default(), Clock::system())
    }

    /// Makes a client with its own time limits and clock.
    pub fn with(
        connection: &Connection,
        limits: TimeLimits,
        clock: Clock,
    ) -> Result<Self, SetupError> {
        let inner = Inner {
            transport: Transport::new(connection, limits)?,
            identity: Identity::new(&connection.auth)?,
            principal: connection.auth.principal().to_owned(),
            clock,
            host_was_there: AtomicBool::new(false),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// Returns where the API is.
    pub fn endpoint(&self) -> &Endpoint {
        self.inner.transport.endpoint()
    }

    /// Returns the token or user that calls, for messages.
    pub fn principal(&self) -> &str {
        &self.inner.principal
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    /// Sends a call and waits for its answer. Repeats it only as `retry.rs` allows.
    pub async fn send<R: DeserializeOwned>(&self, request: &Request<R>) -> Result<R, Error> {
        let mut number = 1;
        loop {
            let error = match self.try_once(request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            let host_was_there = self.inner.host_was_there.load(Ordering::Relaxed);
            let attempt = Attempt {
                number,
                is_write: request.is_write(),
                host_was_there,
            };
            let Some((reason, pause)) = retry::next(attempt, &error) else {
                return Err(error);
            };
            tracing::debug!(?request, ?reason, number, "the call is repeated");
            self.inner.clock.sleep(pause).await;
            number += 1;
        }
    }

    async fn try_once<R: DeserializeOwned>(&self, request: &Request<R>) -> Result<R, Error> {
        let proof = self.prove().await?;
        let mut answer = self.exchange(request, &proof.headers).await?;
        // A ticket may have been made invalid on the host; 401 comes before anything is done.
        if answer.status == 401 && self.inner.identity.forget(&proof).await {
            let proof = self.prove().await?;
            answer = self.exchange(request, &proof.headers).await?;
        }
        self.read(request, &answer)
    }

    async fn prove(&self) -> Result<Proof, Error> {
        let login = async |request| {
            let answer = self.exchange(&request, &HeaderMap::new()).await?;
            self.read(&request, &answer)
        };
        self.inner
            .identity
            .prove(self.inner.clock.now(), login)
            .await
    }

    fn read<R: DeserializeOwned>(
        &self,
        request: &Request<R>,
        answer: &RawAnswer,
    ) -> Result<R, Error> {
        if answer.status == 401 {
            return Err(Error::Unauthenticated {
                endpoint: self.endpoint().clone(),
                who: self.inner.principal.clone(),
                reason: answer::phrase(answer),
            });
        }
        answer::read(&call_of(request), request.is_write(), answer)
    }

    async fn exchange<R>(
        &self,
        request: &Request<R>,
        proof: &HeaderMap,
    ) -> Result<RawAnswer, Error> {
        let call = call_of(request);
        let wire =
            wire_request(self.endpoint(), request, proof).map_err(|error| Error::Connect {
                endpoint: self.endpoint().clone(),
                source: ConnectFailure::Other(Box::new(error)),
            })?;
        let answer = self.inner.transport.exchange(&call, wire).await;
        if answer.is_ok() {
            self.inner.host_was_there.store(true, Ordering::Relaxed);
        }
        answer
    }
}

fn call_of<R>(request: &Request<R>) -> Call<'_> {
    Call {
        method: request.method(),
        path: request.path(),
    }
}

fn wire_request<R>(
    endpoint: &Endpoint,
    request: &Request<R>,
    proof: &HeaderMap,
) -> Result<http::Request<Full<Bytes>>, http::Error> {
    let method = match request.method() {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Delete => http::Method::DELETE,
    };
    let body = request.body();
    let mut wire = http::Request::builder()
        .method(method)
        .uri(endpoint.url(&request.target()))
        .header(header::ACCEPT, "application/json")
        .header(
            header::USER_AGENT,
            concat!("em-infra/", env!("CARGO_PKG_VERSION")),
        );
    if let Some(headers) = wire.headers_mut() {
        headers.extend(proof.clone());
        if body.is_some() {
            // Lower case, or Proxmox answers 506.
            let form = HeaderValue::from_static("application/x-www-form-urlencoded");
            headers.insert(header::CONTENT_TYPE, form);
        }
    }
    wire.body(Full::from(body.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compiles only while every call can move between threads, as a server's handlers need.
    #[test]
    fn calls_can_move_between_threads() {
        fn movable<T: Send>(_: fn(&'static Client) -> T) {}
        movable(Client::version);
        movable(Client::next_id);
    }
}
