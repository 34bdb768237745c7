//! The option `smbios1`.

use std::fmt;
use std::str::FromStr;

use super::property::{Fields, Format};
use crate::Malformed;

const FORMAT: Format = Format {
    what: "SMBIOS fields",
    default_key: "uuid",
    aliases: &[],
    flags: &[("base64", false)],
    defaults: &[],
};

/// The UUID of a machine. Case makes no difference; printed in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemUuid(String);

impl SystemUuid {
    /// Returns the text in lower case.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SystemUuid {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for SystemUuid {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
        let lengths: Vec<usize> = text.split('-').map(str::len).collect();
        if lengths == [8, 4, 4, 4, 12] && text.split('-').all(hex) {
            Ok(Self(text.to_ascii_lowercase()))
        } else {
            Err(Malformed::new(
                "a UUID",
                text,
                "expected 8-4-4-4-12 hexadecimal digits",
            ))
        }
    }
}

/// What the guest's firmware says of the machine.
///
/// The other fields (`serial`, `product`…) are base64 when `base64=1` and stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Smbios {
    /// The UUID; a clone gets a new one.
    pub uuid: Option<SystemUuid>,
    /// All other fields.
    pub other: Fields,
}

impl FromStr for Smbios {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut other = FORMAT.read(text)?;
        Ok(Self {
            uuid: other.take_as("uuid")?,
            other,
        })
    }
}

impl fmt::Display for Smbios {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = self.other.clone();
        fields.put("uuid", self.uuid.as_ref());
        out.write_str(&fields.print(None))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_uuid_has_no_case_and_the_rest_is_kept() {
        let lower: Smbios = "uuid=0badc0de-0000-4000-8000-000000000100,serial=YWI=,base64=1"
            .parse()
            .expect("well formed");
        let upper = "base64=on,uuid=0BADC0DE-0000-4000-8000-000000000100,serial=YWI=".parse();
        assert_eq!(Ok(lower.clone()), upper);
        assert_eq!(
            lower.to_string(),
            "base64=1,serial=YWI=,uuid=0badc0de-0000-4000-8000-000000000100"
        );
    }

    #[test]
    fn junk_is_refused() {
        for text in [
            "uuid=1",
            "uuid=0badc0de-0000-4000-8000-00000000010g",
            "uuid=",
        ] {
            assert!(text.parse::<Smbios>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_survives_printing(text in "(uuid=)?[ -~é]{0,40}") {
            if let Ok(read) = text.parse::<Smbios>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
