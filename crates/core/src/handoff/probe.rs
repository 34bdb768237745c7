//! One try at one node: does Talos' API answer there?
//!
//! In maintenance mode Talos shows a certificate of its own making under a fixed name and asks for none; once it has
//! a configuration it asks for a client certificate. Both speak gRPC, so HTTP/2 is agreed upon in the handshake. Nothing
//! is sent after it.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest as _, Sha256};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Subject of the certificate in maintenance mode (`MaintenanceServiceCommonName` of siderolabs/talos).
const MAINTENANCE_NAME: &[u8] = b"maintenance-service.talos.dev";

/// What gRPC agrees upon.
const HTTP2: &[u8] = b"h2";

/// Talos, as it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// It waits for a configuration.
    Maintenance {
        /// For `talosctl apply-config --cert-fingerprint`; the node's console shows the same.
        fingerprint: Fingerprint,
    },
    /// It has a configuration and asks for a client certificate.
    Configured,
}

/// SHA-256 of a certificate's public key, printed as Talos prints it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; 32]);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

/// Why Talos was not seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The network says that nothing leads there.
    #[error("no route")]
    NoRoute,
    /// A machine is there, and nothing listens.
    #[error("refused")]
    Refused,
    /// The connection attempt was not even answered.
    #[error("no answer")]
    NoAnswer,
    /// It was accepted, and then nothing was said.
    #[error("connected, then silent")]
    Silent,
    /// Something was said that is not TLS.
    #[error("no TLS")]
    NotTls,
    /// It speaks TLS and is not Talos.
    #[error("the certificate is not that of Talos")]
    OtherService,
    /// Anything else, in the system's words.
    #[error("{0}")]
    Other(String),
}

/// Connects, shakes hands and hangs up. Each of the two steps may take as long as `patience`.
pub async fn probe(address: SocketAddr, patience: Duration) -> Result<Seen, Trouble> {
    let stream = timeout(patience, TcpStream::connect(address))
        .await
        .map_err(|_elapsed| Trouble::NoAnswer)?
        .map_err(|error| not_connected(&error))?;
    timeout(patience, shake_hands(stream, address.ip()))
        .await
        .map_err(|_elapsed| Trouble::Silent)?
}

async fn shake_hands(stream: TcpStream, address: IpAddr) -> Result<Seen, Trouble> {
    let asked = Arc::new(AskedForCertificate::default());
    let config = config(&asked).map_err(|error| Trouble::Other(error.to_string()))?;
    let connector = TlsConnector::from(Arc::new(config));
    let name = ServerName::IpAddress(address.into());
    let stream = connector
        .connect(name, stream)
        .await
        .map_err(|error| no_handshake(&error))?;
    let (_, session) = stream.get_ref();
    let certificates = session.peer_certificates().unwrap_or_default();
    if session.alpn_protocol() != Some(HTTP2) {
        return Err(Trouble::OtherService);
    }
    match certificates.first() {
        Some(leaf) if is_of_maintenance(leaf) => fingerprint(leaf)
            .map(|fingerprint| Seen::Maintenance { fingerprint })
            .map_err(|error| Trouble::Other(error.to_string())),
        Some(_) if asked.0.load(Ordering::Relaxed) => Ok(Seen::Configured),
        _ => Err(Trouble::OtherService),
    }
}

/// A name stands in a certificate as it is written, whatever surrounds it.
fn is_of_maintenance(certificate: &CertificateDer<'_>) -> bool {
    certificate
        .windows(MAINTENANCE_NAME.len())
        .any(|window| window == MAINTENANCE_NAME)
}

fn fingerprint(certificate: &CertificateDer<'_>) -> Result<Fingerprint, rustls::Error> {
    let key = ParsedCertificate::try_from(certificate)?.subject_public_key_info();
    Ok(Fingerprint(Sha256::digest(key.as_ref()).into()))
}

fn not_connected(error: &io::Error) -> Trouble {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused => Trouble::Refused,
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => Trouble::NoRoute,
        Kind::TimedOut => Trouble::NoAnswer,
        _ => Trouble::Other(error.to_string()),
    }
}

/// A server that breaks off in the handshake is none of Talos' either.
fn no_handshake(error: &io::Error) -> Trouble {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref());
    match cause {
        Some(rustls::Error::InvalidMessage(_)) => Trouble::NotTls,
        Some(rustls::Error::AlertReceived(_) | rustls::Error::NoApplicationProtocol) => {
            Trouble::OtherService
        }
        _ if error.kind() == io::ErrorKind::UnexpectedEof => Trouble::NotTls,
        _ => Trouble::Other(error.to_string()),
    }
}

fn config(asked: &Arc<AskedForCertificate>) -> Result<ClientConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_client_cert_resolver(Arc::<AskedForCertificate>::clone(asked));
    config.alpn_protocols = vec![HTTP2.to_vec()];
    Ok(config)
}

/// Notes that the server wanted a certificate; there is none to give.
#[derive(Debug, Default)]
struct AskedForCertificate(AtomicBool);

impl ResolvesClientCert for AskedForCertificate {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Takes every certificate: which one it is, is what is being found out, and no secret goes over the connection.
/// The handshake's signature is verified all the same, so that a fingerprint means something.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_system_says_of_a_connection_has_a_name() {
        use io::ErrorKind as Kind;
        let table = [
            (Kind::ConnectionRefused, Trouble::Refused),
            (Kind::HostUnreachable, Trouble::NoRoute),
            (Kind::NetworkUnreachable, Trouble::NoRoute),
            (Kind::TimedOut, Trouble::NoAnswer),
            (
                Kind::PermissionDenied,
                Trouble::Other("permission denied".to_owned()),
            ),
        ];
        for (kind, trouble) in table {
            assert_eq!(not_connected(&io::Error::from(kind)), trouble);
        }
    }
}
