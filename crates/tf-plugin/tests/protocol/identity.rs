//! Client certificates like Terraform's: P-521, self-signed, marked as an authority.

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512};
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};

pub(crate) struct Identity {
    pub(crate) pem: String,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).expect("a key");
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            pem: certificate.pem(),
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
        }
    }

    /// This certificate with the key of another: what an onlooker of the environment has.
    pub(crate) fn with_key_of(&self, other: &Self) -> Self {
        Self {
            pem: self.pem.clone(),
            certificate: self.certificate.clone(),
            key: other.key.clone(),
        }
    }

    /// Certificate and key, whether or not they belong together.
    pub(crate) fn resolver(&self) -> SingleCertAndKey {
        let key = PrivatePkcs8KeyDer::from(self.key.clone()).into();
        let key = any_supported_type(&key).expect("a key that can sign");
        CertifiedKey::new(vec![self.certificate.clone()], key).into()
    }
}
