//! Addresses of PCI devices of the host.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserialize, Deserializer};

use crate::Malformed;

/// A PCI device, `0000:01:00.0`, or all functions of a slot, `0000:01:00`.
///
/// Hexadecimal digits are lower case: Proxmox refuses capitals. The domain may be left out when
/// reading and is always printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PciAddress {
    /// The domain, nearly always 0.
    pub domain: u32,
    /// The bus.
    pub bus: u8,
    /// The device on the bus.
    pub device: u8,
    /// The function; none means all functions of the device.
    pub function: Option<u8>,
}

impl PciAddress {
    /// Returns whether both name at least one function in common.
    pub fn overlaps(self, other: Self) -> bool {
        let slot = |address: Self| (address.domain, address.bus, address.device);
        let all = self.function.is_none() || other.function.is_none();
        slot(self) == slot(other) && (all || self.function == other.function)
    }
}

fn hex(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<u32> {
    let plain = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let well_formed = lengths.contains(&text.len()) && text.bytes().all(plain);
    if well_formed {
        u32::from_str_radix(text, 16).ok()
    } else {
        None
    }
}

fn byte(text: &str, length: usize) -> Option<u8> {
    u8::try_from(hex(text, length..=length)?).ok()
}

fn parse(text: &str) -> Option<PciAddress> {
    let (domain, rest) = match text.split(':').collect::<Vec<_>>()[..] {
        [bus, rest] => (0, (bus, rest)),
        [domain, bus, rest] => (hex(domain, 4..=8)?, (bus, rest)),
        _ => return None,
    };
    let (bus, slot) = rest;
    let (device, function) = match slot.split_once('.') {
        Some((device, function)) => (device, Some(byte(function, 1)?)),
        None => (slot, None),
    };
    Some(PciAddress {
        domain,
        bus: byte(bus, 2)?,
        device: byte(device, 2)?,
        function,
    })
}

impl FromStr for PciAddress {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let rule = "expected lower-case hexadecimal digits as in `0000:01:00.0`";
        parse(text).ok_or_else(|| Malformed::new("a PCI address", text, rule))
    }
}

impl fmt::Display for PciAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "{:04x}:{:02x}:{:02x}",
            self.domain, self.bus, self.device
        )?;
        self.function
            .map_or(Ok(()), |function| write!(out, ".{function:x}"))
    }
}

impl<'de> Deserialize<'de> for PciAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> PciAddress {
        text.parse().expect(text)
    }

    #[test]
    fn the_domain_may_be_left_out() {
        assert_eq!(read("01:00.0"), read("0000:01:00.0"));
        assert_eq!(read("01:00").to_string(), "0000:01:00");
        assert_eq!(read("10000:01:00.f").to_string(), "10000:01:00.f");
    }

    #[test]
    fn what_proxmox_refuses_is_refused() {
        for text in [
            "0000:0A:00.0",
            "1:00.0",
            "0000:01:00.10",
            "0000:01",
            "01",
            "",
            "xyz",
            "000:01:00.0",
        ] {
            assert!(text.parse::<PciAddress>().is_err(), "{text}");
        }
    }

    #[test]
    fn all_functions_overlap_each_function() {
        assert!(read("01:00").overlaps(read("01:00.1")));
        assert!(!read("01:00.0").overlaps(read("01:00.1")));
        assert!(!read("01:00").overlaps(read("02:00")));
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(
            domain in any::<u32>(), bus in any::<u8>(), device in any::<u8>(),
            function in proptest::option::of(0..16_u8),
        ) {
            let address = PciAddress { domain, bus, device, function };
            prop_assert_eq!(address.to_string().parse(), Ok(address));
        }

        #[test]
        fn any_text_is_refused_or_survives_printing(text in any::<String>()) {
            if let Ok(read) = text.parse::<PciAddress>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
