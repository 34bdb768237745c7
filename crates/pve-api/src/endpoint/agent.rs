//! The agent in the guest: `/nodes/{node}/qemu/{vmid}/agent`.

use core::net::IpAddr;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::vm;
use crate::lenient;
use crate::request::{Method, Nothing, Request};
use crate::{NodeName, VmId};

/// A network interface as the guest sees it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GuestInterface {
    /// The guest's name for it.
    pub name: String,
    /// The MAC, if it has one.
    #[serde(
        rename = "hardware-address",
        default,
        deserialize_with = "lenient::maybe"
    )]
    pub mac: Option<String>,
    /// The addresses.
    #[serde(rename = "ip-addresses", default)]
    pub addresses: Vec<GuestAddress>,
}

/// An address of a guest's interface.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GuestAddress {
    /// The address.
    #[serde(rename = "ip-address", deserialize_with = "lenient::value")]
    pub address: IpAddr,
    /// The length of the network's prefix.
    #[serde(deserialize_with = "lenient::value")]
    pub prefix: u8,
}

/// What the agent answered. Its own errors come with HTTP status 200
/// (recording `22-guest-agent.json`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GuestInterfaces {
    /// The interfaces.
    Listed(Vec<GuestInterface>),
    /// Why the agent could not list them.
    Failed(String),
}

#[derive(Deserialize)]
struct Answer {
    result: GuestInterfaces,
}

struct ResultVisitor;

impl<'de> Visitor<'de> for ResultVisitor {
    type Value = GuestInterfaces;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a list of interfaces or an object with `error`")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<GuestInterfaces, A::Error> {
        let mut interfaces = Vec::new();
        while let Some(interface) = list.next_element()? {
            interfaces.push(interface);
        }
        Ok(GuestInterfaces::Listed(interfaces))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<GuestInterfaces, A::Error> {
        let mut failure = None;
        while let Some(key) = map.next_key::<String>()? {
            if key == "error" {
                failure = Some(map.next_value::<QmpError>()?.desc);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        failure
            .map(GuestInterfaces::Failed)
            .ok_or_else(|| de::Error::missing_field("error"))
    }
}

#[derive(Deserialize)]
struct QmpError {
    desc: String,
}

impl<'de> Deserialize<'de> for GuestInterfaces {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ResultVisitor)
    }
}

/// The envelope `{"result": …}` of an answer of the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterfacesAnswer(pub GuestInterfaces);

impl<'de> Deserialize<'de> for InterfacesAnswer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Answer::deserialize(deserializer).map(|answer| Self(answer.result))
    }
}

/// Asks for the guest's interfaces. Needs VM.Monitor on 8.x and VM.GuestAgent.Audit on 9.x.
pub fn network_interfaces(node: &NodeName, vmid: VmId) -> Request<InterfacesAnswer> {
    vm::below(
        Method::Get,
        node,
        vmid,
        &["agent", "network-get-interfaces"],
    )
}

/// Asks whether the agent answers; takes 3 s when it does not.
pub fn ping(node: &NodeName, vmid: VmId) -> Request<Nothing> {
    vm::below(Method::Post, node, vmid, &["agent", "ping"])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> GuestInterfaces {
        serde_json::from_str::<InterfacesAnswer>(text)
            .expect("a recorded answer")
            .0
    }

    #[test]
    fn addresses_and_failures_are_told_apart() {
        let listed = r#"{"result":[{"hardware-address":"bc:24:11:00:00:64","ip-addresses":[
            {"ip-address":"192.0.2.50","ip-address-type":"ipv4","prefix":24}],"name":"eth0"}]}"#;
        let eth0 = GuestInterface {
            name: "eth0".to_owned(),
            mac: Some("bc:24:11:00:00:64".to_owned()),
            addresses: vec![GuestAddress {
                address: [192, 0, 2, 50].into(),
                prefix: 24,
            }],
        };
        assert_eq!(read(listed), GuestInterfaces::Listed(vec![eth0]));
        let failed = r#"{"result":{"error":{"class":"GenericError","desc":"no interfaces"}}}"#;
        assert_eq!(
            read(failed),
            GuestInterfaces::Failed("no interfaces".to_owned())
        );
    }
}
