//! SHA-256 fingerprints of certificates.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

/// The SHA-256 of a certificate, as Proxmox shows it: `AA:BB:…`, 32 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Computes the fingerprint of a certificate in DER.
    pub fn of(der: &[u8]) -> Self {
        Self(Sha256::digest(der).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.map(|byte| format!("{byte:02X}")).join(":"))
    }
}

/// A text that is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a SHA-256 fingerprint: expected 32 bytes in hexadecimal, as in `AA:BB:…`")]
pub struct FingerprintError(String);

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, FingerprintError> {
        let malformed = || FingerprintError(text.to_owned());
        let digits: String = text.trim().chars().filter(|char| *char != ':').collect();
        if digits.len() != 64 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(malformed());
        }
        let bytes: Result<Vec<u8>, _> = (0..32)
            .map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16))
            .collect();
        let bytes = bytes.ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Self).ok_or_else(malformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_with_and_without_colons_in_any_case() {
        let fingerprint = Fingerprint::of(b"");
        let text = fingerprint.to_string();
        assert!(text.starts_with("E3:B0:C4:42:") && text.len() == 95);
        for spelling in [text.clone(), text.to_lowercase(), text.replace(':', "")] {
            assert_eq!(spelling.parse(), Ok(fingerprint));
        }
    }

    #[test]
    fn other_lengths_and_letters_are_refused() {
        for text in [
            "",
            "AA:BB",
            &"é".repeat(32),
            &"G".repeat(64),
            &"A".repeat(40),
        ] {
            assert!(text.parse::<Fingerprint>().is_err(), "{text}");
        }
    }
}
