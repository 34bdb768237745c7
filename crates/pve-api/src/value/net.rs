//! Network devices: the options `net0` to `net31`.

use std::fmt;
use std::str::FromStr;

use super::MacAddress;
use super::property::{Fields, Format};
use crate::{BridgeName, Malformed};

const FORMAT: Format = Format {
    what: "a network device",
    default_key: "model",
    aliases: &[],
    flags: &[("firewall", false), ("link_down", false)],
    defaults: &[],
};

/// The models that Proxmox knows. Each is also a key whose value is the MAC.
const MODELS: [&str; 14] = [
    "e1000",
    "e1000-82540em",
    "e1000-82544gc",
    "e1000-82545em",
    "e1000e",
    "i82551",
    "i82557b",
    "i82559er",
    "ne2k_isa",
    "ne2k_pci",
    "pcnet",
    "rtl8139",
    "virtio",
    "vmxnet3",
];

/// The emulated hardware of a network device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NetModel(&'static str);

impl NetModel {
    /// The paravirtual device, the right one for every Linux guest.
    pub const VIRTIO: Self = Self("virtio");

    /// Returns the name that Proxmox uses.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl FromStr for NetModel {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let known = MODELS.into_iter().find(|model| *model == text);
        known.map(Self).ok_or_else(|| {
            Malformed::new(
                "a network device model",
                text,
                format!("expected one of {}", MODELS.join(", ")),
            )
        })
    }
}

/// A VLAN of a bridge, 1 to 4094.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct VlanTag(u16);

impl VlanTag {
    /// Checks the range.
    pub fn new(number: u16) -> Result<Self, Malformed> {
        if (1..=4094).contains(&number) {
            Ok(Self(number))
        } else {
            Err(Malformed::new(
                "a VLAN",
                &number.to_string(),
                "expected 1 to 4094",
            ))
        }
    }

    /// Returns the plain number.
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for VlanTag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

impl FromStr for VlanTag {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let number = text
            .parse()
            .map_err(|_| Malformed::new("a VLAN", text, "expected 1 to 4094"))?;
        Self::new(number)
    }
}

/// A network device.
///
/// Proxmox makes a **new** MAC for every write that leaves `mac` out, so a change carries the one
/// that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetDevice {
    /// The emulated hardware.
    pub model: NetModel,
    /// The address; none lets Proxmox make one.
    pub mac: Option<MacAddress>,
    /// The bridge; none is a device without a link to the host.
    pub bridge: Option<BridgeName>,
    /// The VLAN on the bridge.
    pub vlan: Option<VlanTag>,
    /// Whether the firewall of Proxmox filters it.
    pub firewall: bool,
    /// Whether the cable is unplugged.
    pub link_down: bool,
    /// The MTU in bytes; 1 is that of the bridge.
    pub mtu: Option<u32>,
    /// The number of packet queues.
    pub queues: Option<u32>,
    /// The keys that have no field of their own, such as `rate` and `trunks`.
    pub other: Fields,
}

impl NetDevice {
    /// Makes a plain device on `bridge`.
    pub fn new(model: NetModel, bridge: BridgeName) -> Self {
        Self {
            bridge: Some(bridge),
            ..Self::unconnected(model)
        }
    }

    fn unconnected(model: NetModel) -> Self {
        Self {
            model,
            mac: None,
            bridge: None,
            vlan: None,
            firewall: false,
            link_down: false,
            mtu: None,
            queues: None,
            other: Fields::default(),
        }
    }
}

fn take_model(
    fields: &mut Fields,
    text: &str,
) -> Result<(NetModel, Option<MacAddress>), Malformed> {
    let by_key = MODELS.into_iter().find(|model| fields.get(model).is_some());
    match (by_key, fields.take("model")) {
        (Some(model), None) if fields.get("macaddr").is_none() => {
            Ok((NetModel(model), fields.take_as(model)?))
        }
        (None, Some(model)) => Ok((model.parse()?, fields.take_as("macaddr")?)),
        _ => Err(Malformed::new(
            FORMAT.what,
            text,
            "expected one model, as in `virtio,bridge=vmbr0`",
        )),
    }
}

impl FromStr for NetDevice {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut fields = FORMAT.read(text)?;
        let (model, mac) = take_model(&mut fields, text)?;
        if let Some(second) = MODELS.iter().find(|model| fields.get(model).is_some()) {
            return Err(Malformed::new(
                FORMAT.what,
                text,
                format!("`{second}` is a second model"),
            ));
        }
        Ok(Self {
            mac,
            bridge: fields.take_as("bridge")?,
            vlan: fields.take_as("tag")?,
            firewall: fields.take_flag("firewall", false),
            link_down: fields.take_flag("link_down", false),
            mtu: fields.take_number("mtu")?,
            queues: fields.take_number("queues")?,
            other: fields,
            ..Self::unconnected(model)
        })
    }
}

impl fmt::Display for NetDevice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = self.other.clone();
        fields.put("bridge", self.bridge.as_ref());
        fields.put("tag", self.vlan);
        fields.put_flag("firewall", self.firewall, false);
        fields.put_flag("link_down", self.link_down, false);
        fields.put("mtu", self.mtu);
        fields.put("queues", self.queues);
        let model = self.model.as_str();
        let first = self
            .mac
            .map_or_else(|| model.to_owned(), |mac| format!("{model}={mac}"));
        out.write_str(&fields.print(Some(&first)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(text: &str) -> NetDevice {
        text.parse().expect(text)
    }

    #[test]
    fn what_is_written_equals_what_proxmox_stores() {
        let table = [
            (
                "model=virtio,macaddr=BC:24:11:00:00:01,bridge=vmbr0,firewall=0,queues=2,mtu=1,rate=12.5,link_down=off",
                "virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=0,link_down=0,mtu=1,queues=2,rate=12.5",
            ),
            (
                "virtio=BC:24:11:00:00:01,bridge=vmbr1,trunks=5;7-9,mtu=1500",
                "virtio=BC:24:11:00:00:01,bridge=vmbr1,mtu=1500,trunks=5;7-9",
            ),
            (
                "virtio=aa:bb:cc:dd:ee:f0,bridge=vmbr0",
                "virtio=AA:BB:CC:DD:EE:F0,firewall=no,bridge=vmbr0",
            ),
        ];
        for (written, stored) in table {
            assert_eq!(read(written), read(stored), "{written}");
        }
    }

    #[test]
    fn another_mac_bridge_or_vlan_is_another_device() {
        let device = read("virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=10");
        for other in [
            "virtio=BC:24:11:00:00:02,bridge=vmbr0,tag=10",
            "virtio=BC:24:11:00:00:01,bridge=vmbr1,tag=10",
            "virtio=BC:24:11:00:00:01,bridge=vmbr0",
            "e1000=BC:24:11:00:00:01,bridge=vmbr0,tag=10",
            "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=10,rate=1",
        ] {
            assert_ne!(device, read(other), "{other}");
        }
    }

    #[test]
    fn it_prints_as_proxmox_stores_it() {
        let device = read("model=virtio,bridge=vmbr0,tag=10,firewall=on,macaddr=bc:24:11:9c:bf:78");
        assert_eq!(
            device.to_string(),
            "virtio=BC:24:11:9C:BF:78,bridge=vmbr0,firewall=1,tag=10"
        );
        assert_eq!(
            read("virtio,bridge=vmbr0").to_string(),
            "virtio,bridge=vmbr0"
        );
    }

    #[test]
    fn no_model_two_models_and_bad_values_are_refused() {
        for text in [
            "",
            "bridge=vmbr0",
            "virtio,e1000=BC:24:11:00:00:01",
            "virtio=BC:24:11:00:00:01,e1000=BC:24:11:00:00:02",
            "virtio=BC:24:11:00:00:01,macaddr=BC:24:11:00:00:02",
            "virtio=01:00:5E:00:00:01",
            "warp,bridge=vmbr0",
            "virtio,tag=4095",
            "virtio,mtu=big",
            "virtio,firewall=maybe",
        ] {
            assert!(text.parse::<NetDevice>().is_err(), "{text}");
        }
    }

    fn device() -> impl Strategy<Value = NetDevice> {
        let model = proptest::sample::select(MODELS.to_vec()).prop_map(NetModel);
        let mac = proptest::option::of(any::<[u8; 6]>().prop_map(|mut bytes| {
            bytes[0] &= 0xFE;
            MacAddress::new(bytes).expect("unicast")
        }));
        let bridge = proptest::option::of(
            "[a-z][a-z0-9.]{0,8}".prop_map(|name| BridgeName::new(name).expect("a name")),
        );
        let vlan = proptest::option::of((1..=4094_u16).prop_map(VlanTag));
        (
            model,
            mac,
            bridge,
            vlan,
            any::<[bool; 2]>(),
            any::<Option<u32>>(),
        )
            .prop_map(
                |(model, mac, bridge, vlan, [firewall, link_down], mtu)| NetDevice {
                    mac,
                    bridge,
                    vlan,
                    firewall,
                    link_down,
                    mtu,
                    ..NetDevice::unconnected(model)
                },
            )
    }

    proptest! {
        #[test]
        fn what_is_printed_reads_back(device in device()) {
            prop_assert_eq!(device.to_string().parse(), Ok(device));
        }

        #[test]
        fn any_text_is_refused_or_survives_printing(text in "(virtio|model=)?[ -~é]{0,40}") {
            if let Ok(read) = text.parse::<NetDevice>() {
                prop_assert_eq!(read.to_string().parse(), Ok(read));
            }
        }
    }
}
