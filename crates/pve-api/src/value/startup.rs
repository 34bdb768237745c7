//! The option `startup`.

use std::fmt;
use std::str::FromStr;

use super::property::Format;
use crate::Malformed;

const FORMAT: Format = Format {
    what: "a start order",
    default_key: "order",
    aliases: &[],
    flags: &[],
    defaults: &[],
};

/// When a VM starts after the host did. Setting it needs Sys.Modify on `/`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Startup {
    /// The place in the order; none is after all others.
    pub order: Option<u32>,
    /// Seconds to wait before the next VM starts.
    pub up: Option<u32>,
    /// Seconds to wait before the next VM is stopped.
    pub down: Option<u32>,
}

impl FromStr for Startup {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut fields = FORMAT.read(text)?;
        let startup = Self {
            order: fields.take_number("order")?,
            up: fields.take_number("up")?,
            down: fields.take_number("down")?,
        };
        match fields.iter().next() {
            Some((key, _)) => Err(Malformed::new(
                FORMAT.what,
                text,
                format!("`{key}` is not known"),
            )),
            None => Ok(startup),
        }
    }
}

impl fmt::Display for Startup {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("order", self.order), ("up", self.up), ("down", self.down)];
        let set = parts
            .iter()
            .filter_map(|(key, value)| Some(format!("{key}={}", (*value)?)));
        out.write_str(&set.collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_spellings_of_an_order_are_the_same() {
        let startup = Startup {
            order: Some(2),
            up: Some(30),
            down: None,
        };
        assert_eq!("2,up=30".parse(), Ok(startup));
        assert_eq!("up=30,order=2".parse(), Ok(startup));
        for text in ["first", "order=-1", "2,wait=3"] {
            assert!(text.parse::<Startup>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(
            order in any::<Option<u32>>(), up in any::<Option<u32>>(), down in any::<Option<u32>>(),
        ) {
            let startup = Startup { order, up, down };
            prop_assert_eq!(startup.to_string().parse(), Ok(startup));
        }
    }
}
