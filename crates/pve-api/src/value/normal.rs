//! Normal forms of whole options, for comparing what was asked for with what is stored.

use std::str::FromStr;

use super::{
    Agent, BootOrder, Cpu, Disk, DiskSlot, HostPci, IpConfig, Machine, Memory, NetDevice, Smbios,
    Startup, Tags,
};
use crate::{Malformed, bool01};

/// Options that are plain booleans, with the value they have when unset.
const FLAGS: [&str; 12] = [
    "acpi",
    "allow-ksm",
    "autostart",
    "ciupgrade",
    "freeze",
    "kvm",
    "localtime",
    "numa",
    "onboot",
    "protection",
    "reboot",
    "tablet",
];

/// Returns the normal form of the value of option `key`: two values that Proxmox treats alike have
/// the same. A value that cannot be read is its own normal form.
///
/// Left out are what Proxmox decides itself: the `size` and `format` of a disk.
pub fn normal_form(key: &str, value: &str) -> String {
    try_normal_form(key, value).unwrap_or_else(|_| value.to_owned())
}

/// Returns whether Proxmox treats two values of option `key` alike.
pub fn same_value(key: &str, left: &str, right: &str) -> bool {
    normal_form(key, left) == normal_form(key, right)
}

fn try_normal_form(key: &str, value: &str) -> Result<String, Malformed> {
    match key.trim_end_matches(|char: char| char.is_ascii_digit()) {
        "net" => reprint::<NetDevice>(value),
        "hostpci" => reprint::<HostPci>(value),
        "ipconfig" => reprint::<IpConfig>(value),
        "agent" => reprint::<Agent>(value),
        "boot" => reprint::<BootOrder>(value),
        "cpu" => reprint::<Cpu>(value),
        "machine" => reprint::<Machine>(value),
        "memory" => reprint::<Memory>(value),
        "smbios" => reprint::<Smbios>(value),
        "startup" => reprint::<Startup>(value),
        "tags" => Ok(Tags::from_stored(value).to_string()),
        "description" => Ok(value.trim_end().to_owned()),
        _ if FLAGS.contains(&key) => Ok(bool01::print(bool01::parse(value)?).to_owned()),
        _ if key.parse::<DiskSlot>().is_ok() => disk(value),
        _ => Ok(value.to_owned()),
    }
}

fn reprint<T: FromStr<Err = Malformed> + ToString>(value: &str) -> Result<String, Malformed> {
    Ok(value.parse::<T>()?.to_string())
}

fn disk(value: &str) -> Result<String, Malformed> {
    let mut disk: Disk = value.parse()?;
    disk.size = None;
    disk.settings.take("format");
    Ok(disk.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_put_equals_what_get_answers() {
        // Each pair is one write of recording 07-config-normalisation.json.
        let recorded = [
            (
                "net0",
                "virtio=BC:24:11:00:00:01,bridge=vmbr1,trunks=5;7-9,mtu=1500",
                "virtio=BC:24:11:00:00:01,bridge=vmbr1,mtu=1500,trunks=5;7-9",
            ),
            (
                "net0",
                "model=virtio,macaddr=BC:24:11:00:00:01,bridge=vmbr0,firewall=0,queues=2,mtu=1,rate=12.5,link_down=off",
                "virtio=BC:24:11:00:00:01,bridge=vmbr0,firewall=0,link_down=0,mtu=1,queues=2,rate=12.5",
            ),
            (
                "scsi0",
                "local:100/vm-100-disk-0.raw,ssd=on,discard=on,iothread=yes,cache=writeback,size=99G",
                "local:100/vm-100-disk-0.raw,cache=writeback,discard=on,iothread=1,size=64M,ssd=1",
            ),
            (
                "scsi0",
                "file=local:100/vm-100-disk-0.raw,discard=ignore",
                "local:100/vm-100-disk-0.raw,discard=ignore,size=64M",
            ),
            ("memory", "current=3072", "3072"),
            ("tags", "B,a;C A  d", "a;b;c;d"),
            ("tags", "", " "),
            ("description", "line1\nline2\n\n", "line1\nline2"),
            (
                "description",
                "  lead: 50% #hash\tTab é\r\nx  ",
                "  lead: 50% #hash\tTab é\r\nx",
            ),
            (
                "hostpci1",
                "host=01:00,pcie=on,x-vga=0",
                "0000:01:00,pcie=1",
            ),
            ("onboot", "true", "1"),
        ];
        for (key, put, got) in recorded {
            assert!(
                same_value(key, put, got),
                "{key}: {} != {}",
                normal_form(key, put),
                normal_form(key, got)
            );
        }
    }

    #[test]
    fn real_differences_stay() {
        for (key, left, right) in [
            (
                "net0",
                "virtio=BC:24:11:00:00:01,bridge=vmbr0",
                "virtio=BC:24:11:00:00:01,bridge=vmbr1",
            ),
            (
                "scsi0",
                "local:100/vm-100-disk-0.raw",
                "local:100/vm-100-disk-1.raw",
            ),
            ("memory", "2048", "4096"),
            ("tags", "a;b", "a"),
            ("description", "a", " a"),
            ("name", "web", "Web"),
            ("cpu", "host", "host,flags=+aes"),
            ("onboot", "1", "0"),
        ] {
            assert!(!same_value(key, left, right), "{key}");
        }
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own(
            key in "(net0|scsi0|ide2|hostpci0|cpu|agent|boot|tags|memory|startup|smbios1|machine|ipconfig0|onboot|name|description)",
            value in "[ -~é]{0,40}",
        ) {
            let once = normal_form(&key, &value);
            prop_assert_eq!(normal_form(&key, &once), once);
        }
    }
}
