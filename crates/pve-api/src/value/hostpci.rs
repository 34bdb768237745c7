//! PCI devices of the host given to a VM: the options `hostpci0` to `hostpci15`.

use std::fmt;
use std::str::FromStr;

use super::PciAddress;
use super::property::{Fields, Format};
use crate::{Malformed, MappingId};

const FORMAT: Format = Format {
    what: "a host PCI device",
    default_key: "host",
    aliases: &[],
    flags: &[
        ("legacy-igd", false),
        ("pcie", false),
        ("rombar", true),
        ("x-vga", false),
    ],
    defaults: &[("driver", "vfio")],
};

/// A PCI device of the host.
///
/// Proxmox stores `host` and `mapping` together and fails when the VM starts, so reading accepts
/// both. Setting `host` needs the user root@pam with a password; `mapping` works with a token.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HostPci {
    /// Devices by address.
    pub host: Vec<PciAddress>,
    /// A device by the name of a mapping.
    pub mapping: Option<MappingId>,
    /// Whether the guest sees a PCI Express device; needs a q35 machine.
    pub pcie: bool,
    /// Whether the guest sees the device's ROM.
    pub rombar: bool,
    /// Whether this is the guest's primary display.
    pub x_vga: bool,
    /// The keys that have no field of their own.
    pub other: Fields,
}

impl HostPci {
    /// Takes the device of a mapping.
    pub fn mapped(mapping: MappingId) -> Self {
        Self {
            mapping: Some(mapping),
            rombar: true,
            ..Self::default()
        }
    }

    /// Takes a device by its address.
    pub fn raw(address: PciAddress) -> Self {
        Self {
            host: vec![address],
            rombar: true,
            ..Self::default()
        }
    }
}

impl FromStr for HostPci {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut fields = FORMAT.read(text)?;
        let host = fields.take("host");
        let host = host.iter().flat_map(|host| host.split(';'));
        let device = Self {
            host: host.map(str::parse).collect::<Result<_, _>>()?,
            mapping: fields.take_as("mapping")?,
            pcie: fields.take_flag("pcie", false),
            rombar: fields.take_flag("rombar", true),
            x_vga: fields.take_flag("x-vga", false),
            other: fields,
        };
        if device.host.is_empty() && device.mapping.is_none() {
            return Err(Malformed::new(
                FORMAT.what,
                text,
                "either `host` or `mapping` must be set",
            ));
        }
        Ok(device)
    }
}

impl fmt::Display for HostPci {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = self.other.clone();
        fields.put("mapping", self.mapping.as_ref());
        fields.put_flag("pcie", self.pcie, false);
        fields.put_flag("rombar", self.rombar, true);
        fields.put_flag("x-vga", self.x_vga, false);
        let host: Vec<String> = self.host.iter().map(PciAddress::to_string).collect();
        let first = (!host.is_empty()).then(|| host.join(";"));
        out.write_str(&fields.print(first.as_deref()))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> HostPci {
        text.parse().expect(text)
    }

    #[test]
    fn spelling_makes_no_difference() {
        assert_eq!(
            read("host=01:00,pcie=on,x-vga=0"),
            read("0000:01:00,pcie=1,rombar=1")
        );
        assert_eq!(
            read("mapping=gpu0,pcie=yes").to_string(),
            "mapping=gpu0,pcie=1"
        );
        assert_ne!(read("0000:01:00.0"), read("0000:01:00"));
    }

    #[test]
    fn several_devices_and_both_sources_are_read() {
        let both = read("0000:01:00.0;0000:01:00.1,mapping=gpu0");
        assert_eq!(both.host.len(), 2);
        assert_eq!(both.mapping.as_ref().map(MappingId::as_str), Some("gpu0"));
    }

    #[test]
    fn neither_source_is_refused() {
        for text in ["", "pcie=1", "0000:0A:00.0", "mapping=9 x"] {
            assert!(text.parse::<HostPci>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(mapped in any::<bool>(), pcie in any::<bool>(), rombar in any::<bool>(), bus in any::<u8>()) {
            let address = PciAddress { domain: 0, bus, device: 0, function: None };
            let device = if mapped { HostPci::mapped(MappingId::new("gpu0")?) } else { HostPci::raw(address) };
            let device = HostPci { pcie, rombar, ..device };
            prop_assert_eq!(device.to_string().parse(), Ok(device));
        }

        #[test]
        fn any_text_is_refused_or_survives_printing(text in "(host=|mapping=)?[ -~é]{0,40}") {
            if let Ok(read) = text.parse::<HostPci>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
