//! The options of a machine: their types, and which privilege each takes.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::schema::{Kind, Param, parse_table};
use crate::world::is_disk_key;

/// Options common to creating and changing a machine.
pub(crate) const OPTIONS: &str = r"
    acpi? bool
    affinity? text fmt=pve-cpuset
    agent? text props=agent
    allow-ksm? bool v9
    amd-sev? text props=sev
    arch? enum:x86_64|aarch64
    args? text
    audio0? text props=audio
    autostart? bool
    balloon? int min=0
    bios? enum:seabios|ovmf
    boot? text fmt=pve-qm-boot
    bootdisk? text pat=(ide|sata|scsi|virtio)\d+
    cdrom? text
    cicustom? text props=cicustom
    cipassword? text
    citype? enum:configdrive2|nocloud|opennebula
    ciupgrade? bool
    ciuser? text
    cores? int min=1
    cpu? text fmt=pve-vm-cpu-conf
    cpulimit? num min=0 max=128
    cpuunits? int min=1 max=262144
    description? text len=8192
    efidisk0? text props=efidisk
    freeze? bool
    hookscript? text fmt=pve-volume-id
    hostpci[16]? text props=hostpci
    hotplug? text fmt=pve-hotplug-features
    hugepages? enum:any|2|1024
    ide[4]? text props=ide
    intel-tdx? text props=tdx v9
    ipconfig[32]? text props=ipconfig
    ivshmem? text props=ivshmem
    keephugepages? bool
    keyboard? enum:de|de-ch|da|en-gb|en-us|es|fi|fr|fr-be|fr-ca|fr-ch|hu|is|it|ja|lt|mk|nl|no|pl|pt|pt-br|sv|sl|tr
    kvm? bool
    localtime? bool
    lock? enum:backup|clone|create|migrate|rollback|snapshot|snapshot-delete|suspending|suspended
    machine? text props=machine
    memory? text props=memory
    migrate_downtime? num min=0
    migrate_speed? int min=0
    name? text fmt=dns-name
    nameserver? text fmt=address-list
    net[32]? text props=net
    numa? bool
    numa[8]? text props=numa
    onboot? bool
    ostype? enum:other|wxp|w2k|w2k3|w2k8|wvista|win7|win8|win10|win11|l24|l26|solaris
    parallel[3]? text pat=/dev/parport\d+|/dev/usb/lp\d+
    protection? bool
    reboot? bool
    rng0? text props=rng
    sata[6]? text props=drive
    scsi[31]? text props=scsi
    scsihw? enum:lsi|lsi53c810|virtio-scsi-pci|virtio-scsi-single|megasas|pvscsi
    searchdomain? text
    serial[4]? text pat=(/dev/.+|socket)
    shares? int min=0 max=50000
    smbios1? text props=smbios1 len=512
    smp? int min=1
    sockets? int min=1
    spice_enhancements? text props=spice
    sshkeys? text fmt=urlencoded
    startdate? text pat=(now|\d{4}-\d{1,2}-\d{1,2}(T\d{1,2}:\d{1,2}:\d{1,2})?)
    startup? text fmt=pve-startup-order
    tablet? bool
    tags? text fmt=pve-tag-list
    tdf? bool
    template? bool
    tpmstate0? text props=tpmstate
    unused[256]? text props=unused
    usb[14]? text props=usb
    vcpus? int min=1
    vga? text props=vga
    virtio[16]? text props=virtio
    virtiofs[10]? text props=virtiofs
    vmgenid? text pat=(?:[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}|[01])
    vmstatestorage? text fmt=pve-storage-id
    watchdog? text props=watchdog
";

static TABLE: LazyLock<Vec<Param>> =
    LazyLock::new(|| parse_table(OPTIONS).expect("a test reads every endpoint's table"));

/// Whether there is such an option.
pub(crate) fn exists(key: &str) -> bool {
    TABLE.iter().any(|param| param.matches(key))
}

/// An option as JSON: integers and booleans are numbers, everything else is text.
pub(crate) fn to_json(key: &str, value: &str) -> Value {
    static NUMBERS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        let numeric = |param: &&Param| matches!(param.kind, Kind::Integer | Kind::Boolean);
        TABLE
            .iter()
            .filter(numeric)
            .map(|param| param.name)
            .collect()
    });
    match value.parse::<i64>() {
        Ok(number) if NUMBERS.contains(key) => json!(number),
        _ if key == "cipassword" => json!("**********"),
        _ => json!(value),
    }
}

/// The name of the property set of a drive's bus.
pub(crate) fn drive_set(key: &str) -> &'static str {
    match key.trim_end_matches(|c: char| c.is_ascii_digit()) {
        "ide" => "ide",
        "scsi" => "scsi",
        "virtio" => "virtio",
        "efidisk" => "efidisk",
        "tpmstate" => "tpmstate",
        _ => "drive",
    }
}

/// Which privileges on the machine an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    All(&'static [&'static str]),
    Any(&'static [&'static str]),
    /// And `Sys.Modify` on `/`.
    Startup,
    /// What it takes depends on the value.
    ByValue,
    /// The user root@pam itself.
    Root,
}

/// The rule for an option's name alone.
pub(crate) fn needs(key: &str) -> Needs {
    let family = key.trim_end_matches(|c: char| c.is_ascii_digit());
    if is_disk_key(key) || key == "cdrom" || key == "tags" {
        return Needs::ByValue;
    }
    match (family, family.len() < key.len()) {
        ("serial" | "usb" | "hostpci" | "virtiofs", true) => return Needs::ByValue,
        ("net", true) => return Needs::All(&["VM.Config.Network"]),
        ("unused", true) => return Needs::All(&["VM.Config.Disk"]),
        ("numa", true) => return Needs::All(&["VM.Config.CPU"]),
        ("ipconfig", true) => return CLOUDINIT,
        _ => {}
    }
    match key {
        "cores" | "cpu" | "cpulimit" | "cpuunits" | "numa" | "smp" | "sockets" | "vcpus" => {
            Needs::All(&["VM.Config.CPU"])
        }
        "memory" | "balloon" | "shares" | "allow-ksm" => Needs::All(&["VM.Config.Memory"]),
        "acpi" | "hotplug" | "kvm" | "machine" | "scsihw" | "smbios1" | "tablet" | "vga"
        | "watchdog" | "audio0" | "rng0" => Needs::All(&["VM.Config.HWType"]),
        "agent" | "autostart" | "bios" | "description" | "keyboard" | "localtime"
        | "migrate_downtime" | "migrate_speed" | "name" | "onboot" | "ostype" | "protection"
        | "reboot" | "startdate" | "tdf" | "template" => Needs::All(&["VM.Config.Options"]),
        "startup" => Needs::Startup,
        "freeze" => Needs::All(&["VM.PowerMgmt"]),
        "boot" | "bootdisk" | "vmstatestorage" => Needs::All(&["VM.Config.Disk"]),
        "cicustom" | "cipassword" | "citype" | "ciuser" | "ciupgrade" | "nameserver"
        | "searchdomain" | "sshkeys" => CLOUDINIT,
        _ => Needs::Root,
    }
}

const CLOUDINIT: Needs = Needs::Any(&["VM.Config.Cloudinit", "VM.Config.Network"]);

/// Whether an option is one of cloud-init's.
pub(crate) fn is_cloudinit(key: &str) -> bool {
    needs(key) == CLOUDINIT
}

/// Options that apply to a running machine at once.
pub(crate) fn applies_live(key: &str) -> bool {
    matches!(
        key,
        "lock"
            | "name"
            | "onboot"
            | "shares"
            | "startup"
            | "description"
            | "protection"
            | "vmstatestorage"
            | "hookscript"
            | "tags"
            | "cpulimit"
            | "cpuunits"
            | "tablet"
            | "migrate_downtime"
            | "migrate_speed"
    ) || is_cloudinit(key)
}
