//! IPv4 networks and addresses. IPv6 is told apart from nonsense, and refused: slots are IPv4 arithmetic.

use core::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use ipnet::Ipv4Net;

use crate::code::Code;
use crate::finding::Fault;

const OCTET: &str = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
pub(super) const ADDRESS: &str = concat!(
    r"^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}",
    "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$"
);

/// Which of the cluster's networks a CIDR is, and so how large it can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// The network the VMs are in.
    Nodes,
    /// The pod network: Kubernetes cuts one /24 per node out of it.
    Pods,
    /// The service network: kube-apiserver takes no range larger than a /12.
    Services,
}

impl Network {
    fn sizes(self) -> (u8, u8) {
        match self {
            Self::Nodes => (8, 29),
            Self::Pods => (8, 24),
            Self::Services => (12, 28),
        }
    }

    /// The node network that a machine with this address is in, and its first address, where routers mostly are; the
    /// last one when the first is the machine itself.
    pub fn around(address_with_size: &str) -> Option<(String, String)> {
        let net: Ipv4Net = address_with_size.parse().ok()?;
        let first = net.hosts().next()?;
        let last = Ipv4Addr::from(u32::from(net.broadcast()).checked_sub(1)?);
        let gateway = if net.addr() == first { last } else { first };
        let network = net.trunc().to_string();
        Self::Nodes.parse(&network).ok()?;
        Some((network, gateway.to_string()))
    }

    pub(super) fn pattern(self) -> String {
        let (largest, smallest) = self.sizes();
        let sizes: Vec<String> = (largest..=smallest).map(|size| size.to_string()).collect();
        format!(r"^({OCTET}\.){{3}}{OCTET}/({})$", sizes.join("|"))
    }

    /// Reads the network, refusing host bits, sizes that cannot work, and ranges that no cluster can use.
    pub(crate) fn parse(self, text: &str) -> Result<Ipv4Net, Fault> {
        let net = cidr(text)?;
        let (largest, smallest) = self.sizes();
        if net.prefix_len() < largest || net.prefix_len() > smallest {
            let what = format!("is not from /{largest} to /{smallest} in size");
            let size = net.prefix_len().clamp(largest, smallest);
            let near = Ipv4Net::new_assert(net.addr(), size).trunc();
            return Err(Fault::new(
                Code::CidrSize,
                what,
                format!("write for example `{near}`"),
            ));
        }
        if net.addr() != net.network() {
            let help = format!("the network is `{}`", net.trunc());
            return Err(Fault::new(Code::CidrHostBits, "has host bits set", help));
        }
        match reserved(net) {
            None => Ok(net),
            Some(why) => {
                let help = "use a private range, for example `192.168.1.0/24` or `10.0.0.0/16`";
                Err(Fault::new(
                    Code::AddressReserved,
                    format!("overlaps {why}"),
                    help,
                ))
            }
        }
    }
}

fn cidr(text: &str) -> Result<Ipv4Net, Fault> {
    let what = "is not an IPv4 network";
    let Some((address, size)) = text.split_once('/') else {
        let help = match text.parse::<Ipv4Addr>() {
            Ok(_) => format!("add the size: `{text}/24`"),
            Err(_) => "write it as `192.168.1.0/24`".to_owned(),
        };
        return Err(v6_or(text, Fault::new(Code::CidrForm, what, help)));
    };
    let digits = size.bytes().all(|byte| byte.is_ascii_digit());
    let plain = digits && (size == "0" || !size.starts_with('0'));
    let parsed = address
        .parse()
        .ok()
        .zip(size.parse().ok().filter(|_| plain));
    parsed
        .and_then(|(address, size)| Ipv4Net::new(address, size).ok())
        .ok_or_else(|| {
            let help = "write it as `192.168.1.0/24`: four numbers up to 255 and a size up to 32";
            v6_or(address, Fault::new(Code::CidrForm, what, help))
        })
}

fn v6_or(text: &str, otherwise: Fault) -> Fault {
    match text.parse::<Ipv6Addr>() {
        Ok(_) => Fault::new(
            Code::Ipv6Unsupported,
            "is IPv6, which is not supported here",
            "use IPv4",
        ),
        Err(_) => otherwise,
    }
}

/// Reads an address that a machine in a network can have.
pub(crate) fn address(text: &str) -> Result<Ipv4Addr, Fault> {
    let Ok(address) = text.parse::<Ipv4Addr>() else {
        let help = match text.split_once('/') {
            Some((alone, _)) if alone.parse::<Ipv4Addr>().is_ok() => {
                format!("write it without the size: `{alone}`")
            }
            _ => "write four numbers up to 255, for example `192.168.1.11`".to_owned(),
        };
        let alone = text.split('/').next().unwrap_or(text);
        return Err(v6_or(
            alone,
            Fault::new(Code::AddressForm, "is not an IPv4 address", help),
        ));
    };
    match reserved(Ipv4Net::from(address)) {
        None => Ok(address),
        Some(why) => {
            let help = "write an address of the network the VMs are in";
            Err(Fault::new(
                Code::AddressReserved,
                format!("belongs to {why}"),
                help,
            ))
        }
    }
}

/// What no machine of a cluster can have an address of, and why.
const RESERVED: [(&str, &str); 5] = [
    ("0.0.0.0/8", "0.0.0.0/8, which means \"this host\""),
    ("127.0.0.0/8", "127.0.0.0/8, the loopback range"),
    // Talos itself answers DNS on 169.254.116.108.
    ("169.254.0.0/16", "169.254.0.0/16, the link-local range"),
    ("224.0.0.0/4", "224.0.0.0/4, the multicast range"),
    ("240.0.0.0/4", "240.0.0.0/4, which is not in use"),
];

/// Why no machine of a cluster can have an address of `net`, if so.
fn reserved(net: Ipv4Net) -> Option<&'static str> {
    static RANGES: LazyLock<Vec<(Ipv4Net, &'static str)>> = LazyLock::new(|| {
        let parsed = |(range, why): (&str, _)| Some((range.parse().ok()?, why));
        RESERVED.into_iter().filter_map(parsed).collect()
    });
    let mut ranges = RANGES.iter();
    let (_, why) = ranges.find(|(range, _)| overlap(*range, net))?;
    Some(why)
}

/// Whether two networks share an address: one of two such networks always contains the other.
pub(crate) fn overlap(a: Ipv4Net, b: Ipv4Net) -> bool {
    a.contains(&b.network()) || b.contains(&a.network())
}
