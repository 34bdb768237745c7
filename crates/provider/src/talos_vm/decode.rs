//! Terraform's values as a wanted VM, every fault with its place.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use pve_api::{DiskSize, GiB, MiB, PciAddress, PoolId, Tags, VlanTag, VmId, VmName};
use tf_plugin::{At, Diagnostic, Diagnostics, FromValue, Known, Number, Value};
use vm::{
    AddressMode, Addressing, Argument, CloneMode, Firmware, Gpu, Origin, Role, Shape, VmKey, Wanted,
};

/// A VM as far as it is known.
#[derive(Debug)]
pub(super) struct Decoded {
    /// The VM; none while an argument that it cannot do without is unknown. Other unknown
    /// arguments count as not managed here.
    pub(super) wanted: Option<Wanted>,
    /// The arguments that are unknown, wholly or in part.
    pub(super) unknown: BTreeSet<Argument>,
}

/// Reads a configuration and checks it.
pub(super) fn config(value: &Value) -> Result<Decoded, Diagnostics> {
    let mut reader = Reader::new(value);
    let decoded = reader.vm();
    if let Some(wanted) = &decoded {
        reader.check(wanted);
    }
    let Reader {
        unknown, faults, ..
    } = reader;
    if faults.has_errors() {
        return Err(faults);
    }
    Ok(Decoded {
        wanted: decoded,
        unknown,
    })
}

/// Reads a state, which may lack what the marker of a VM no longer says.
pub(super) fn state(value: &Value) -> Result<Wanted, Diagnostics> {
    let mut reader = Reader::new(value);
    let decoded = reader.vm();
    if reader.faults.has_errors() {
        return Err(reader.faults);
    }
    decoded.ok_or_else(|| {
        let detail = "It holds values that are not known. Please report it.";
        Diagnostic::error("The state cannot be read")
            .detail(detail)
            .into()
    })
}

const FIRMWARE: &str = "`seabios` or `ovmf`";

struct Reader<'a> {
    at: At<'a>,
    unknown: BTreeSet<Argument>,
    faults: Diagnostics,
}

impl<'a> Reader<'a> {
    fn new(value: &'a Value) -> Self {
        Self {
            at: value.at(),
            unknown: BTreeSet::new(),
            faults: Diagnostics::new(),
        }
    }

    /// Reads everything, so that every fault is found, and puts it together if the key is known.
    fn vm(&mut self) -> Option<Wanted> {
        let env_name = self.get(Argument::EnvName);
        let name = self.parsed::<VmName>(Argument::Name);
        let vmid = self.vmid();
        let node = self.parsed(Argument::Node);
        let origin = self.origin();
        let shape = self.shape();
        Some(Wanted {
            key: VmKey {
                env_name: env_name?,
                name: name?.to_string(),
                vmid: vmid?,
                node: node?,
            },
            origin: if self.unknown.contains(&Argument::Template) {
                None
            } else {
                Some(origin)
            }?,
            shape,
        })
    }

    fn vmid(&mut self) -> Option<VmId> {
        let number: Option<u32> = self.get(Argument::Vmid);
        number.and_then(|number| self.made(Argument::Vmid, VmId::new(number)))
    }

    fn origin(&mut self) -> Origin {
        Origin {
            template: self.get(Argument::Template).unwrap_or_default(),
            clone: self.word(Argument::Clone, CloneMode::from_name, "`full` or `linked`"),
            pool: self
                .parsed::<PoolId>(Argument::Pool)
                .map(|pool| pool.to_string()),
            role: self.word(
                Argument::Role,
                Role::from_name,
                "`controlplane` or `worker`",
            ),
            talos_version: self.get(Argument::TalosVersion),
        }
    }

    fn shape(&mut self) -> Shape {
        Shape {
            cores: self.get(Argument::Cores),
            memory: self.get(Argument::Memory).map(MiB),
            cpu_type: self.parsed(Argument::CpuType),
            machine: self.get(Argument::Machine),
            bios: self.word(Argument::Bios, Firmware::from_name, FIRMWARE),
            disk: self.disk(),
            storage: self.parsed(Argument::Storage),
            bridge: self.parsed(Argument::Bridge),
            vlan: self.vlan(),
            mac: self.parsed(Argument::Mac),
            uuid: self.parsed(Argument::Uuid),
            addressing: self.addressing(),
            gpus: self.gpus(),
            tags: self.tags(),
            onboot: self.get(Argument::Onboot),
            startup_order: self.get(Argument::StartupOrder),
            protection: self.get(Argument::Protection),
            started: self.get(Argument::Started),
        }
    }

    fn addressing(&mut self) -> Addressing {
        let words = "`static` or `dhcp_reserved`";
        Addressing {
            mode: self.word(Argument::AddressMode, AddressMode::from_name, words),
            address: self.parsed(Argument::Address),
            prefix_length: self.get(Argument::PrefixLength),
            gateway: self.parsed(Argument::Gateway),
            nameservers: self.texts(Argument::Nameservers),
        }
    }

    fn vlan(&mut self) -> Option<VlanTag> {
        let number: Option<u16> = self.get(Argument::Vlan);
        number.and_then(|number| self.made(Argument::Vlan, VlanTag::new(number)))
    }

    /// Whole in a configuration; a disk that Proxmox holds may have any size.
    fn disk(&mut self) -> Option<DiskSize> {
        let number: Number = self.get(Argument::DiskGb)?;
        match number.as_u64() {
            Some(whole) => Some(GiB(whole).into()),
            None => self.made(Argument::DiskGb, fraction(&number)),
        }
    }

    fn tags(&mut self) -> Option<Tags> {
        let tags = self.texts(Argument::Tags)?;
        self.made(Argument::Tags, Tags::new(tags))
    }

    fn gpus(&mut self) -> Option<Vec<Gpu>> {
        let at = self.known(Argument::Gpus)?;
        let elements = self.faults.take(at.elements())?;
        let gpus: Vec<_> = elements
            .iter()
            .map(|element| self.faults.take(gpu(element)))
            .collect();
        gpus.into_iter().collect()
    }

    fn texts(&mut self, argument: Argument) -> Option<Vec<String>> {
        let at = self.known(argument)?;
        self.faults.take(at.read())
    }

    /// Goes to an argument that is set and wholly known.
    fn known(&mut self, argument: Argument) -> Option<At<'a>> {
        let at = self.faults.take(self.at.attribute(argument.name()))?;
        if !at.value().is_wholly_known() {
            self.unknown.insert(argument);
            return None;
        }
        (!at.value().is_null()).then_some(at)
    }

    fn get<T: FromValue>(&mut self, argument: Argument) -> Option<T> {
        match self
            .faults
            .take(self.at.get::<Known<Option<T>>>(argument.name()))?
        {
            Known::Now(value) => value,
            Known::Later => {
                self.unknown.insert(argument);
                None
            }
        }
    }

    fn parsed<T: FromStr<Err: fmt::Display>>(&mut self, argument: Argument) -> Option<T> {
        let text: String = self.get(argument)?;
        self.made(argument, text.parse())
    }

    fn word<T>(
        &mut self,
        argument: Argument,
        read: impl Fn(&str) -> Option<T>,
        words: &str,
    ) -> Option<T> {
        let text: String = self.get(argument)?;
        self.made(
            argument,
            read(&text).ok_or_else(|| format!("`{text}` is not {words}")),
        )
    }

    fn made<T>(&mut self, argument: Argument, made: Result<T, impl fmt::Display>) -> Option<T> {
        made.map_err(|error| self.fault(argument, &format!("{error}.")))
            .ok()
    }

    fn fault(&mut self, argument: Argument, detail: &str) {
        let path = self.at.path().attribute(argument.name());
        self.faults.push(
            Diagnostic::error(format!("Invalid {argument}"))
                .detail(detail)
                .at(path),
        );
    }

    /// Checks what no single argument can say.
    fn check(&mut self, wanted: &Wanted) {
        let Addressing {
            mode,
            address,
            prefix_length,
            gateway,
            ..
        } = &wanted.shape.addressing;
        let set = |argument: Argument, is: bool| is || self.unknown.contains(&argument);
        let has_address = set(Argument::Address, address.is_some());
        let has_length = set(Argument::PrefixLength, prefix_length.is_some());
        let longest = if address.is_some_and(|address| address.is_ipv6()) {
            128
        } else {
            32
        };
        if has_address && !has_length {
            self.fault(
                Argument::Address,
                "An address needs `prefix_length`, as in 24.",
            );
        }
        if !has_address && (mode.is_some() || prefix_length.is_some() || gateway.is_some()) {
            self.fault(
                Argument::Address,
                "`address` is missing; the other arguments of the network need it.",
            );
        }
        if address
            .zip(*gateway)
            .is_some_and(|(address, gateway)| address.is_ipv4() != gateway.is_ipv4())
        {
            self.fault(
                Argument::Gateway,
                "Address and gateway must both be IPv4 or both IPv6.",
            );
        }
        if prefix_length.is_some_and(|length| length > longest) {
            self.fault(
                Argument::PrefixLength,
                &format!("The longest prefix of this address is {longest}."),
            );
        }
        if wanted
            .shape
            .disk
            .is_some_and(|disk| disk != DiskSize::from(disk.gib_rounded_up()))
        {
            self.fault(Argument::DiskGb, "The size must be a whole number of GiB.");
        }
        if wanted.shape.bios == Some(Firmware::OvmfWithoutDisk) {
            let name = Firmware::OvmfWithoutDisk.name();
            self.fault(Argument::Bios, &format!("`{name}` is not {FIRMWARE}."));
        }
        if wanted.key.env_name.is_empty() {
            self.fault(Argument::EnvName, "The environment must have a name.");
        }
    }
}

fn gpu(at: &At<'_>) -> Result<Gpu, Diagnostic> {
    let (mapping, bdf): (Option<String>, Option<String>) = (at.get("mapping")?, at.get("bdf")?);
    let invalid = |error: &dyn fmt::Display| at.error("Invalid GPU", format!("{error}."));
    let address = bdf.map(|bdf| bdf.parse::<PciAddress>()).transpose();
    let address = address.map_err(|error| invalid(&error))?;
    match (mapping, address) {
        (Some(mapping), stands_for) => {
            let id = mapping.parse().map_err(|error| invalid(&error))?;
            Ok(Gpu::Mapping { id, stands_for })
        }
        (None, Some(address)) => Ok(Gpu::Raw(address)),
        (None, None) => Err(invalid(&"Set `mapping`, `bdf` or both")),
    }
}

const GIB: f64 = 1_073_741_824.0;

/// Reads a size that is no whole number of GiB.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked, and a size in bytes up to 2^53 is exact in a double"
)]
fn fraction(number: &Number) -> Result<DiskSize, String> {
    let bytes = number.to_f64() * GIB;
    if (1.0..9.0e15).contains(&bytes) {
        Ok(DiskSize::from_bytes(bytes.round() as u64))
    } else {
        Err(format!("`{number}` is not a size in GiB"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minimal() -> Value {
        Value::object([
            ("name", Value::from("k3s-dev-worker-1")),
            ("env_name", "k3s-dev".into()),
            ("vmid", 8010.into()),
            ("node", "pve".into()),
            ("template", "talos".into()),
            ("uuid", "6f1d7c1e-0000-5000-8000-000000000001".into()),
        ])
    }

    /// What the module makes of a node of the topology.
    fn as_the_module_says(node: &contract::Value) -> Value {
        let vm = crate::functions::from_plain(node.clone()).expect("a value");
        vm.with("env_name", "k3s-dev").with("started", true)
    }

    #[test]
    fn the_cli_and_the_module_want_the_same_vms() {
        let inputs = contract::example_values(&[
            ("control_plane_count", "3"),
            ("worker_count", "2"),
            ("network_vlan", "20"),
            ("gpu_worker_template", r#""talos-gpu""#),
            ("gpu_worker_pci_bdfs", r#"["0000:01:00.0"]"#),
            ("nameservers", r#"["9.9.9.9"]"#),
            (
                "node_overrides",
                r#"{"k3s-dev-worker-1": {"startup_order": 3, "bios": "ovmf"}}"#,
            ),
        ]);
        let topology = contract::topology(&inputs).expect("good inputs");
        let contract::Value::Map(whole) = topology.to_value() else {
            panic!("an object");
        };
        let contract::Value::Map(nodes) = &whole["nodes"] else {
            panic!("a map");
        };
        for node in &topology.nodes {
            let of_module = config(&as_the_module_says(&nodes[&node.name])).expect("a VM");
            assert_eq!(
                of_module.wanted,
                Some(host::wanted(&topology, node).expect("a VM"))
            );
        }
    }

    #[test]
    fn every_fault_is_found_at_its_place() {
        let wrong = minimal()
            .with("name", "bad_name")
            .with("vmid", 99)
            .with("clone", "half")
            .with("mac", "01:00:5E:00:00:01")
            .with("vlan", 5000)
            .with("prefix_length", 24)
            .with("tags", Value::list(["a b"]))
            .with(
                "gpus",
                Value::list([Value::object([
                    ("bdf", Value::Null),
                    ("mapping", Value::Null),
                ])]),
            );
        let faults = config(&wrong).expect_err("faults");
        let told = faults.iter().map(|fault| {
            let place = fault
                .path
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            format!("{place}: {}", fault.detail)
        });
        insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
        name: `bad_name` is not a VM name: expected DNS labels (letters, digits, inner hyphens) joined by dots.
        vmid: `99` is not a VMID: expected 100 to 999999999.
        clone: `half` is not `full` or `linked`.
        vlan: `5000` is not a VLAN: expected 1 to 4094.
        mac: `01:00:5E:00:00:01` is not a unicast MAC address: expected six bytes as in `BC:24:11:00:00:01`, the first even.
        gpus[0]: Set `mapping`, `bdf` or both.
        tags: `a b` is not a tag: expected letters, digits and `_`, and after the first also `+`, `-`, `.`.
        "#);
    }

    #[test]
    fn arguments_that_need_each_other_are_checked_together() {
        let told = |value: Value| {
            let faults = config(&value).expect_err("a fault");
            faults
                .iter()
                .map(|fault| fault.detail.clone())
                .collect::<Vec<_>>()
                .join(" ")
        };
        let lines = [
            told(minimal().with("address", "192.0.2.1")),
            told(minimal().with("address_mode", "static")),
            told(
                minimal()
                    .with("address", "192.0.2.1")
                    .with("prefix_length", 64),
            ),
            told(
                minimal()
                    .with("address", "192.0.2.1")
                    .with("prefix_length", 24)
                    .with("gateway", "::1"),
            ),
            told(minimal().with("disk_gb", Number::parse("1.5").expect("a number"))),
            told(minimal().with("env_name", "")),
        ];
        insta::assert_snapshot!(lines.join("\n"), @r#"
        An address needs `prefix_length`, as in 24.
        `address` is missing; the other arguments of the network need it.
        The longest prefix of this address is 32.
        Address and gateway must both be IPv4 or both IPv6.
        The size must be a whole number of GiB.
        The environment must have a name.
        "#);
    }

    #[test]
    fn what_is_unknown_is_left_out_and_noted() {
        let decoded = config(&minimal().with("mac", Value::Unknown)).expect("well formed");
        assert_eq!(decoded.unknown, BTreeSet::from([Argument::Mac]));
        assert!(decoded.wanted.is_some());
        let decoded = config(&minimal().with("vmid", Value::Unknown)).expect("well formed");
        assert!(decoded.wanted.is_none());
    }

    #[test]
    fn a_state_may_hold_a_size_between_two_gib() {
        let wanted = state(&minimal().with("disk_gb", Number::parse("1.25").expect("a number")));
        assert_eq!(wanted.expect("a state").shape.disk, "1280M".parse().ok());
    }
}
