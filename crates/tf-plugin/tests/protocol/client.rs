//! gRPC over HTTP/2, with Terraform's side of the TLS handshake.

use std::net::Shutdown;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, Error, SignatureScheme};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use crate::identity::Identity;
use crate::message::Message;
use crate::running::soon;

/// What a call came to: the answer, or the gRPC status and its message.
pub(crate) type Outcome = Result<Message, (u32, String)>;

#[derive(Clone)]
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    socket: Arc<std::net::TcpStream>,
    connection: Arc<JoinHandle<()>>,
}

/// The parts of the line that a plugin prints.
pub(crate) struct Line {
    pub(crate) address: String,
    pub(crate) certificate: Vec<u8>,
}

impl Line {
    pub(crate) fn parse(line: &str) -> Self {
        let parts: Vec<_> = line.split('|').collect();
        let ["1", "6", "tcp", address, "grpc", certificate] = parts.as_slice() else {
            panic!("not a handshake line: {line}");
        };
        let certificate = STANDARD_NO_PAD
            .decode(certificate)
            .expect("base64 without padding");
        Self {
            address: (*address).to_owned(),
            certificate,
        }
    }
}

impl Client {
    pub(crate) async fn plaintext(line: &str) -> std::io::Result<Self> {
        let (socket, stream) = connect(&Line::parse(line)).await?;
        Self::over(socket, stream).await
    }

    pub(crate) async fn tls(line: &str, identity: Option<&Identity>) -> std::io::Result<Self> {
        let line = Line::parse(line);
        let (socket, stream) = connect(&line).await?;
        let connector =
            tokio_rustls::TlsConnector::from(Arc::new(config(line.certificate, identity)));
        let name = ServerName::try_from("localhost").expect("a name");
        Self::over(socket, connector.connect(name, stream).await?).await
    }

    async fn over<S>(socket: std::net::TcpStream, stream: S) -> std::io::Result<Self>
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
    {
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await;
        let (sender, connection) = handshake.map_err(std::io::Error::other)?;
        let connection = tokio::spawn(async move {
            // How a connection ends is seen by the calls over it.
            drop(connection.await);
        });
        Ok(Self {
            sender,
            socket: Arc::new(socket),
            connection: Arc::new(connection),
        })
    }

    /// Calls a method of the provider service.
    pub(crate) async fn call(&self, method: &str, request: &Message) -> Outcome {
        self.request(&format!("/tfplugin6.Provider/{method}"), request)
            .await
    }

    /// Calls any method.
    pub(crate) async fn request(&self, path: &str, request: &Message) -> Outcome {
        soon(self.try_request(path, request))
            .await
            .unwrap_or_else(|error| Err((99, error.to_string())))
    }

    async fn try_request(&self, path: &str, request: &Message) -> hyper::Result<Outcome> {
        let mut sender = self.sender.clone();
        sender.ready().await?;
        let response = sender
            .send_request(http_request(path, &request.encode()))
            .await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?;
        let trailers = body.trailers().cloned().unwrap_or_default();
        let status = |name| trailers.get(name).or(head.headers.get(name)).map(text);
        let code: u32 = status("grpc-status")
            .expect("a status")
            .parse()
            .expect("a number");
        if code != 0 {
            return Ok(Err((code, status("grpc-message").unwrap_or_default())));
        }
        let bytes = body.to_bytes();
        assert_eq!(
            usize::try_from(u32::from_be_bytes([bytes[1], bytes[2], bytes[3], bytes[4]])).ok(),
            Some(bytes.len() - 5)
        );
        Ok(Ok(Message::decode(&bytes[5..])))
    }

    /// Closes the connection without a word, as a killed Terraform does.
    pub(crate) fn cut(self) {
        self.socket.shutdown(Shutdown::Both).expect("it was open");
    }

    pub(crate) async fn closed(&self) {
        while !self.connection.is_finished() {
            tokio::task::yield_now().await;
        }
    }
}

/// A connection, and the socket below it.
async fn connect(line: &Line) -> std::io::Result<(std::net::TcpStream, TcpStream)> {
    let stream = TcpStream::connect(&line.address).await?.into_std()?;
    Ok((stream.try_clone()?, TcpStream::from_std(stream)?))
}

fn http_request(path: &str, message: &[u8]) -> http::Request<Full<Bytes>> {
    let mut body = BytesMut::with_capacity(message.len() + 5);
    body.extend_from_slice(&[0]);
    body.extend_from_slice(&u32::try_from(message.len()).expect("a size").to_be_bytes());
    body.extend_from_slice(message);
    http::Request::post(format!("https://localhost{path}"))
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::new(body.freeze()))
        .expect("a request")
}

/// A header, with the escapes of a gRPC message undone.
fn text(value: &http::HeaderValue) -> String {
    let mut parts = value.to_str().expect("ASCII").split('%');
    let mut plain = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (hex, rest) = part.split_at(2);
        plain.push(u8::from_str_radix(hex, 16).expect("hex"));
        plain.extend(rest.as_bytes());
    }
    String::from_utf8(plain).expect("UTF-8")
}

fn config(server: Vec<u8>, identity: Option<&Identity>) -> ClientConfig {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(PinnedServer(server.into())));
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => builder.with_client_cert_resolver(Arc::new(identity.resolver())),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

#[derive(Debug)]
struct PinnedServer(CertificateDer<'static>);

impl ServerCertVerifier for PinnedServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        assert_eq!(*end_entity, self.0, "the certificate of the handshake line");
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("not TLS 1.3".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, &algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        aws_lc_rs::default_provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}
