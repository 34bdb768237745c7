//! The option `cpu`.

use std::fmt;
use std::str::FromStr;

use super::property::{Fields, Format};
use crate::Malformed;

const FORMAT: Format = Format {
    what: "a CPU",
    default_key: "cputype",
    aliases: &[],
    flags: &[("hidden", false)],
    defaults: &[],
};

/// A CPU type, as in `x86-64-v2-AES`, `host` or `custom-mine`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CpuType(String);

impl CpuType {
    /// Returns the name that Proxmox uses.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CpuType {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for CpuType {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
        if !text.is_empty() && text.chars().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Malformed::new(
                "a CPU type",
                text,
                "expected a name such as `x86-64-v2-AES` or `host`",
            ))
        }
    }
}

/// A CPU type with its settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cpu {
    /// The type; none is the default of Proxmox, `kvm64`.
    pub kind: Option<CpuType>,
    /// All other settings, such as `flags`.
    pub settings: Fields,
}

impl From<CpuType> for Cpu {
    fn from(kind: CpuType) -> Self {
        Self {
            kind: Some(kind),
            settings: Fields::default(),
        }
    }
}

impl FromStr for Cpu {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut settings = FORMAT.read(text)?;
        Ok(Self {
            kind: settings.take_as("cputype")?,
            settings,
        })
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.settings.print(self.kind.as_ref().map(CpuType::as_str)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_key_of_the_type_may_be_left_out() {
        let cpu: Cpu = "cputype=host,flags=+aes;-pcid,hidden=1"
            .parse()
            .expect("well formed");
        assert_eq!("host,hidden=on,flags=+aes;-pcid".parse(), Ok(cpu.clone()));
        assert_eq!(cpu.to_string(), "host,flags=+aes;-pcid,hidden=1");
        assert_ne!("host".parse(), Ok(cpu));
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_survives_printing(text in "(host,)?[ -~é]{0,40}") {
            if let Ok(read) = text.parse::<Cpu>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
