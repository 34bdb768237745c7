//! A peer that plays written answers over TLS, byte by byte, and notes what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use pve_client::{Auth, Client, Clock, Connection, Fingerprint, TimeLimits, Tls};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// What the peer does with the next request.
#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Sends these bytes and keeps the connection.
    Answer(Vec<u8>),
    /// Sends these bytes and closes the connection.
    AnswerAndClose(Vec<u8>),
    /// Sends these bytes and then nothing more, for ever.
    AnswerAndHang(Vec<u8>),
    /// Closes the connection without a request having been read.
    CloseOnArrival,
}

/// A whole answer with Proxmox's headers.
pub(crate) fn answer(status_line: &str, body: &str) -> Step {
    Step::Answer(bytes(status_line, body))
}

pub(crate) fn ok(data: &str) -> Step {
    answer("200 OK", &format!("{{\"data\":{data}}}"))
}

pub(crate) fn bytes(status_line: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status_line}\r\nCache-Control: max-age=0\r\nConnection: Keep-Alive\r\n\
         Server: pve-api-daemon/3.0\r\nContent-Length: {}\r\nContent-Type: application/json;charset=UTF-8\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// A certificate and its key.
pub(crate) struct Identity {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) pem: String,
    key: rcgen::KeyPair,
}

impl Identity {
    /// Makes a self-signed certificate for a name or an address.
    pub(crate) fn for_name(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("a certificate");
        Self {
            certificate: made.cert.der().clone(),
            pem: made.cert.pem(),
            key: made.signing_key,
        }
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }

    /// Shows this certificate while signing with the key of another.
    pub(crate) fn with_key_of(mut self, other: Self) -> Self {
        self.key = other.key;
        self
    }
}

/// Shows one certificate without checking that the key fits.
#[derive(Debug)]
struct Show(Arc<CertifiedKey>);

impl ResolvesServerCert for Show {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

fn acceptor(identity: &Identity) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(identity.key.serialize_der()));
    let key = provider
        .key_provider
        .load_private_key(key)
        .expect("a usable key");
    let shown = Show(Arc::new(CertifiedKey::new(
        vec![identity.certificate.clone()],
        key,
    )));
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("usable versions")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    TlsAcceptor::from(Arc::new(config))
}

#[derive(Debug, Default)]
struct Script {
    steps: VecDeque<Step>,
    requests: Vec<String>,
}

/// A listening peer. A request beyond the script closes the connection.
pub(crate) struct Peer {
    pub(crate) port: u16,
    pub(crate) fingerprint: Fingerprint,
    script: Arc<Mutex<Script>>,
}

impl Peer {
    pub(crate) async fn start(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::start_as(&Identity::for_name("127.0.0.1"), steps).await
    }

    pub(crate) async fn start_as(
        identity: &Identity,
        steps: impl IntoIterator<Item = Step>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let script = Script {
            steps: steps.into_iter().collect(),
            requests: Vec::new(),
        };
        let script = Arc::new(Mutex::new(script));
        let (acceptor, shared) = (acceptor(identity), Arc::clone(&script));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                tokio::spawn(serve(acceptor.clone(), tcp, Arc::clone(&shared)));
            }
        });
        Self {
            port,
            fingerprint: identity.fingerprint(),
            script,
        }
    }

    /// Returns the requests so far: request line, headers and body as they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.script
            .lock()
            .expect("no panic under the lock")
            .requests
            .clone()
    }

    /// Returns the request lines so far, without the protocol version.
    pub(crate) fn request_lines(&self) -> Vec<String> {
        let line = |request: &String| {
            let line = request.lines().next().unwrap_or_default();
            line.trim_end_matches(" HTTP/1.1").replace("/api2/json", "")
        };
        self.requests().iter().map(line).collect()
    }

    pub(crate) fn connection(&self, auth: Auth, tls: Tls) -> Connection {
        let endpoint = format!("https://127.0.0.1:{}", self.port)
            .parse()
            .expect("an endpoint");
        Connection {
            endpoint,
            auth,
            tls,
        }
    }

    /// Makes a client that trusts this peer, calls with a token and does not sleep.
    pub(crate) fn client(&self) -> Client {
        self.client_with(token(), TimeLimits::default(), instant_clock())
    }

    pub(crate) fn client_with(&self, auth: Auth, limits: TimeLimits, clock: Clock) -> Client {
        let connection = self.connection(auth, Tls::Fingerprint(self.fingerprint));
        Client::with(&connection, limits, clock).expect("a client")
    }
}

/// The secret that must appear nowhere but on the wire.
pub(crate) const CANARY: &str = "22222222-canary-4000-8000-000000000000";

pub(crate) fn token() -> Auth {
    let id = "em-infra@pve!terraform".parse().expect("a token id");
    Auth::Token {
        id,
        secret: CANARY.to_owned().into(),
    }
}

pub(crate) fn password() -> Auth {
    let user = "root@pam".parse().expect("a user");
    Auth::Ticket {
        user,
        password: CANARY.to_owned().into(),
    }
}

/// A clock whose time passes only by sleeping, at once.
pub(crate) fn instant_clock() -> Clock {
    let time = Arc::new(Mutex::new(std::time::Duration::ZERO));
    let slept = Arc::clone(&time);
    let now = move || *time.lock().expect("no panic under the lock");
    let sleep = move |pause| {
        *slept.lock().expect("no panic under the lock") += pause;
        std::future::ready(())
    };
    Clock::new(now, sleep)
}

async fn serve(acceptor: TlsAcceptor, tcp: TcpStream, script: Arc<Mutex<Script>>) {
    let Ok(mut stream) = acceptor.accept(tcp).await else {
        return;
    };
    loop {
        let arrival = {
            let mut script = script.lock().expect("no panic under the lock");
            matches!(script.steps.front(), Some(Step::CloseOnArrival))
                .then(|| script.steps.pop_front())
        };
        if arrival.is_some() {
            return;
        }
        let Some(request) = read_request(&mut stream).await else {
            return;
        };
        let step = {
            let mut script = script.lock().expect("no panic under the lock");
            script.requests.push(request);
            script.steps.pop_front()
        };
        match step {
            Some(Step::Answer(bytes)) => send(&mut stream, &bytes).await,
            Some(Step::AnswerAndClose(bytes)) => return send(&mut stream, &bytes).await,
            Some(Step::AnswerAndHang(bytes)) => {
                send(&mut stream, &bytes).await;
                return std::future::pending().await;
            }
            Some(Step::CloseOnArrival) | None => return,
        }
    }
}

async fn send(stream: &mut TlsStream<TcpStream>, bytes: &[u8]) {
    if stream.write_all(bytes).await.is_ok() {
        stream.flush().await.ok();
    }
}

async fn read_request(stream: &mut TlsStream<TcpStream>) -> Option<String> {
    let mut bytes = Vec::new();
    while !is_complete(&bytes) {
        let read = stream.read_buf(&mut bytes).await.ok()?;
        if read == 0 {
            return None;
        }
    }
    String::from_utf8(bytes).ok()
}

fn is_complete(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        line.to_lowercase()
            .strip_prefix("content-length: ")?
            .parse()
            .ok()
    });
    body.len() >= length.unwrap_or(0_usize)
}
