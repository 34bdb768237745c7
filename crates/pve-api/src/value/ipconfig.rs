//! Addresses that cloud-init gives to a network device: the options `ipconfig0`…

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt;
use std::str::FromStr;

use super::property::{Fields, Format};
use crate::Malformed;

const FORMAT: Format = Format {
    what: "a cloud-init address",
    default_key: "ip",
    aliases: &[],
    flags: &[],
    defaults: &[],
};

/// How a device gets its IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ipv4Setting {
    /// From a DHCP server.
    Dhcp,
    /// This address, with the length of its network's prefix.
    Static(Ipv4Addr, u8),
}

/// How a device gets its IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ipv6Setting {
    /// From a DHCP server.
    Dhcp,
    /// From router advertisements.
    Auto,
    /// This address, with the length of its network's prefix.
    Static(Ipv6Addr, u8),
}

/// The addresses of one network device.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct IpConfig {
    /// The IPv4 address.
    pub ip: Option<Ipv4Setting>,
    /// The IPv4 router.
    pub gateway: Option<Ipv4Addr>,
    /// The IPv6 address.
    pub ip6: Option<Ipv6Setting>,
    /// The IPv6 router.
    pub gateway6: Option<Ipv6Addr>,
}

fn cidr<A: FromStr>(text: &str, longest: u8) -> Option<(A, u8)> {
    let (address, prefix) = text.split_once('/')?;
    let length: u8 = prefix.parse().ok().filter(|length| *length <= longest)?;
    Some((address.parse().ok()?, length))
}

impl FromStr for Ipv4Setting {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if text == "dhcp" {
            return Ok(Self::Dhcp);
        }
        let address = cidr(text, 32).map(|(address, length)| Self::Static(address, length));
        address.ok_or_else(|| {
            Malformed::new(
                FORMAT.what,
                text,
                "expected `dhcp` or as in `192.0.2.11/24`",
            )
        })
    }
}

impl FromStr for Ipv6Setting {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        match text {
            "dhcp" => return Ok(Self::Dhcp),
            "auto" => return Ok(Self::Auto),
            _ => {}
        }
        let address = cidr(text, 128).map(|(address, length)| Self::Static(address, length));
        let rule = "expected `dhcp`, `auto` or as in `2001:db8::11/64`";
        address.ok_or_else(|| Malformed::new(FORMAT.what, text, rule))
    }
}

impl fmt::Display for Ipv4Setting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dhcp => out.write_str("dhcp"),
            Self::Static(address, length) => write!(out, "{address}/{length}"),
        }
    }
}

impl fmt::Display for Ipv6Setting {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dhcp => out.write_str("dhcp"),
            Self::Auto => out.write_str("auto"),
            Self::Static(address, length) => write!(out, "{address}/{length}"),
        }
    }
}

fn take_router<A: FromStr + Into<IpAddr>>(
    fields: &mut Fields,
    key: &str,
) -> Result<Option<A>, Malformed> {
    let parse = |text: String| {
        text.parse()
            .map_err(|_| Malformed::new("a router's address", &text, "expected an IP address"))
    };
    fields.take(key).map(parse).transpose()
}

impl FromStr for IpConfig {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut fields = FORMAT.read(text)?;
        let config = Self {
            ip: fields.take_as("ip")?,
            gateway: take_router(&mut fields, "gw")?,
            ip6: fields.take_as("ip6")?,
            gateway6: take_router(&mut fields, "gw6")?,
        };
        match fields.iter().next() {
            Some((key, _)) => Err(Malformed::new(
                FORMAT.what,
                text,
                format!("`{key}` is not known"),
            )),
            None => Ok(config),
        }
    }
}

impl fmt::Display for IpConfig {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        fields.put("ip", self.ip);
        fields.put("gw", self.gateway);
        fields.put("ip6", self.ip6);
        fields.put("gw6", self.gateway6);
        out.write_str(&fields.print(None))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn key_order_makes_no_difference() {
        let config: IpConfig = "ip=192.0.2.11/24,gw=192.0.2.1"
            .parse()
            .expect("well formed");
        assert_eq!("gw=192.0.2.1,ip=192.0.2.11/24".parse(), Ok(config));
        assert_eq!(
            config.ip,
            Some(Ipv4Setting::Static(Ipv4Addr::new(192, 0, 2, 11), 24))
        );
    }

    #[test]
    fn ipv6_spellings_of_one_address_are_equal() {
        assert_eq!(
            "ip6=2001:DB8:0:0::11/64".parse::<IpConfig>(),
            "ip6=2001:db8::11/64".parse::<IpConfig>(),
        );
        assert_eq!(
            "ip6=auto".parse::<IpConfig>().map(|c| c.ip6),
            Ok(Some(Ipv6Setting::Auto))
        );
    }

    #[test]
    fn junk_is_refused() {
        for text in [
            "ip=192.0.2.11",
            "ip=192.0.2.11/33",
            "ip=auto",
            "gw=router",
            "ip6=::/129",
            "dns=1",
        ] {
            assert!(text.parse::<IpConfig>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(ip in any::<Option<(Ipv4Addr, u8)>>(), gateway6 in any::<Option<Ipv6Addr>>()) {
            let ip = ip.map(|(address, length)| Ipv4Setting::Static(address, length % 33));
            let config = IpConfig { ip, gateway6, ..IpConfig::default() };
            prop_assert_eq!(config.to_string().parse(), Ok(config));
        }

        #[test]
        fn any_text_is_refused_or_survives_printing(text in "(ip6?=)?[ -~é]{0,40}") {
            if let Ok(read) = text.parse::<IpConfig>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
