//! A plain HTTP client for tests: one connection a call, so that cut connections show.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderName};
use http_body_util::{BodyExt as _, Full};
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;
use pve_sim::Sim;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Status, reason and body.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) reason: String,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) fn data(&self) -> Value {
        let body: Value = serde_json::from_str(&self.text).unwrap_or(Value::Null);
        body["data"].clone()
    }
}

pub(crate) struct Client<'a> {
    sim: &'a Sim,
    tls: TlsConnector,
    /// The header that says who asks.
    login: (HeaderName, String),
}

impl<'a> Client<'a> {
    pub(crate) fn new(sim: &'a Sim, token: &str) -> Self {
        let (id, secret) = sim.token(token).unwrap();
        Self::with(sim, AUTHORIZATION, format!("PVEAPIToken={id}={secret}"))
    }

    pub(crate) fn with_ticket(sim: &'a Sim, ticket: &str) -> Self {
        Self::with(sim, COOKIE, format!("PVEAuthCookie={ticket}"))
    }

    fn with(sim: &'a Sim, header: HeaderName, login: String) -> Self {
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
        Self {
            sim,
            tls: TlsConnector::from(Arc::new(config)),
            login: (header, login),
        }
    }

    /// The answer, or `None` when the connection was cut.
    pub(crate) async fn call(&self, method: &str, path: &str, form: &str) -> Option<Reply> {
        let stream = TcpStream::connect(self.sim.address()).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TokioIo::new(self.tls.connect(name, stream).await.unwrap());
        let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.unwrap();
        tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(format!("/api2/json{path}"))
            .header(HOST, "localhost")
            .header(&self.login.0, &self.login.1)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(form.to_owned())))
            .unwrap();
        let response = self.sim.drive(sender.send_request(request)).await.ok()?;
        let status = response.status();
        let reason = match response.extensions().get::<ReasonPhrase>() {
            Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
            None => status.canonical_reason().unwrap_or_default().to_owned(),
        };
        let bytes = response.into_body().collect().await.ok()?.to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Some(Reply {
            status: status.as_u16(),
            reason,
            text,
        })
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.call("GET", path, "").await.unwrap()
    }

    /// Calls something that starts a task, and gives the task's exit status.
    pub(crate) async fn task(&self, method: &str, path: &str, form: &str) -> Option<String> {
        let reply = self.call(method, path, form).await?;
        self.sim.finish_task(reply.data().as_str()?)
    }
}
