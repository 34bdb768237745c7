//! What a VM is made of: CPU types, MAC addresses, UUIDs, PCI devices.

use serde_json::json;

use crate::code::Code;
use crate::finding::Fault;
use crate::suggest::nearest;

pub(super) const MAC: &str = "^[0-9A-Fa-f][02468ACEace](:[0-9A-Fa-f]{2}){5}$";
pub(super) const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";
pub(super) const PCI: &str = r"^[0-9a-f]{4}:[0-9a-f]{2}:[01][0-9a-f](\.[0-7])?$";
pub(super) const MAPPING: &str = "^[A-Za-z][A-Za-z0-9_-]+$";
const CUSTOM_CPU: &str = "^custom-[A-Za-z0-9._-]+$";

/// Types below x86-64-v2: Talos halts on them in its first second.
const TOO_OLD: &[&str] = &[
    "486",
    "pentium",
    "pentium2",
    "pentium3",
    "coreduo",
    "core2duo",
    "Conroe",
    "Penryn",
    "athlon",
    "phenom",
    "Opteron_G1",
    "Opteron_G2",
    "Opteron_G3",
    "kvm32",
    "kvm64",
    "qemu32",
    "qemu64",
];

/// The other types that Proxmox VE 9.2 knows, oldest first within a maker.
const NEW_ENOUGH: &[&str] = &[
    "x86-64-v2",
    "x86-64-v2-AES",
    "x86-64-v3",
    "x86-64-v4",
    "host",
    "max",
    "Nehalem",
    "Nehalem-IBRS",
    "Westmere",
    "Westmere-IBRS",
    "SandyBridge",
    "SandyBridge-IBRS",
    "IvyBridge",
    "IvyBridge-IBRS",
    "Haswell",
    "Haswell-IBRS",
    "Haswell-noTSX",
    "Haswell-noTSX-IBRS",
    "Broadwell",
    "Broadwell-IBRS",
    "Broadwell-noTSX",
    "Broadwell-noTSX-IBRS",
    "Skylake-Client",
    "Skylake-Client-IBRS",
    "Skylake-Client-noTSX-IBRS",
    "Skylake-Client-v4",
    "Skylake-Server",
    "Skylake-Server-IBRS",
    "Skylake-Server-noTSX-IBRS",
    "Skylake-Server-v4",
    "Skylake-Server-v5",
    "Cascadelake-Server",
    "Cascadelake-Server-v2",
    "Cascadelake-Server-noTSX",
    "Cascadelake-Server-v4",
    "Cascadelake-Server-v5",
    "Cooperlake",
    "Cooperlake-v2",
    "KnightsMill",
    "Icelake-Client",
    "Icelake-Client-noTSX",
    "Icelake-Server",
    "Icelake-Server-noTSX",
    "Icelake-Server-v3",
    "Icelake-Server-v4",
    "Icelake-Server-v5",
    "Icelake-Server-v6",
    "Icelake-Server-v7",
    "SapphireRapids",
    "SapphireRapids-v2",
    "SapphireRapids-v3",
    "SapphireRapids-v4",
    "GraniteRapids",
    "GraniteRapids-v2",
    "GraniteRapids-v3",
    "SierraForest",
    "SierraForest-v2",
    "SierraForest-v3",
    "ClearwaterForest",
    "Opteron_G4",
    "Opteron_G5",
    "EPYC",
    "EPYC-IBPB",
    "EPYC-v3",
    "EPYC-v4",
    "EPYC-v5",
    "EPYC-Rome",
    "EPYC-Rome-v2",
    "EPYC-Rome-v3",
    "EPYC-Rome-v4",
    "EPYC-Rome-v5",
    "EPYC-Milan",
    "EPYC-Milan-v2",
    "EPYC-Milan-v3",
    "EPYC-Genoa",
    "EPYC-Genoa-v2",
    "EPYC-Turin",
];

pub(super) fn cpu_type(text: &str) -> Result<(), Fault> {
    if NEW_ENOUGH.contains(&text) || is_custom_cpu(text) {
        return Ok(());
    }
    if TOO_OLD.contains(&text) {
        let what = "is older than x86-64-v2, and Talos halts on it at boot";
        return Err(Fault::new(
            Code::CpuTypeTooOld,
            what,
            "write `x86-64-v2-AES`, or `host`",
        ));
    }
    let help = match nearest(text, NEW_ENOUGH.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "a model of your own starts with `custom-`; else write `host` or `x86-64-v2-AES`"
            .to_owned(),
    };
    Err(Fault::new(
        Code::CpuTypeUnknown,
        "is not a CPU type of Proxmox VE",
        help,
    ))
}

fn is_custom_cpu(text: &str) -> bool {
    text.strip_prefix("custom-").is_some_and(|name| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    })
}

pub(super) fn cpu_type_schema() -> serde_json::Value {
    json!({ "anyOf": [{ "enum": NEW_ENOUGH }, { "type": "string", "pattern": CUSTOM_CPU }] })
}

pub(super) fn mac(text: &str) -> Result<(), Fault> {
    let Some(first) = mac_first_octet(text) else {
        let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        let help = match digits.len() {
            12 => format!("write `{}`", in_pairs(&digits.to_uppercase())),
            _ => "write six pairs of hex digits, for example `BC:24:11:00:00:0A`".to_owned(),
        };
        return Err(Fault::new(Code::MacForm, "is not a MAC address", help));
    };
    if first & 1 == 1 {
        let what = "is a multicast address (its first octet is odd), which no VM can have";
        let help = format!("write `{:02X}{}`", first & 0xFE, &text[2..]);
        return Err(Fault::new(Code::MacMulticast, what, help));
    }
    Ok(())
}

fn mac_first_octet(text: &str) -> Option<u8> {
    let octets: Option<Vec<u8>> = text
        .split(':')
        .map(|pair| (pair.len() == 2 && is_hex(pair)).then(|| u8::from_str_radix(pair, 16).ok())?)
        .collect();
    octets
        .filter(|octets| octets.len() == 6)
        .and_then(|octets| octets.first().copied())
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn in_pairs(digits: &str) -> String {
    let pairs: Vec<String> = digits
        .as_bytes()
        .chunks(2)
        .map(|pair| String::from_utf8_lossy(pair).into_owned())
        .collect();
    pairs.join(":")
}

pub(super) fn uuid(text: &str) -> Result<(), Fault> {
    // The parser also reads braces, URNs and bare digits; Proxmox wants the hyphenated form.
    if text.len() == 36 && uuid::Uuid::try_parse(text).is_ok() {
        Ok(())
    } else {
        let help = "write it with hyphens, for example `7f1c1a52-7c1b-5d0e-9f83-0d1b8a4c2e11`";
        Err(Fault::new(Code::UuidForm, "is not a UUID", help))
    }
}

pub(super) fn pci(text: &str) -> Result<(), Fault> {
    if is_pci(text) {
        return Ok(());
    }
    let lower = text.to_ascii_lowercase();
    if is_pci(&lower) {
        let what = "has upper-case digits, which Proxmox refuses in a PCI address";
        return Err(Fault::new(
            Code::PciUpperCase,
            what,
            format!("write `{lower}`"),
        ));
    }
    let help = match format!("0000:{lower}") {
        with_domain if is_pci(&with_domain) => format!("add the domain: write `{with_domain}`"),
        _ => "write it as `lspci -D` prints it, for example `0000:03:00.0`".to_owned(),
    };
    Err(Fault::new(Code::PciForm, "is not a PCI address", help))
}

/// `domain:bus:device` in lower case, with or without `.function`.
fn is_pci(text: &str) -> bool {
    let lower_hex = |part: &str, width: usize| {
        part.len() == width && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    let parts: Vec<&str> = text.split(':').collect();
    let [domain, bus, slot] = parts[..] else {
        return false;
    };
    let (device, function) = slot.split_once('.').unwrap_or((slot, "0"));
    let known_device = lower_hex(device, 2) && matches!(device.as_bytes(), [b'0' | b'1', _]);
    lower_hex(domain, 4)
        && lower_hex(bus, 2)
        && known_device
        && matches!(function.as_bytes(), [b'0'..=b'7'])
}

pub(super) fn mapping(text: &str) -> Result<(), Fault> {
    let starts = text.starts_with(|char: char| char.is_ascii_alphabetic());
    let inside = |char: char| char.is_ascii_alphanumeric() || "_-".contains(char);
    if starts && text.len() >= 2 && text.chars().all(inside) {
        return Ok(());
    }
    let help = "copy the id from Datacenter > Resource Mappings, for example `gpu0`";
    Err(Fault::new(
        Code::MappingForm,
        "is not the id of a PCI mapping",
        help,
    ))
}
