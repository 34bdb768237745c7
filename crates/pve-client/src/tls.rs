//! Which certificate is trusted, and what it was when it is not.

use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, OtherError, RootCertStore,
    SignatureScheme,
};

use crate::connection::Tls;
use crate::error::{Doubt, SetupError};
use crate::fingerprint::Fingerprint;

/// Builds the configuration of the TLS library.
pub(crate) fn client_config(tls: &Tls) -> Result<ClientConfig, SetupError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let verifier = Verifier {
        trust: trust(tls, &provider)?,
        provider: Arc::clone(&provider),
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(SetupError::Tls)?;
    Ok(config
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

fn trust(tls: &Tls, provider: &Arc<CryptoProvider>) -> Result<Trust, SetupError> {
    match tls {
        Tls::SystemRoots => Ok(Trust::Chain(chain(system_roots()?, provider)?)),
        Tls::CaFile(pem) => Ok(Trust::Chain(chain(roots_of(pem)?, provider)?)),
        Tls::Fingerprint(fingerprint) => Ok(Trust::Fingerprint(*fingerprint)),
        Tls::Insecure => Ok(Trust::Any),
    }
}

fn chain(
    roots: RootCertStore,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, SetupError> {
    let builder =
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    builder
        .build()
        .map_err(|error| SetupError::Tls(rustls::Error::General(error.to_string())))
}

fn system_roots() -> Result<RootCertStore, SetupError> {
    let mut roots = RootCertStore::empty();
    // Systems carry certificates that no TLS library takes; the others are still good.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        Err(SetupError::NoSystemRoots)
    } else {
        Ok(roots)
    }
}

fn roots_of(pem: &[u8]) -> Result<RootCertStore, SetupError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(SetupError::CaFile)?;
        roots.add(certificate).map_err(SetupError::BadCertificate)?;
    }
    if roots.is_empty() {
        Err(SetupError::NoCertificate)
    } else {
        Ok(roots)
    }
}

#[derive(Debug)]
enum Trust {
    Chain(Arc<WebPkiServerVerifier>),
    Fingerprint(Fingerprint),
    Any,
}

/// Decides on the certificate. The signature of the handshake is verified in each case, so that
/// whoever shows the certificate also has its key.
#[derive(Debug)]
struct Verifier {
    trust: Trust,
    provider: Arc<CryptoProvider>,
}

/// A certificate that was not trusted; travels through the TLS library as its error.
#[derive(Debug)]
pub(crate) struct Distrust {
    pub(crate) seen: Fingerprint,
    pub(crate) cause: Doubt,
}

impl fmt::Display for Distrust {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the certificate {} is not trusted", self.seen)
    }
}

impl std::error::Error for Distrust {}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let seen = Fingerprint::of(leaf);
        let verdict = match &self.trust {
            Trust::Chain(chain) => chain
                .verify_server_cert(leaf, intermediates, name, ocsp, now)
                .map_err(|error| Doubt::Unvouched(Box::new(error))),
            Trust::Fingerprint(expected) if *expected == seen => {
                Ok(ServerCertVerified::assertion())
            }
            Trust::Fingerprint(expected) => Err(Doubt::OtherThanPinned(*expected)),
            Trust::Any => Ok(ServerCertVerified::assertion()),
        };
        verdict.map_err(|cause| {
            rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(
                Distrust { seen, cause },
            ))))
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(
            message,
            leaf,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(
            message,
            leaf,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// Returns the verdict of our own verifier, if that is what the TLS library failed with.
pub(crate) fn distrust(error: &rustls::Error) -> Option<&Distrust> {
    match error {
        rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(cause))) => {
            cause.downcast_ref()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_without_certificates_is_refused() {
        for pem in [
            &b""[..],
            b"hello",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        ] {
            assert!(matches!(
                client_config(&Tls::CaFile(pem.to_vec())),
                Err(SetupError::NoCertificate)
            ));
        }
        let torn = b"-----BEGIN CERTIFICATE-----\nAAAA\n";
        assert!(matches!(
            client_config(&Tls::CaFile(torn.to_vec())),
            Err(SetupError::CaFile(_))
        ));
        let junk = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(
            client_config(&Tls::CaFile(junk.to_vec())),
            Err(SetupError::BadCertificate(_))
        ));
    }
}
