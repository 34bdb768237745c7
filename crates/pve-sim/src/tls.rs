//! The certificate: a CA of its own and a leaf, as Proxmox makes them on installation.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest as _, Sha256};

/// Everything TLS needs, and what a client pins.
pub(crate) struct Identity {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) ca_pem: String,
    /// SHA-256 of the first leaf, `AA:BB:…`.
    pub(crate) fingerprint: String,
    pub(crate) leaves: Arc<Leaves>,
}

/// What can go wrong while making a certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The key or certificate could not be made.
    #[error("failed to make the certificate")]
    Make(#[from] rcgen::Error),
    /// The TLS stack refused it.
    #[error("failed to set up TLS")]
    Serve(#[from] rustls::Error),
}

impl Identity {
    pub(crate) fn generate(node: &str, address: IpAddr) -> Result<Self, TlsError> {
        let (ca, ca_pem) = authority()?;
        let names = vec!["localhost".to_owned(), node.to_owned(), address.to_string()];
        let (first, fingerprint) = signed(&ca, node, &names)?;
        let node = node.to_owned();
        let leaves = Arc::new(Leaves {
            ca,
            node,
            names,
            current: Mutex::new(Arc::new(first)),
        });
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&leaves) as _);
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            server: Arc::new(server),
            ca_pem,
            fingerprint,
            leaves,
        })
    }
}

/// The leaf that is shown, which can be replaced while serving.
pub(crate) struct Leaves {
    ca: Issuer<'static, KeyPair>,
    node: String,
    names: Vec<String>,
    current: Mutex<Arc<CertifiedKey>>,
}

impl Leaves {
    /// Shows another leaf from now on, of the same CA; gives its fingerprint.
    pub(crate) fn renew(&self) -> Result<String, TlsError> {
        let (leaf, fingerprint) = signed(&self.ca, &self.node, &self.names)?;
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(leaf);
        Ok(fingerprint)
    }
}

impl fmt::Debug for Leaves {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leaves")
            .field("node", &self.node)
            .finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Leaves {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(
            &self.current.lock().unwrap_or_else(PoisonError::into_inner),
        ))
    }
}

/// A new leaf with a new key.
fn signed(
    ca: &Issuer<'static, KeyPair>,
    node: &str,
    names: &[String],
) -> Result<(CertifiedKey, String), TlsError> {
    let key = KeyPair::generate()?;
    let der = leaf(node, names)?.signed_by(&key, ca)?.der().clone();
    let fingerprint = fingerprint(&der);
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key)?;
    Ok((CertifiedKey::new(vec![der], key), fingerprint))
}

fn authority() -> Result<(Issuer<'static, KeyPair>, String), TlsError> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(
        DnType::CommonName,
        "Proxmox Virtual Environment (simulated)",
    );
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate()?;
    let pem = params.self_signed(&key)?.pem();
    Ok((Issuer::new(params, key), pem))
}

fn leaf(node: &str, names: &[String]) -> Result<CertificateParams, TlsError> {
    let mut params = CertificateParams::new(names.to_vec())?;
    params.distinguished_name.push(DnType::CommonName, node);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn fingerprint(der: &[u8]) -> String {
    let bytes: Vec<String> = Sha256::digest(der)
        .iter()
        .map(|b| format!("{b:02X}"))
        .collect();
    bytes.join(":")
}
