//! Names of things on a Proxmox host: nodes, storages, bridges, pools, templates, tags.
//!
//! The forms are those of Proxmox's own parameter checks; where Linux is narrower (15 bytes for an interface
//! name), the narrower one counts, since Proxmox accepts the name and fails at VM start.

use serde_json::json;

use crate::code::Code;
use crate::finding::Fault;
use crate::text::made_of;

pub(super) const DNS_LABEL: &str = "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$";
pub(super) const PROXMOX_NODE: &str = "^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$";
pub(super) const STORAGE: &str = "^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]$";
pub(super) const BRIDGE: &str = "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}$";
pub(super) const POOL: &str = "^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+){0,2}$";
pub(super) const TAG: &str = "^[a-z0-9_][a-z0-9_.+-]*$";

/// The smallest VMID that Proxmox gives to a guest.
pub(crate) const VMID_MIN: i64 = 100;
/// The largest VMID that Proxmox accepts.
pub(crate) const VMID_MAX: i64 = 999_999_999;

pub(super) fn dns_label(text: &str) -> Result<(), Fault> {
    if text.len() <= 63
        && made_of(text, lower_or_digit, |char| {
            lower_or_digit(char) || char == '-'
        })
    {
        return Ok(());
    }
    let what = "is not a host name label (a-z, 0-9 and `-` inside, at most 63 characters)";
    Err(Fault::new(Code::DnsLabel, what, as_label(text)))
}

fn lower_or_digit(char: char) -> bool {
    char.is_ascii_lowercase() || char.is_ascii_digit()
}

/// The nearest label: lower case, everything else a hyphen.
fn as_label(text: &str) -> String {
    let hyphened: String = text
        .to_lowercase()
        .chars()
        .map(|char| if lower_or_digit(char) { char } else { '-' })
        .take(63)
        .collect();
    match hyphened.trim_matches('-') {
        "" => "write a name such as `k3s-dev`".to_owned(),
        label => format!("write `{label}`"),
    }
}

pub(super) fn proxmox_node(text: &str) -> Result<(), Fault> {
    let inside = |char: char| char.is_ascii_alphanumeric() || char == '-';
    if text.len() <= 63 && made_of(text, |char| char.is_ascii_alphanumeric(), inside) {
        return Ok(());
    }
    let help = match text.split_once('.') {
        Some((short, _)) if made_of(short, |char| char.is_ascii_alphanumeric(), inside) => {
            format!("write the short name `{short}`")
        }
        _ => "copy the name from the server tree of the Proxmox web interface".to_owned(),
    };
    Err(Fault::new(
        Code::ProxmoxNodeForm,
        "is not the name of a Proxmox node",
        help,
    ))
}

pub(super) fn storage(text: &str) -> Result<(), Fault> {
    let inside = |char: char| char.is_ascii_alphanumeric() || "._-".contains(char);
    let ends = |char: char| char.is_ascii_alphanumeric();
    let letter_first = text.starts_with(|char: char| char.is_ascii_alphabetic());
    if letter_first && text.len() >= 2 && made_of(text, ends, inside) {
        return Ok(());
    }
    let help = match text.split_once(':') {
        Some((id, _)) => format!("write the storage alone: `{id}`"),
        None => "copy the id from Datacenter > Storage, for example `local-lvm`".to_owned(),
    };
    Err(Fault::new(
        Code::StorageForm,
        "is not the id of a Proxmox storage",
        help,
    ))
}

pub(super) fn bridge(text: &str) -> Result<(), Fault> {
    let starts = text.starts_with(|char: char| char.is_ascii_alphanumeric() || char == '_');
    let inside = |char: char| char.is_ascii_alphanumeric() || "_.-".contains(char);
    if starts && text.len() <= 15 && text.chars().all(inside) {
        return Ok(());
    }
    let what = "is not the name of a bridge or vnet (at most 15 of a-z, 0-9, `_`, `.`, `-`)";
    Err(Fault::new(
        Code::BridgeForm,
        what,
        "write the bridge's name, for example `vmbr0`",
    ))
}

pub(super) fn pool(text: &str) -> Result<(), Fault> {
    let part = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
    };
    let parts: Vec<&str> = text.split('/').collect();
    if parts.len() <= 3 && parts.into_iter().all(part) {
        return Ok(());
    }
    let help = "write the pool's id, for example `talos`, or `lab/talos` for a nested one";
    Err(Fault::new(
        Code::PoolForm,
        "is not the id of a Proxmox pool",
        help,
    ))
}

/// A VMID when it is all digits, else a VM name.
pub(super) fn template(text: &str) -> Result<(), Fault> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return template_vmid(text);
    }
    if text.split('.').all(is_vm_label) {
        return Ok(());
    }
    let what = "is neither a VM name nor a VMID";
    let help = match text.replace(['_', ' '], "-") {
        name if name.split('.').all(is_vm_label) => {
            format!("VM names hold no `_` and no blanks: did you mean `{name}`?")
        }
        _ => "write the template's name, for example `talos-v1.13-nocloud`, or its VMID".to_owned(),
    };
    Err(Fault::new(Code::TemplateForm, what, help))
}

fn is_vm_label(label: &str) -> bool {
    made_of(
        label,
        |c| c.is_ascii_alphanumeric(),
        |c| c.is_ascii_alphanumeric() || c == '-',
    )
}

fn template_vmid(text: &str) -> Result<(), Fault> {
    match text.parse::<i64>() {
        Ok(VMID_MIN..=VMID_MAX) if !text.starts_with('0') => Ok(()),
        _ => {
            let what = "is not a VMID";
            let help = format!("write a whole number from {VMID_MIN} to {VMID_MAX}");
            Err(Fault::new(Code::TemplateForm, what, help))
        }
    }
}

pub(super) fn template_schema() -> serde_json::Value {
    const LABEL: &str = "[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?";
    json!({ "anyOf": [
        { "type": "integer", "minimum": VMID_MIN, "maximum": VMID_MAX },
        { "type": "string", "pattern": "^[1-9][0-9]{2,8}$" },
        {
            "type": "string",
            "pattern": format!(r"^({LABEL}\.)*{LABEL}$"),
            "not": { "pattern": "^[0-9]+$" },
        },
    ] })
}

pub(super) fn tag(text: &str) -> Result<(), Fault> {
    let starts = text.starts_with(|char: char| lower_or_digit(char) || char == '_');
    if starts
        && text
            .chars()
            .all(|char| lower_or_digit(char) || "_.+-".contains(char))
    {
        return Ok(());
    }
    let lower = text.to_lowercase();
    let help = if lower != text && tag(&lower).is_ok() {
        format!("write it in lower case: `{lower}`")
    } else {
        "use a-z, 0-9, `_`, `.`, `+` and `-`, one tag per element".to_owned()
    };
    Err(Fault::new(Code::TagForm, "is not a tag", help))
}
