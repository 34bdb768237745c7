//! TLS that lets exactly one client in: the owner of the certificate that Terraform handed over at the start.
//!
//! Terraform's certificate is self-signed, for P-521 and marked as an authority, so the usual chain building refuses
//! it. Comparing it byte by byte is stricter than a chain, and the handshake proves that the client holds its key.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme,
};

use super::ServeError;

/// A fresh server identity and the settings that let the pinned client in.
pub(super) struct Tls {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) config: Arc<ServerConfig>,
}

impl Tls {
    pub(super) fn pinned_to(client: CertificateDer<'static>) -> Result<Self, ServeError> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])
            .map_err(ServeError::ServerCertificate)?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let certificate = made.cert.der().clone();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = PinnedClient {
            certificate: client,
            provider: Arc::clone(&provider),
        };
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&rustls::version::TLS13])
            .map_err(ServeError::Tls)?
            .with_client_cert_verifier(Arc::new(verifier))
            .with_single_cert(vec![certificate.clone()], key.into())
            .map_err(ServeError::Tls)?;
        config.alpn_protocols = vec![b"h2".to_vec()];
        Ok(Self {
            certificate,
            config: Arc::new(config),
        })
    }
}

#[derive(Debug)]
struct PinnedClient {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for PinnedClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if *end_entity == self.certificate {
            Ok(ClientCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(Error::General("only TLS 1.3 is offered".to_owned()))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}
