//! The option `boot`.

use std::fmt;
use std::str::FromStr;

use super::property::Format;
use crate::Malformed;

const FORMAT: Format = Format {
    what: "a boot order",
    default_key: "legacy",
    aliases: &[],
    flags: &[],
    defaults: &[],
};

/// The devices to boot from, first to last.
///
/// An empty order is stored empty and read back as one blank, but cannot be written
/// (`boot=order=` is refused): delete the option instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BootOrder {
    /// Device names, as in `scsi0`.
    Devices(Vec<String>),
    /// Letters of old, as in `cdn`.
    Legacy(String),
}

impl FromStr for BootOrder {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut fields = FORMAT.read(text)?;
        match (fields.take("order"), fields.take("legacy")) {
            (Some(order), _) => {
                let devices = order
                    .split(';')
                    .map(str::trim)
                    .filter(|device| !device.is_empty());
                Ok(Self::Devices(devices.map(str::to_owned).collect()))
            }
            (None, Some(letters)) => Ok(Self::Legacy(letters.trim().to_owned())),
            (None, None) => Ok(Self::Devices(Vec::new())),
        }
    }
}

impl fmt::Display for BootOrder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Devices(devices) if devices.is_empty() => Ok(()),
            Self::Devices(devices) => write!(out, "order={}", devices.join(";")),
            Self::Legacy(letters) => write!(out, "legacy={letters}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_counts() {
        let order = BootOrder::Devices(vec!["scsi0".to_owned(), "net0".to_owned()]);
        assert_eq!("order=scsi0;net0".parse(), Ok(order.clone()));
        assert_eq!(order.to_string(), "order=scsi0;net0");
        assert_ne!("order=net0;scsi0".parse(), Ok(order));
    }

    #[test]
    fn one_blank_is_an_empty_order() {
        assert_eq!(" ".parse(), Ok(BootOrder::Devices(Vec::new())));
        assert_eq!("cdn".parse(), Ok(BootOrder::Legacy("cdn".to_owned())));
        assert_eq!(
            "legacy=cdn".parse(),
            Ok(BootOrder::Legacy("cdn".to_owned()))
        );
    }
}
