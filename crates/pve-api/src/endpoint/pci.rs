//! PCI devices of the host and their mappings: `/nodes/{node}/hardware/pci`,
//! `/cluster/mapping/pci`.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::{self, Deserializer};

use crate::lenient;
use crate::request::{Method, Nothing, Request};
use crate::value::{Fields, Format};
use crate::{Malformed, MappingId, NodeName, PciAddress};

/// A PCI device of the host. Nothing says whether it is in use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PciDevice {
    /// The address.
    pub id: PciAddress,
    /// The class, as in `0x030000`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub class: String,
    /// The vendor, as in `0x10de`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub vendor: String,
    /// The device, as in `0x2204`.
    #[serde(default, deserialize_with = "lenient::text")]
    pub device: String,
    /// The vendor of the board.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub subsystem_vendor: Option<String>,
    /// The board.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub subsystem_device: Option<String>,
    /// The vendor in words.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub vendor_name: Option<String>,
    /// The device in words.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub device_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::maybe")]
    iommugroup: Option<i64>,
}

impl PciDevice {
    /// Returns the IOMMU group. A device without one cannot be passed to a VM.
    pub fn iommu_group(&self) -> Option<u32> {
        self.iommugroup.and_then(|group| u32::try_from(group).ok())
    }
}

/// Asks for all PCI devices but memory controllers, bridges and processors. Needs Sys.Audit or
/// Sys.Modify on `/`.
pub fn devices(node: &NodeName) -> Request<Vec<PciDevice>> {
    Request::new(Method::Get, ["nodes", node.as_str(), "hardware", "pci"])
}

/// Asks for all PCI devices, bridges included: what shares an IOMMU group.
pub fn all_devices(node: &NodeName) -> Request<Vec<PciDevice>> {
    devices(node).with("pci-class-blacklist", "")
}

const MAP: Format = Format {
    what: "a PCI mapping",
    default_key: "path",
    aliases: &[],
    flags: &[],
    defaults: &[],
};

/// One device that a mapping may stand for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedDevice {
    /// The node.
    pub node: NodeName,
    /// The device; several when all functions are to be passed.
    pub path: Vec<PciAddress>,
    /// Vendor and device, as in `10de:2204`; must be what the hardware says when a VM starts.
    pub id: String,
    /// All other keys: `subsystem-id` and `iommugroup` must be what the hardware says, too.
    pub other: Fields,
}

impl FromStr for MappedDevice {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let mut fields = MAP.read(text)?;
        let mut take = |key: &'static str| {
            let missing = || Malformed::new(MAP.what, text, format!("`{key}` is missing"));
            fields.take(key).ok_or_else(missing)
        };
        let (node, path, id) = (take("node")?, take("path")?, take("id")?);
        let path = path.split(';').map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self {
            node: node.parse()?,
            path,
            id,
            other: fields,
        })
    }
}

impl fmt::Display for MappedDevice {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = self.other.clone();
        let path: Vec<String> = self.path.iter().map(PciAddress::to_string).collect();
        fields.put("node", Some(&self.node));
        fields.put("path", Some(path.join(";")));
        fields.put("id", Some(&self.id));
        out.write_str(&fields.print(None))
    }
}

impl<'de> Deserialize<'de> for MappedDevice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(de::Error::custom)
    }
}

/// A name for PCI devices, which a token may use where it may not use an address.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PciMapping {
    /// The name; absent in the answer for one mapping.
    #[serde(default)]
    pub id: Option<MappingId>,
    /// The devices: the first free one is taken.
    #[serde(default)]
    pub map: Vec<MappedDevice>,
    /// What a person wrote of it.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub description: Option<String>,
    /// The digest of all mappings.
    #[serde(default, deserialize_with = "lenient::maybe")]
    pub digest: Option<String>,
}

fn mapping_path(id: &MappingId) -> [&str; 4] {
    ["cluster", "mapping", "pci", id.as_str()]
}

/// Asks for the mappings that the caller may audit, modify or use.
pub fn mappings() -> Request<Vec<PciMapping>> {
    Request::new(Method::Get, ["cluster", "mapping", "pci"])
}

/// Asks for one mapping.
pub fn mapping(id: &MappingId) -> Request<PciMapping> {
    Request::new(Method::Get, mapping_path(id))
}

fn with_map<R>(request: Request<R>, map: &[MappedDevice]) -> Request<R> {
    map.iter()
        .fold(request, |request, device| request.with("map", device))
}

/// Makes a mapping. Needs Mapping.Modify on `/mapping/pci`.
pub fn create_mapping(
    id: &MappingId,
    map: &[MappedDevice],
    description: Option<&str>,
) -> Request<Nothing> {
    let request = Request::new(Method::Post, ["cluster", "mapping", "pci"]).with("id", id);
    with_map(request, map).with_some("description", description)
}

/// Replaces the devices of a mapping; `map` must not be left out, whatever else changes.
pub fn update_mapping(
    id: &MappingId,
    map: &[MappedDevice],
    description: Option<&str>,
) -> Request<Nothing> {
    let request = with_map(Request::new(Method::Put, mapping_path(id)), map);
    match description {
        Some(text) => request.with("description", text),
        None => request.with("delete", "description"),
    }
}

/// Removes a mapping, also when a VM uses it; removing one that does not exist does no harm.
pub fn delete_mapping(id: &MappingId) -> Request<Nothing> {
    Request::new(Method::Delete, mapping_path(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GPU0: &str =
        "id=10de:2204,iommugroup=14,node=pve,path=0000:01:00.0,subsystem-id=10de:1467";

    #[test]
    fn a_recorded_mapping_reads_and_prints_the_same() {
        let device: MappedDevice = GPU0.parse().expect("a recorded mapping");
        assert_eq!(
            (device.node.as_str(), device.id.as_str()),
            ("pve", "10de:2204")
        );
        assert_eq!(device.other.get("iommugroup"), Some("14"));
        assert_eq!(device.to_string(), GPU0);
    }

    #[test]
    fn a_device_outside_of_any_group_says_so() {
        let text = r#"[{"class":"0x030000","device":"0x2204","id":"0000:01:00.0","iommugroup":-1,"vendor":"0x10de"},
            {"class":"0x030000","device":"0x2204","id":"0000:02:00.0","iommugroup":15,"vendor":"0x10de"}]"#;
        let devices: Vec<PciDevice> = serde_json::from_str(text).expect("devices");
        let groups: Vec<_> = devices.iter().map(PciDevice::iommu_group).collect();
        assert_eq!(groups, [None, Some(15)]);
    }

    #[test]
    fn several_devices_are_a_repeated_parameter() {
        let id = MappingId::new("gpu0").expect("a name");
        let device: MappedDevice = GPU0.parse().expect("a recorded mapping");
        let request = create_mapping(&id, &[device.clone(), device], Some("first card"));
        let names: Vec<&str> = request
            .params()
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["id", "map", "map", "description"]);
    }
}
