//! Inputs of the earlier contract: those without effect on Talos are accepted with a warning, those that
//! would change what is built are refused with the lines to write instead.

use crate::code::Code;
use crate::finding::Fault;
use crate::input::{Input, Retired, Section};
use crate::kind::{Kind, Whole};
use crate::text::Text;
use crate::value::Value;

const NO_SSH: &str = "Talos has no SSH; it is reached through its own API";

pub(super) const DEPRECATED: &[Input] = &[
    Input::new(
        "ssh_authorized_keys",
        Section::Deprecated,
        Kind::List(&Kind::Text(Text::Any)),
        "No effect: Talos has no SSH.",
    )
    .example(r#"["ssh-ed25519 AAAA… operator"]"#)
    .retired(Retired::NoEffect(NO_SSH)),
    Input::new(
        "ssh_public_key_comment",
        Section::Deprecated,
        Kind::Text(Text::Any),
        "No effect: Talos has no SSH.",
    )
    .example(r#""operator""#)
    .retired(Retired::NoEffect(NO_SSH)),
    Input::new(
        "wait_for_ip_timeout",
        Section::Deprecated,
        Whole::range(0, 86_400),
        "No effect: addresses are given to the nodes, not waited for.",
    )
    .example("300")
    .retired(Retired::NoEffect(
        "addresses are given to the nodes, not waited for",
    )),
    Input::new(
        "dhcp",
        Section::Deprecated,
        Kind::Bool,
        "Replaced by `address_mode`: `true` is refused.",
    )
    .example("false")
    .retired(Retired::Replaced(dhcp)),
    Input::new(
        "static_ip_map",
        Section::Deprecated,
        Kind::Map(&Kind::Text(Text::Any)),
        "Replaced by `address` in `node_overrides`: anything but an empty map is refused.",
    )
    .example("{}")
    .retired(Retired::Replaced(static_ip_map)),
];

/// `false` said "static addresses", which is what happens without it.
fn dhcp(value: &Value) -> Option<Fault> {
    (*value == Value::Bool(true)).then(|| {
        let help = "write `address_mode = \"dhcp_reserved\"` and remove `dhcp`";
        Fault::new(Code::DhcpReplaced, "is replaced by `address_mode`", help)
    })
}

fn static_ip_map(value: &Value) -> Option<Fault> {
    let entries = value.as_map().filter(|entries| !entries.is_empty())?;
    let lines: Vec<String> = entries
        .iter()
        .filter_map(|(name, config)| {
            Some(format!(
                "{name} = {{ address = \"{}\" }}",
                address_of(config.as_str()?)?
            ))
        })
        .collect();
    let help = format!(
        "write `node_overrides = {{ {} }}` and remove it",
        lines.join(", ")
    );
    Some(Fault::new(
        Code::StaticIpMapReplaced,
        "is replaced by `node_overrides`",
        help,
    ))
}

/// The address in a cloud-init text such as `ip=192.168.1.10/24,gw=192.168.1.1`.
fn address_of(config: &str) -> Option<&str> {
    let ip = config
        .split(',')
        .find_map(|part| part.strip_prefix("ip="))?;
    ip.split('/').next()
}
