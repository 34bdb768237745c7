//! The option `machine`.

use std::fmt;
use std::str::FromStr;

use super::property::{Fields, Format};
use crate::Malformed;

const FORMAT: Format = Format {
    what: "a machine",
    default_key: "type",
    aliases: &[],
    flags: &[],
    defaults: &[],
};

/// The chipset that is emulated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The type, as in `q35` or `pc-q35-9.0`; none is the newest `pc`.
    pub kind: Option<String>,
    /// All other settings, such as `viommu`.
    pub settings: Fields,
}

impl Machine {
    /// Returns whether this is a q35 of any version, which `pcie=1` needs.
    pub fn is_q35(&self) -> bool {
        self.kind
            .as_deref()
            .is_some_and(|kind| kind.starts_with("q35") || kind.starts_with("pc-q35"))
    }
}

impl FromStr for Machine {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut settings = FORMAT.read(text)?;
        let kind = settings.take("type");
        match &kind {
            Some(kind) if kind.contains('=') => Err(Malformed::new(
                FORMAT.what,
                text,
                "expected a type such as `q35`",
            )),
            _ => Ok(Self { kind, settings }),
        }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.settings.print(self.kind.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn q35_of_any_version_is_q35() {
        for text in [
            "q35",
            "pc-q35-9.0",
            "type=q35,viommu=virtio",
            "q35,viommu=intel",
        ] {
            assert!(text.parse::<Machine>().expect(text).is_q35(), "{text}");
        }
        for text in ["pc", "pc-i440fx-9.0", ""] {
            assert!(!text.parse::<Machine>().expect(text).is_q35(), "{text}");
        }
    }

    #[test]
    fn a_setting_makes_another_machine() {
        assert_eq!("type=q35".parse::<Machine>(), "q35".parse());
        assert_ne!("q35,viommu=virtio".parse::<Machine>(), "q35".parse());
    }
}
