//! The certificate: a CA of its own and a leaf, as Proxmox makes them on installation.

use std::net::IpAddr;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};

/// Everything TLS needs, and what a client pins.
pub(crate) struct Identity {
    pub(crate) server: Arc<ServerConfig>,
    pub(crate) ca_pem: String,
    /// SHA-256 of the leaf, `AA:BB:…`.
    pub(crate) fingerprint: String,
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
        let key = KeyPair::generate()?;
        let leaf = leaf(node, address)?.signed_by(&key, &ca)?;
        let der = leaf.der().clone();
        let fingerprint = fingerprint(&der);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![der], key)?;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            server: Arc::new(server),
            ca_pem,
            fingerprint,
        })
    }
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

fn leaf(node: &str, address: IpAddr) -> Result<CertificateParams, TlsError> {
    let names = vec!["localhost".to_owned(), node.to_owned(), address.to_string()];
    let mut params = CertificateParams::new(names)?;
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
