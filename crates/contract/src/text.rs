//! The formats a text can have: what each accepts, what it says to a text it refuses, and the same as a
//! JSON Schema pattern.

mod access;
mod hardware;
pub(crate) mod network;
mod place;
pub(crate) mod versions;

use serde_json::json;

use crate::code::Code;
use crate::finding::Fault;
use crate::suggest::nearest;
pub use network::Network;
pub(crate) use place::{VMID_MAX, VMID_MIN};

/// The format of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Text {
    /// Any text at all: nothing is made of it.
    Any,
    /// Any text on one line, without blanks at its ends.
    Free,
    /// The secret part of an API token.
    TokenSecret,
    /// A password: anything but nothing.
    Password,
    /// One label of a host name.
    DnsLabel,
    /// The name of a Proxmox node.
    ProxmoxNode,
    /// The id of a Proxmox storage.
    Storage,
    /// The name of a bridge or vnet.
    Bridge,
    /// The id of a Proxmox resource pool.
    Pool,
    /// A template by name or VMID.
    Template,
    /// The address of the Proxmox API.
    Url,
    /// `user@realm!name`.
    TokenId,
    /// `user@realm`.
    Username,
    /// SHA-256 of a certificate.
    Fingerprint,
    /// A CPU type of Proxmox that Talos can boot on.
    CpuType,
    /// An IPv4 network.
    Cidr(Network),
    /// An IPv4 address that a machine can have.
    Address,
    /// A unicast MAC address.
    Mac,
    /// A UUID.
    Uuid,
    /// A PCI address as Proxmox stores it.
    Pci,
    /// The id of a Proxmox PCI mapping.
    Mapping,
    /// A tag of a VM.
    Tag,
    /// The id of a Talos Image Factory schematic.
    Schematic,
    /// `vMAJOR.MINOR.PATCH`.
    Version,
    /// One of a few words.
    Choice(&'static [&'static str]),
}

impl Text {
    pub(crate) fn check(self, text: &str) -> Result<(), Fault> {
        self.check_ends(text)?;
        match self {
            Self::Free => one_line(text),
            Self::TokenSecret => access::token_secret(text),
            Self::Any | Self::Password => Ok(()),
            Self::DnsLabel => place::dns_label(text),
            Self::ProxmoxNode => place::proxmox_node(text),
            Self::Storage => place::storage(text),
            Self::Bridge => place::bridge(text),
            Self::Pool => place::pool(text),
            Self::Template => place::template(text),
            Self::Tag => place::tag(text),
            Self::Url => access::url(text),
            Self::TokenId => access::token_id(text),
            Self::Username => access::username(text),
            Self::Fingerprint => access::fingerprint(text),
            Self::CpuType => hardware::cpu_type(text),
            Self::Mac => hardware::mac(text),
            Self::Uuid => hardware::uuid(text),
            Self::Pci => hardware::pci(text),
            Self::Mapping => hardware::mapping(text),
            Self::Cidr(network) => network.parse(text).map(drop),
            Self::Address => network::address(text).map(drop),
            Self::Schematic => versions::schematic(text),
            Self::Version => versions::version(text).map(drop),
            Self::Choice(words) => choice(words, text),
        }
    }

    /// Nothing, and blanks at the ends, are said in the same words for every format.
    fn check_ends(self, text: &str) -> Result<(), Fault> {
        if self == Self::Any {
            return Ok(());
        }
        if text.is_empty() || (self != Self::Password && text.trim().is_empty()) {
            let help = "type a value, or remove the line";
            return Err(Fault::new(Code::TextEmpty, "is empty", help).hidden());
        }
        if self == Self::Password || text.trim() == text {
            return Ok(());
        }
        let what = "has blanks at its ends";
        // A token id is no secret, but a whole token pasted into its place is.
        let may_be_secret = matches!(self, Self::TokenSecret | Self::TokenId);
        if may_be_secret || text.contains('\n') {
            Err(Fault::new(Code::TextBlanks, what, "remove them").hidden())
        } else {
            let help = format!("write `{}`", text.trim().escape_debug());
            Err(Fault::new(Code::TextBlanks, what, help))
        }
    }

    /// Whether a whole number may stand where this text is expected.
    pub fn takes_number(self) -> bool {
        self == Self::Template
    }

    /// Whether a list of these holds each once. A PCI address twice is a matter of all nodes together, and said
    /// there; of `Any` nothing is made.
    pub(crate) fn is_unique_in_lists(self) -> bool {
        !matches!(self, Self::Pci | Self::Any)
    }

    /// The JSON Schema of this format. It refuses no text that the rules accept; where a rule needs
    /// arithmetic (host bits, reserved ranges, a port's size) it accepts more.
    pub fn json_schema(self) -> serde_json::Value {
        match self {
            Self::Any => json!({ "type": "string" }),
            Self::Choice(words) => json!({ "enum": words }),
            Self::CpuType => hardware::cpu_type_schema(),
            Self::Template => place::template_schema(),
            Self::Cidr(network) => json!({ "type": "string", "pattern": network.pattern() }),
            other => json!({ "type": "string", "pattern": other.pattern() }),
        }
    }

    fn pattern(self) -> &'static str {
        match self {
            Self::Free => r"^[^\s\x00-\x1f\x7f]([^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?$",
            Self::TokenSecret => access::TOKEN_SECRET,
            Self::DnsLabel => place::DNS_LABEL,
            Self::ProxmoxNode => place::PROXMOX_NODE,
            Self::Storage => place::STORAGE,
            Self::Bridge => place::BRIDGE,
            Self::Pool => place::POOL,
            Self::Tag => place::TAG,
            Self::Url => access::URL,
            Self::TokenId => access::TOKEN_ID,
            Self::Username => access::USERNAME,
            Self::Fingerprint => access::FINGERPRINT,
            Self::Address => network::ADDRESS,
            Self::Mac => hardware::MAC,
            Self::Uuid => hardware::UUID,
            Self::Pci => hardware::PCI,
            Self::Mapping => hardware::MAPPING,
            Self::Schematic => versions::SCHEMATIC,
            Self::Version => versions::VERSION,
            Self::Password => r"[\s\S]",
            // These have schemas that are no single pattern.
            Self::Any | Self::Choice(_) | Self::CpuType | Self::Template | Self::Cidr(_) => "",
        }
    }
}

fn one_line(text: &str) -> Result<(), Fault> {
    if text.chars().any(|char| char.is_ascii_control()) {
        Err(Fault::new(
            Code::TextControl,
            "holds a control character",
            "write it on one line",
        ))
    } else {
        Ok(())
    }
}

fn choice(words: &[&str], text: &str) -> Result<(), Fault> {
    if words.contains(&text) {
        return Ok(());
    }
    let help = match nearest(text, words.iter().copied()) {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("write one of {}", listed(words)),
    };
    Err(Fault::new(
        Code::ChoiceUnknown,
        format!("is none of {}", listed(words)),
        help,
    ))
}

/// `a`, `b` or `c`, each in backticks.
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} or {last}", before.join(", ")),
        None => String::new(),
    }
}

/// Whether every character of a non-empty text satisfies `allowed`, and its ends `at_ends`.
pub(crate) fn made_of(text: &str, at_ends: fn(char) -> bool, allowed: fn(char) -> bool) -> bool {
    text.starts_with(at_ends) && text.ends_with(at_ends) && text.chars().all(allowed)
}
