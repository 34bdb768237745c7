//! The option `agent`.

use std::fmt;
use std::str::FromStr;

use super::property::{Fields, Format};
use crate::{Malformed, bool01};

const FORMAT: Format = Format {
    what: "an agent setting",
    default_key: "enabled",
    aliases: &[
        ("freeze-fs-on-backup", "freeze-fs"),
        ("guest-fsfreeze", "freeze-fs"),
    ],
    flags: &[
        ("enabled", false),
        ("freeze-fs", true),
        ("fstrim_cloned_disks", false),
    ],
    defaults: &[("type", "virtio")],
};

/// Whether and how the host talks to an agent in the guest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agent {
    /// Whether the device for the agent exists; says nothing about the guest.
    pub enabled: bool,
    /// All other settings.
    pub settings: Fields,
}

impl FromStr for Agent {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut settings = FORMAT.read(text)?;
        Ok(Self {
            enabled: settings.take_flag("enabled", false),
            settings,
        })
    }
}

impl fmt::Display for Agent {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.settings.print(Some(bool01::print(self.enabled))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_enabled_are_the_same() {
        for text in [
            "1",
            "enabled=1",
            "enabled=on,type=virtio,fstrim_cloned_disks=0",
        ] {
            let agent: Agent = text.parse().expect(text);
            assert_eq!(agent.to_string(), "1", "{text}");
        }
        assert_eq!("0".parse(), Ok(Agent::default()));
        assert_ne!("1,type=isa".parse(), "1".parse::<Agent>());
    }
}
