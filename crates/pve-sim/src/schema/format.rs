//! The named formats: what a text must look like, and what is said when it does not.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

use crate::roles;
use crate::world::{PveVersion, is_disk_key};

type Check = fn(&str) -> Result<(), String>;
type VersionedCheck = fn(PveVersion, &str) -> Result<(), String>;

/// How a text is checked.
#[derive(Clone, Debug)]
pub(crate) enum Format {
    Named(Check),
    Versioned(VersionedCheck),
    /// Each item of a list.
    List(VersionedCheck),
    /// A property string of this set.
    Properties(&'static str),
}

/// The format of a name used in the tables.
pub(super) fn named(name: &str) -> Option<Format> {
    Some(match name {
        "pve-vmid" => Format::Named(vmid),
        "dns-name" => Format::Named(dns_name),
        "pve-node" => Format::Named(node),
        "pve-configid" => Format::Named(config_id),
        "pve-configid-list" => Format::List(|_, item| config_id(item)),
        "pve-storage-id" => Format::Named(storage_id),
        "pve-storage-id-list" => Format::List(|_, item| storage_id(item)),
        "pve-vmid-list" => Format::List(|_, item| vmid(item)),
        "pve-node-list" => Format::List(|_, item| node(item)),
        "string-list" | "any-list" => Format::List(|_, _| Ok(())),
        "pve-poolid" => Format::Named(pool_id),
        "pve-roleid" => Format::Named(role_id),
        "pve-roleid-list" => Format::List(|_, item| role_id(item)),
        "pve-userid" => Format::Named(user_id),
        "pve-userid-list" => Format::List(|_, item| user_id(item)),
        "pve-tokenid-list" => Format::List(|_, item| token_id(item)),
        "pve-groupid-list" => Format::List(|_, item| group_id(item)),
        "pve-realm" => Format::Named(realm),
        "pve-priv-list" => Format::List(privilege),
        "pve-tag-list" => Format::List(|_, item| tag(item)),
        "address-list" => Format::List(|_, item| address(item)),
        "urlencoded" => Format::Named(urlencoded),
        "pve-startup-order" => Format::Named(startup),
        "pve-cpuset" => Format::Named(cpu_set),
        "pve-vm-cpu-conf" => Format::Versioned(cpu),
        "pve-qm-boot" => Format::Versioned(boot),
        "bootdev-list" => Format::Named(boot_devices),
        "pve-volume-id" => Format::Named(volume_id),
        "qm-path" => Format::Named(volume_id_or_path),
        "absolute-path" => Format::Named(volume_id_or_absolute),
        "pve-storage-content" => Format::Named(content),
        "pve-storage-content-list" => Format::List(|_, item| content(item)),
        "mac-addr" => Format::Named(mac),
        "disk-size" => Format::Named(disk_size),
        "ipv4-config" => Format::Named(ipv4_config),
        "ipv6-config" => Format::Named(ipv6_config),
        "ipv4" => Format::Named(ipv4),
        "ipv6" => Format::Named(ipv6),
        "pve-hotplug-features" => Format::Named(hotplug),
        "task-status-list" => Format::List(|_, item| task_status(item)),
        _ => return None,
    })
}

/// Items of a list: separated by commas, semicolons, blanks or NUL; empty ones do not count.
pub(crate) fn split_list(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| c == ',' || c == ';' || c == '\0' || c.is_whitespace())
        .filter(|item| !item.is_empty())
}

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($text).expect("the pattern is a constant"));
    };
}

fn when(ok: bool, error: impl FnOnce() -> String) -> Result<(), String> {
    if ok { Ok(()) } else { Err(error()) }
}

fn say(text: &'static str) -> impl FnOnce() -> String {
    move || format!("{text}\n")
}

fn vmid(text: &str) -> Result<(), String> {
    pattern!(RE, r"^[1-9][0-9]{2,8}$");
    when(
        RE.is_match(text),
        say("value does not look like a valid VM ID"),
    )
}

fn is_dns_name(text: &str) -> bool {
    pattern!(
        RE,
        r"^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?$"
    );
    RE.is_match(text)
}

fn dns_name(text: &str) -> Result<(), String> {
    when(
        is_dns_name(text),
        say("value does not look like a valid DNS name"),
    )
}

fn node(text: &str) -> Result<(), String> {
    pattern!(RE, r"^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$");
    when(
        RE.is_match(text),
        say("value does not look like a valid node name"),
    )
}

fn config_id(text: &str) -> Result<(), String> {
    pattern!(RE, r"^(?i)[a-z][a-z0-9_-]+$");
    when(RE.is_match(text), || {
        format!("invalid configuration ID '{text}'\n")
    })
}

/// Whether a text may be the name of a storage.
pub(crate) fn is_storage_id(text: &str) -> bool {
    pattern!(RE, r"^(?i)[a-z][a-z0-9\-_.]*[a-z0-9]$");
    RE.is_match(text)
}

fn storage_id(text: &str) -> Result<(), String> {
    when(is_storage_id(text), || {
        format!("storage ID '{text}' contains illegal characters\n")
    })
}

fn pool_id(text: &str) -> Result<(), String> {
    pattern!(RE, r"^[A-Za-z0-9.\-_]+(?:/[A-Za-z0-9.\-_]+){0,2}$");
    when(
        RE.is_match(text),
        say("value does not look like a valid pool name"),
    )
}

fn role_id(text: &str) -> Result<(), String> {
    pattern!(RE, r"^[A-Za-z0-9.\-_]+$");
    when(RE.is_match(text), || {
        format!("role name '{text}' contains invalid characters\n")
    })
}

fn user_id(text: &str) -> Result<(), String> {
    pattern!(RE, r"^[^\s:/!]+@[A-Za-z][A-Za-z0-9.\-_]+$");
    when(RE.is_match(text), || {
        format!("value '{text}' does not look like a valid user name\n")
    })
}

fn token_id(text: &str) -> Result<(), String> {
    pattern!(
        RE,
        r"^[^\s:/]+@[A-Za-z][A-Za-z0-9.\-_]+![A-Za-z][A-Za-z0-9.\-_]+$"
    );
    when(RE.is_match(text), || {
        format!("value '{text}' does not look like a valid token ID\n")
    })
}

fn group_id(text: &str) -> Result<(), String> {
    pattern!(RE, r"^[A-Za-z0-9.\-_]+$");
    when(RE.is_match(text), || {
        format!("group name '{text}' contains invalid characters\n")
    })
}

fn realm(text: &str) -> Result<(), String> {
    pattern!(RE, r"^[A-Za-z][A-Za-z0-9.\-_]+$");
    when(
        RE.is_match(text),
        say("value does not look like a valid realm"),
    )
}

fn privilege(version: PveVersion, text: &str) -> Result<(), String> {
    when(roles::privileges(version).contains(&text), || {
        format!("invalid privilege '{text}'\n")
    })
}

fn tag(text: &str) -> Result<(), String> {
    pattern!(RE, r"^(?i)[a-z0-9_][a-z0-9_\-+.]*$");
    when(RE.is_match(text), say("invalid characters in tag"))
}

fn address(text: &str) -> Result<(), String> {
    let ok =
        text.parse::<Ipv4Addr>().is_ok() || text.parse::<Ipv6Addr>().is_ok() || is_dns_name(text);
    when(ok, || {
        format!("value does not look like a valid address: {text}\n")
    })
}

fn urlencoded(text: &str) -> Result<(), String> {
    pattern!(RE, r"^[-%a-zA-Z0-9_.!~*'()]*$");
    when(RE.is_match(text), || {
        format!("invalid urlencoded string: {text}\n")
    })
}

fn startup(text: &str) -> Result<(), String> {
    pattern!(RE, r"^(?:(?:order=)?\d+|up=\d+|down=\d+)$");
    let ok = !text.is_empty() && text.split(',').all(|part| RE.is_match(part));
    when(ok, say("unable to parse startup options"))
}

fn cpu_set(text: &str) -> Result<(), String> {
    pattern!(RE, r"^\s*\d+(?:-\d+)?(?:\s*,\s*\d+(?:-\d+)?)*\s*$");
    when(RE.is_match(text), || {
        format!("unable to parse CPU set '{text}'\n")
    })
}

/// The models the hypervisor of a version knows, without the custom ones.
const CPU_MODELS: &[&str] = &[
    "486",
    "Broadwell",
    "Broadwell-IBRS",
    "Broadwell-noTSX",
    "Broadwell-noTSX-IBRS",
    "Cascadelake-Server",
    "Cascadelake-Server-noTSX",
    "Cascadelake-Server-v2",
    "Cascadelake-Server-v4",
    "Cascadelake-Server-v5",
    "Conroe",
    "Cooperlake",
    "Cooperlake-v2",
    "EPYC",
    "EPYC-Genoa",
    "EPYC-IBPB",
    "EPYC-Milan",
    "EPYC-Milan-v2",
    "EPYC-Rome",
    "EPYC-Rome-v2",
    "EPYC-Rome-v3",
    "EPYC-Rome-v4",
    "EPYC-v3",
    "EPYC-v4",
    "GraniteRapids",
    "Haswell",
    "Haswell-IBRS",
    "Haswell-noTSX",
    "Haswell-noTSX-IBRS",
    "Icelake-Client",
    "Icelake-Client-noTSX",
    "Icelake-Server",
    "Icelake-Server-noTSX",
    "Icelake-Server-v3",
    "Icelake-Server-v4",
    "Icelake-Server-v5",
    "Icelake-Server-v6",
    "IvyBridge",
    "IvyBridge-IBRS",
    "KnightsMill",
    "Nehalem",
    "Nehalem-IBRS",
    "Opteron_G1",
    "Opteron_G2",
    "Opteron_G3",
    "Opteron_G4",
    "Opteron_G5",
    "Penryn",
    "SandyBridge",
    "SandyBridge-IBRS",
    "SapphireRapids",
    "SapphireRapids-v2",
    "Skylake-Client",
    "Skylake-Client-IBRS",
    "Skylake-Client-noTSX-IBRS",
    "Skylake-Client-v4",
    "Skylake-Server",
    "Skylake-Server-IBRS",
    "Skylake-Server-noTSX-IBRS",
    "Skylake-Server-v4",
    "Skylake-Server-v5",
    "Westmere",
    "Westmere-IBRS",
    "athlon",
    "core2duo",
    "coreduo",
    "host",
    "kvm32",
    "kvm64",
    "max",
    "pentium",
    "pentium2",
    "pentium3",
    "phenom",
    "qemu32",
    "qemu64",
    "x86-64-v2",
    "x86-64-v2-AES",
    "x86-64-v3",
    "x86-64-v4",
];
const CPU_FLAGS_9: &[&str] = &[
    "aes",
    "amd-no-ssb",
    "amd-ssbd",
    "hv-evmcs",
    "hv-tlbflush",
    "ibpb",
    "md-clear",
    "nested-virt",
    "pcid",
    "pdpe1gb",
    "spec-ctrl",
    "ssbd",
    "virt-ssbd",
];
const CPU_FLAGS_8: &[&str] = &[
    "pcid",
    "spec-ctrl",
    "ibpb",
    "ssbd",
    "virt-ssbd",
    "amd-ssbd",
    "amd-no-ssb",
    "pdpe1gb",
    "md-clear",
    "hv-tlbflush",
    "hv-evmcs",
    "aes",
];

fn cpu(version: PveVersion, text: &str) -> Result<(), String> {
    super::property::check(version, "cpu", "cpu", text)?;
    let table = super::property_set("cpu");
    let properties = super::property::parse(version, table, text)?;
    if let Some(model) = properties.get("cputype") {
        let known = model.starts_with("custom-") || CPU_MODELS.contains(&model.as_str());
        when(known, || {
            format!("Built-in cputype '{model}' is not defined (missing 'custom-' prefix?)\n")
        })?;
    }
    let flags = properties.get("flags").map_or("", String::as_str);
    let allowed = if version.is_9() {
        CPU_FLAGS_9
    } else {
        CPU_FLAGS_8
    };
    let all_known = flags
        .split(';')
        .filter(|flag| !flag.is_empty())
        .all(|flag| {
            flag.strip_prefix(['+', '-'])
                .is_some_and(|name| allowed.contains(&name))
        });
    when(all_known, || {
        format!(
            "VM-specific CPU flags must be a subset of: {}\n",
            allowed.join(", ")
        )
    })
}

fn boot(version: PveVersion, text: &str) -> Result<(), String> {
    super::property::check(version, "boot", "boot", text)
}

fn boot_devices(text: &str) -> Result<(), String> {
    pattern!(
        OTHER,
        r"^(?:net(?:[0-9]|[12][0-9]|3[01])|usb(?:[0-9]|1[0-3])|hostpci(?:[0-9]|1[0-5]))$"
    );
    super::split_list(text).try_for_each(|device| {
        let known = OTHER.is_match(device)
            || (is_disk_key(device) && !matches!(device, "efidisk0" | "tpmstate0"));
        when(known, || format!("invalid boot device '{device}'\n"))
    })
}

/// Whether a text is a volume id.
pub(crate) fn is_volume_id(text: &str) -> bool {
    text.split_once(':')
        .is_some_and(|(store, name)| is_storage_id(store) && !name.is_empty())
}

fn volume_id(text: &str) -> Result<(), String> {
    when(is_volume_id(text), || {
        format!("unable to parse volume ID '{text}'\n")
    })
}

fn volume_id_or_path(text: &str) -> Result<(), String> {
    if matches!(text, "none" | "cdrom") || text.starts_with('/') {
        Ok(())
    } else {
        volume_id(text)
    }
}

fn volume_id_or_absolute(text: &str) -> Result<(), String> {
    if text.starts_with('/') {
        Ok(())
    } else {
        volume_id(text)
    }
}

fn content(text: &str) -> Result<(), String> {
    let known = [
        "backup", "images", "import", "iso", "none", "rootdir", "snippets", "vztmpl",
    ];
    when(known.contains(&text), || {
        format!("invalid content type '{text}'\n")
    })
}

fn mac(text: &str) -> Result<(), String> {
    pattern!(RE, r"^(?i)[a-f0-9][02468ace](?::[a-f0-9]{2}){5}$");
    when(
        RE.is_match(text),
        say("value does not look like a valid unicast MAC address"),
    )
}

fn disk_size(text: &str) -> Result<(), String> {
    pattern!(RE, r"^\d+(?:\.\d+)?[KMGT]?$");
    when(RE.is_match(text), || {
        format!("value does not look like a valid disk size: {text}\n")
    })
}

fn is_cidr(text: &str, max: u8, is_address: impl Fn(&str) -> bool) -> bool {
    text.split_once('/').is_some_and(|(address, prefix)| {
        is_address(address) && prefix.parse::<u8>().is_ok_and(|p| (1..=max).contains(&p))
    })
}

fn ipv4_config(text: &str) -> Result<(), String> {
    let ok = text == "dhcp" || is_cidr(text, 32, |a| a.parse::<Ipv4Addr>().is_ok());
    when(
        ok,
        say("value does not look like a valid ipv4 network configuration"),
    )
}

fn ipv6_config(text: &str) -> Result<(), String> {
    let ok =
        matches!(text, "dhcp" | "auto") || is_cidr(text, 128, |a| a.parse::<Ipv6Addr>().is_ok());
    when(
        ok,
        say("value does not look like a valid ipv6 network configuration"),
    )
}

fn ipv4(text: &str) -> Result<(), String> {
    when(
        text.parse::<Ipv4Addr>().is_ok(),
        say("value does not look like a valid IPv4 address"),
    )
}

fn ipv6(text: &str) -> Result<(), String> {
    when(
        text.parse::<Ipv6Addr>().is_ok(),
        say("value does not look like a valid IPv6 address"),
    )
}

fn hotplug(text: &str) -> Result<(), String> {
    if matches!(text, "0" | "1") {
        return Ok(());
    }
    let known = ["network", "disk", "cpu", "memory", "usb", "cloudinit"];
    super::split_list(text).try_for_each(|feature| {
        when(known.contains(&feature), || {
            format!("invalid hotplug feature '{feature}'\n")
        })
    })
}

fn task_status(text: &str) -> Result<(), String> {
    let known = ["ok", "error", "warning", "unknown"];
    when(known.contains(&text), || {
        format!("unknown task status type '{text}'\n")
    })
}
