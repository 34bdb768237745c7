//! The option `memory`.

use std::fmt;
use std::str::FromStr;

use super::property::Format;
use crate::{Malformed, MiB};

const FORMAT: Format = Format {
    what: "a memory size",
    default_key: "current",
    aliases: &[],
    flags: &[],
    defaults: &[],
};

/// The memory of a VM; `8192` and `current=8192` are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Memory(pub MiB);

impl FromStr for Memory {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut fields = FORMAT.read(text)?;
        let current = fields
            .take("current")
            .and_then(|current| current.parse().ok());
        current.map(|current| Self(MiB(current))).ok_or_else(|| {
            Malformed::new(FORMAT.what, text, "expected a number of MiB, as in `8192`")
        })
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_are_the_same_size() {
        assert_eq!("8192".parse(), Ok(Memory(MiB(8192))));
        assert_eq!("current=8192".parse(), Ok(Memory(MiB(8192))));
        for text in ["", "8G", "-1", "current=", "max=8192"] {
            assert!(text.parse::<Memory>().is_err(), "{text}");
        }
    }
}
