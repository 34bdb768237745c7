//! Options in the form Proxmox writes them.

use std::collections::BTreeMap;

use crate::fail::{Result, bad_param};
use crate::world::{World, is_disk_key};

/// The value as the file gives it back: an empty one reads as a blank.
pub(crate) fn stored(key: &str, value: &str) -> String {
    match (key, value) {
        ("description", text) => text.trim_end().to_owned(),
        (_, "") => " ".to_owned(),
        (_, text) => text.to_owned(),
    }
}

/// Brings options into the form Proxmox writes, before rights are checked.
pub(crate) fn normalise(
    world: &mut World,
    set: &mut BTreeMap<String, Option<String>>,
) -> Result<()> {
    for (key, value) in set {
        let Some(text) = value.clone() else {
            if is_disk_key(key) {
                return Err(bad_param(key.as_str(), "unable to parse drive options"));
            }
            continue;
        };
        let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
        match family {
            "net" if key != family => *value = Some(print_net(world, &text)),
            "vmgenid" if text == "1" => *value = Some(world.ids.uuid()),
            "cipassword" if !text.starts_with('$') => {
                *value = Some(format!(
                    "$5${:016x}${:016x}",
                    world.ids.next(),
                    world.ids.next()
                ));
            }
            "hookscript" if world.volume(&text).is_none() => {
                let error = format!("script '{text}' does not exist\n");
                return Err(bad_param(key.as_str(), error));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A network card as it is stored: `model=MAC` first, then the other keys sorted.
pub(crate) fn print_net(world: &mut World, value: &str) -> String {
    let mut net = world.properties("net", value);
    let model = net.remove("model").unwrap_or_default();
    let mac = net.remove("macaddr").unwrap_or_else(|| world.new_mac());
    net.iter()
        .fold(format!("{model}={mac}"), |all, (key, value)| {
            format!("{all},{key}={value}")
        })
}

impl World {
    /// A MAC nobody has yet, as far as the generator goes.
    pub(crate) fn new_mac(&mut self) -> String {
        let prefix = self
            .datacenter
            .get("mac_prefix")
            .map_or("BC:24:11", String::as_str);
        self.ids.mac(prefix)
    }
}
