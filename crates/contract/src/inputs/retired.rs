//! Inputs of the earlier contract: those without effect on Talos are accepted with a warning, those that
//! would change what is built are refused with the lines to write instead.

use std::collections::BTreeMap;

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

/// What a line of the earlier contract becomes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replacement {
    /// It goes.
    Nothing,
    /// Another input takes its place.
    Line(&'static str, Value),
}

/// What the input `name` of the earlier contract becomes; none for an input of this one.
pub fn replacement(name: &str, value: &Value) -> Option<Replacement> {
    if let Some(now) = crate::reading::renamed(name) {
        return Some(Replacement::Line(now, value.clone()));
    }
    DEPRECATED.iter().find(|input| input.name == name)?;
    Some(match (name, value) {
        ("dhcp", Value::Bool(true)) => Replacement::Line("address_mode", "dhcp_reserved".into()),
        ("static_ip_map", Value::Map(entries)) if !entries.is_empty() => {
            Replacement::Line("node_overrides", overrides(entries))
        }
        _ => Replacement::Nothing,
    })
}

/// The addresses of a `static_ip_map` as `node_overrides`.
fn overrides(entries: &BTreeMap<String, Value>) -> Value {
    let address = |config: &Value| Some(Value::from(address_of(config.as_str()?)?));
    let nodes = entries.iter().filter_map(|(name, config)| {
        let attributes = BTreeMap::from([("address".to_owned(), address(config)?)]);
        Some((name.clone(), Value::Map(attributes)))
    });
    Value::Map(nodes.collect())
}

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
