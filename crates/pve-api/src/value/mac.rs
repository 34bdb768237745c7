//! MAC addresses of network devices.

use std::fmt;
use std::str::FromStr;

use crate::Malformed;

/// A unicast MAC address. Case makes no difference; printed in capitals, as Proxmox makes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddress([u8; 6]);

impl MacAddress {
    /// Checks that the address is unicast, as Proxmox does.
    pub fn new(bytes: [u8; 6]) -> Result<Self, Malformed> {
        let address = Self(bytes);
        if bytes[0] & 1 == 0 {
            Ok(address)
        } else {
            Err(malformed(&address.to_string()))
        }
    }

    /// Returns the six bytes.
    pub const fn bytes(self) -> [u8; 6] {
        self.0
    }
}

fn malformed(text: &str) -> Malformed {
    Malformed::new(
        "a unicast MAC address",
        text,
        "expected six bytes as in `BC:24:11:00:00:01`, the first even",
    )
}

impl fmt::Display for MacAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.map(|byte| format!("{byte:02X}"));
        out.write_str(&bytes.join(":"))
    }
}

impl FromStr for MacAddress {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let bytes: Option<Vec<u8>> = text.split(':').map(byte).collect();
        let bytes = bytes.and_then(|bytes| <[u8; 6]>::try_from(bytes).ok());
        Self::new(bytes.ok_or_else(|| malformed(text))?)
    }
}

fn byte(text: &str) -> Option<u8> {
    let plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if plain {
        u8::from_str_radix(text, 16).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_makes_no_difference() {
        let lower: MacAddress = "aa:bb:cc:dd:ee:f0".parse().expect("well formed");
        assert_eq!(Ok(lower), "AA:BB:CC:DD:EE:F0".parse());
        assert_eq!(lower.to_string(), "AA:BB:CC:DD:EE:F0");
    }

    #[test]
    fn multicast_and_junk_are_refused() {
        for text in [
            "01:00:5E:00:00:01",
            "BC:24:11:00:00",
            "BC:24:11:00:00:01:02",
            "BC-24-11-00-00-01",
            "BC:24:11:0:0:1",
            "+C:24:11:00:00:01",
            "",
        ] {
            assert!(text.parse::<MacAddress>().is_err(), "{text}");
        }
    }
}
