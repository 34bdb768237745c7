//! The configuration of a VM: a map from option to text, with typed views.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer};

use crate::lenient::Scalar;
use crate::{
    Agent, BootOrder, Cpu, Disk, DiskSlot, HostPci, IpConfig, Machine, Malformed, Memory, MiB,
    NetDevice, Smbios, Startup, Tags, bool01, normal_form,
};

/// An option of a configuration whose value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("failed to read option `{key}`")]
pub struct BadOption {
    key: String,
    source: Malformed,
}

impl BadOption {
    /// Returns the option's name.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// A configuration as `GET …/config` answers it: only options that are set.
///
/// Options left at their default are absent; the views say what absence means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VmConfig {
    options: BTreeMap<String, String>,
    digest: Option<String>,
}

impl VmConfig {
    /// Returns the text of an option.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.options.get(key).map(String::as_str)
    }

    /// Returns all set options, sorted by name; the digest is not among them.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.options
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Returns whether option `key` has a value that Proxmox treats like `wanted`.
    pub fn has(&self, key: &str, wanted: &str) -> bool {
        self.get(key)
            .is_some_and(|value| normal_form(key, value) == normal_form(key, wanted))
    }

    /// Returns the digest of the stored text; equal digests mean equal text, also after a change
    /// and its reversal.
    pub fn digest(&self) -> Option<&str> {
        self.digest.as_deref()
    }

    /// Returns what holds the VM, as in `clone` or `backup`.
    pub fn lock(&self) -> Option<&str> {
        self.get("lock")
    }

    /// Returns whether this is the placeholder of a clone in progress, which has neither name nor
    /// tags (recording `03-clone.json`).
    pub fn is_being_cloned(&self) -> bool {
        self.lock() == Some("clone")
    }

    /// Returns the name; none only while a clone is in progress or for a VM made without.
    pub fn name(&self) -> Option<&str> {
        self.get("name")
    }

    /// Returns the notes.
    pub fn description(&self) -> Option<&str> {
        self.get("description")
    }

    /// Returns whether this is a template.
    pub fn is_template(&self) -> bool {
        self.is_on("template")
    }

    /// Returns whether the VM starts with the host.
    pub fn starts_on_boot(&self) -> bool {
        self.is_on("onboot")
    }

    /// Returns whether Proxmox refuses to delete the VM.
    pub fn is_protected(&self) -> bool {
        self.is_on("protection")
    }

    /// Returns whether a running VM takes changes of its network cards. Left out and `1` stand for
    /// network, disks and USB; `0` for nothing.
    pub fn hotplugs_network(&self) -> bool {
        let features = self.get("hotplug").unwrap_or("1");
        features == "1" || features.split([',', ';', ' ']).any(|one| one == "network")
    }

    fn is_on(&self, key: &str) -> bool {
        self.get(key)
            .is_some_and(|text| bool01::parse(text) == Ok(true))
    }

    /// Returns the cores of each socket; absent means 1.
    pub fn cores(&self) -> Result<u32, BadOption> {
        self.number("cores", 1)
    }

    /// Returns the number of sockets; absent means 1.
    pub fn sockets(&self) -> Result<u32, BadOption> {
        self.number("sockets", 1)
    }

    /// Returns the memory; absent means 512 MiB.
    pub fn memory(&self) -> Result<MiB, BadOption> {
        Ok(self
            .view::<Memory>("memory")?
            .map_or(MiB(512), |memory| memory.0))
    }

    /// Returns the CPU.
    pub fn cpu(&self) -> Result<Option<Cpu>, BadOption> {
        self.view("cpu")
    }

    /// Returns the machine.
    pub fn machine(&self) -> Result<Option<Machine>, BadOption> {
        self.view("machine")
    }

    /// Returns the firmware, `seabios` (when absent) or `ovmf`.
    pub fn bios(&self) -> &str {
        self.get("bios").unwrap_or("seabios")
    }

    /// Returns whether and how the host talks to an agent in the guest.
    pub fn agent(&self) -> Result<Option<Agent>, BadOption> {
        self.view("agent")
    }

    /// Returns the order of boot devices.
    pub fn boot(&self) -> Result<Option<BootOrder>, BadOption> {
        self.view("boot")
    }

    /// Returns the start order.
    pub fn startup(&self) -> Result<Option<Startup>, BadOption> {
        self.view("startup")
    }

    /// Returns the SMBIOS fields.
    pub fn smbios(&self) -> Result<Option<Smbios>, BadOption> {
        self.view("smbios1")
    }

    /// Returns the tags.
    pub fn tags(&self) -> Tags {
        Tags::from_stored(self.get("tags").unwrap_or_default())
    }

    /// Returns the network device `net{index}`.
    pub fn net(&self, index: u8) -> Result<Option<NetDevice>, BadOption> {
        self.view(&format!("net{index}"))
    }

    /// Returns the cloud-init address `ipconfig{index}`.
    pub fn ip_config(&self, index: u8) -> Result<Option<IpConfig>, BadOption> {
        self.view(&format!("ipconfig{index}"))
    }

    /// Returns the disk in `slot`.
    pub fn disk(&self, slot: DiskSlot) -> Result<Option<Disk>, BadOption> {
        self.view(&slot.to_string())
    }

    /// Returns all disks and CD-ROM drives by slot.
    pub fn disks(&self) -> Result<BTreeMap<DiskSlot, Disk>, BadOption> {
        let slots = self.options.keys().filter_map(|key| key.parse().ok());
        slots
            .map(|slot: DiskSlot| Ok((slot, self.disk(slot)?)))
            .filter_map(|entry: Result<_, BadOption>| match entry {
                Ok((slot, disk)) => disk.map(|disk| Ok((slot, disk))),
                Err(error) => Some(Err(error)),
            })
            .collect()
    }

    /// Returns all network devices by index.
    pub fn nets(&self) -> Result<BTreeMap<u8, NetDevice>, BadOption> {
        self.numbered("net")
    }

    /// Returns all PCI devices of the host by index.
    pub fn host_pci(&self) -> Result<BTreeMap<u8, HostPci>, BadOption> {
        self.numbered("hostpci")
    }

    fn numbered<T: FromStr<Err = Malformed>>(
        &self,
        prefix: &str,
    ) -> Result<BTreeMap<u8, T>, BadOption> {
        let index = |key: &str| key.strip_prefix(prefix)?.parse::<u8>().ok();
        let keys = self
            .options
            .iter()
            .filter_map(|(key, text)| Some((index(key)?, key, text)));
        keys.map(|(index, key, text)| Ok((index, read(key, text)?)))
            .collect()
    }

    fn number(&self, key: &str, absent: u32) -> Result<u32, BadOption> {
        let number = |text: &str| {
            text.parse()
                .map_err(|_| Malformed::new("a number", text, "expected digits"))
        };
        let parsed = self.get(key).map_or(Ok(absent), number);
        parsed.map_err(|source| BadOption {
            key: key.to_owned(),
            source,
        })
    }

    fn view<T: FromStr<Err = Malformed>>(&self, key: &str) -> Result<Option<T>, BadOption> {
        self.get(key).map(|text| read(key, text)).transpose()
    }
}

fn read<T: FromStr<Err = Malformed>>(key: &str, text: &str) -> Result<T, BadOption> {
    text.parse().map_err(|source| BadOption {
        key: key.to_owned(),
        source,
    })
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for VmConfig {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(options: I) -> Self {
        let mut options: BTreeMap<String, String> = options
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        let digest = options.remove("digest");
        Self { options, digest }
    }
}

impl<'de> Deserialize<'de> for VmConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let options = BTreeMap::<String, Option<Scalar>>::deserialize(deserializer)?;
        Ok(options
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?.0)))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recording 03-clone.json, VM 200, with the placeholders filled in.
    const RECORDED: &str = r#"{"agent":"1","boot":"order=scsi0;net0","cores":2,"cpu":"host",
        "description":"made by hand","digest":"3f786850e387550fdab836ed7e6dc881de23001b",
        "ipconfig0":"ip=dhcp","machine":"q35","memory":"2048",
        "meta":"creation-qemu=9.0.0,ctime=1760000000","name":"Copy-of-VM-tmpl",
        "net0":"virtio=BC:24:11:00:00:01,bridge=vmbr0",
        "net1":"e1000=BC:24:11:00:00:02,bridge=vmbr1,tag=7","onboot":1,"ostype":"l26",
        "scsi0":"local:9000/base-9000-disk-0.raw/200/vm-200-disk-0.qcow2,size=64M",
        "scsihw":"virtio-scsi-single","serial0":"socket",
        "smbios1":"uuid=0badc0de-0000-4000-8000-000000000200","sockets":1,"tags":"base;talos",
        "vmgenid":"0badc0de-0000-4000-8000-000005000200"}"#;

    fn recorded() -> VmConfig {
        serde_json::from_str(RECORDED).expect("a recorded answer")
    }

    #[test]
    fn the_views_of_a_recorded_configuration() {
        let config = recorded();
        assert_eq!(
            config.digest(),
            Some("3f786850e387550fdab836ed7e6dc881de23001b")
        );
        assert_eq!(
            (config.get("digest"), config.get("cores")),
            (None, Some("2"))
        );
        assert_eq!(
            (config.cores(), config.sockets(), config.memory()),
            (Ok(2), Ok(1), Ok(MiB(2048)))
        );
        assert_eq!(config.tags(), Tags::from_stored("talos,base"));
        assert!(config.starts_on_boot() && !config.is_template() && !config.is_protected());
        assert_eq!(
            config
                .nets()
                .map(|nets| nets.keys().copied().collect::<Vec<_>>()),
            Ok(vec![0, 1])
        );
        let disks = config.disks().expect("readable");
        assert_eq!(
            disks.keys().map(ToString::to_string).collect::<Vec<_>>(),
            ["scsi0"]
        );
        assert_eq!(
            disks[&DiskSlot::SCSI0].size.map(crate::DiskSize::bytes),
            Some(67_108_864)
        );
    }

    #[test]
    fn a_clone_in_progress_has_only_a_lock() {
        let text = r#"{"description":" qmclone temporary file","digest":"d","lock":"clone"}"#;
        let config: VmConfig = serde_json::from_str(text).expect("a recorded answer");
        assert!(config.is_being_cloned());
        assert_eq!(
            (config.name(), config.memory(), config.cores()),
            (None, Ok(MiB(512)), Ok(1))
        );
    }

    #[test]
    fn an_option_is_compared_as_proxmox_means_it() {
        let config = recorded();
        assert!(config.has(
            "net0",
            "model=virtio,macaddr=bc:24:11:00:00:01,bridge=vmbr0"
        ));
        assert!(config.has("memory", "current=2048") && !config.has("memory", "4096"));
        assert!(!config.has("startup", "order=1"));
    }

    #[test]
    fn a_value_that_cannot_be_read_names_its_option() {
        let config: VmConfig = [("net0", "warp")].into_iter().collect();
        let error = config.net(0).expect_err("no such model");
        assert_eq!(
            (error.key(), error.to_string()),
            ("net0", "failed to read option `net0`".to_owned())
        );
    }
    #[test]
    fn network_cards_are_plugged_unless_hotplug_leaves_them_out() {
        assert!(recorded().hotplugs_network());
        for (features, network) in [
            ("1", true),
            ("0", false),
            ("network,disk,usb", true),
            ("disk;usb", false),
        ] {
            let config: VmConfig = [("hotplug", features)].into_iter().collect();
            assert_eq!(config.hotplugs_network(), network, "{features}");
        }
    }
}
