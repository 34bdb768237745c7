//! The property strings of a machine's options, as tables.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::line::{Param, parse_table};

/// The table of a property string; empty for a name that is none.
pub(crate) fn property_set(name: &str) -> &'static [Param] {
    static SETS: LazyLock<BTreeMap<&'static str, Vec<Param>>> = LazyLock::new(|| {
        SOURCES
            .iter()
            .map(|(name, text)| (*name, parse_table(text).expect("a test reads every table")))
            .collect()
    });
    SETS.get(name).map_or(&[], Vec::as_slice)
}

const SOURCES: &[(&str, &str)] = &[
    ("net", NET),
    ("drive", DRIVE),
    ("ide", IDE),
    ("scsi", SCSI),
    ("virtio", VIRTIO),
    ("efidisk", EFIDISK),
    ("tpmstate", TPMSTATE),
    ("unused", UNUSED),
    ("memory", MEMORY),
    ("agent", AGENT),
    ("machine", MACHINE),
    ("vga", VGA),
    ("numa", NUMA),
    ("ipconfig", IPCONFIG),
    ("hostpci", HOSTPCI),
    ("smbios1", SMBIOS1),
    ("cpu", CPU),
    ("boot", BOOT),
    ("rng", RNG),
    ("watchdog", WATCHDOG),
    ("audio", AUDIO),
    ("usb", USB),
    ("ivshmem", IVSHMEM),
    ("spice", SPICE),
    ("virtiofs", VIRTIOFS),
    ("cicustom", CICUSTOM),
    ("sev", SEV),
    ("tdx", TDX),
    ("pci-map", PCI_MAP),
];

const NET: &str = r"
    model enum:e1000|e1000-82540em|e1000-82544gc|e1000-82545em|e1000e|i82551|i82557b|i82559er|ne2k_isa|ne2k_pci|pcnet|rtl8139|virtio|vmxnet3 default
    macaddr? text fmt=mac-addr
    bridge? text pat=[-_.\w\d]{1,15}
    firewall? bool
    link_down? bool
    mtu? int min=1 max=65520
    queues? int min=0 max=64
    rate? num min=0
    tag? int min=1 max=4094
    trunks? text pat=\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*
    e1000 alias:macaddr/model
    e1000-82540em alias:macaddr/model
    e1000-82544gc alias:macaddr/model
    e1000-82545em alias:macaddr/model
    e1000e alias:macaddr/model
    i82551 alias:macaddr/model
    i82557b alias:macaddr/model
    i82559er alias:macaddr/model
    ne2k_isa alias:macaddr/model
    ne2k_pci alias:macaddr/model
    pcnet alias:macaddr/model
    rtl8139 alias:macaddr/model
    virtio alias:macaddr/model
    vmxnet3 alias:macaddr/model
";

macro_rules! drive {
    ($own:literal) => {
        concat!(
            r"
    file text fmt=qm-path default
    volume alias:file
    media? enum:cdrom|disk
    snapshot? bool
    cache? enum:none|writethrough|writeback|unsafe|directsync
    format? enum:raw|qcow|qed|qcow2|vmdk|cloop
    size? text fmt=disk-size
    backup? bool
    replicate? bool
    rerror? enum:ignore|report|stop
    werror? enum:enospc|ignore|report|stop
    aio? enum:native|threads|io_uring
    discard? enum:ignore|on
    detect_zeroes? bool
    serial? text fmt=urlencoded len=60
    shared? bool
    import-from? text fmt=absolute-path
    bps? int
    bps_rd? int
    bps_wr? int
    bps_max_length? int min=1
    bps_rd_max_length? int min=1
    bps_wr_max_length? int min=1
    bps_rd_length alias:bps_rd_max_length
    bps_wr_length alias:bps_wr_max_length
    iops? int
    iops_rd? int
    iops_wr? int
    iops_max? int
    iops_rd_max? int
    iops_wr_max? int
    iops_max_length? int min=1
    iops_rd_max_length? int min=1
    iops_wr_max_length? int min=1
    iops_rd_length alias:iops_rd_max_length
    iops_wr_length alias:iops_wr_max_length
    mbps? num
    mbps_rd? num
    mbps_wr? num
    mbps_max? num
    mbps_rd_max? num
    mbps_wr_max? num
",
            $own
        )
    };
}
const DRIVE: &str = drive!("ssd? bool\n wwn? text pat=0x[0-9a-fA-F]{16}");
const IDE: &str =
    drive!("ssd? bool\n wwn? text pat=0x[0-9a-fA-F]{16}\n model? text fmt=urlencoded len=120");
const SCSI: &str = drive!(
    "ssd? bool\n wwn? text pat=0x[0-9a-fA-F]{16}\n iothread? bool\n queues? int min=2\n ro? bool
    scsiblock? bool\n product? text pat=[A-Za-z0-9\\-_\\s]{0,16}\n vendor? text pat=[A-Za-z0-9\\-_\\s]{0,8}"
);
const VIRTIO: &str = drive!("iothread? bool\n ro? bool");
const EFIDISK: &str = r"
    file text fmt=qm-path default
    volume alias:file
    efitype? enum:2m|4m
    format? enum:raw|qcow|qed|qcow2|vmdk|cloop
    import-from? text fmt=absolute-path
    ms-cert? enum:2011|2023|2023w|2023k v9
    pre-enrolled-keys? bool
    size? text fmt=disk-size
";
const TPMSTATE: &str = r"
    file text fmt=qm-path default
    volume alias:file
    format? enum:raw|qcow2|vmdk v9
    import-from? text fmt=absolute-path
    size? text fmt=disk-size
    version? enum:v1.2|v2.0
";
const UNUSED: &str = r"
    file text fmt=pve-volume-id default
    volume alias:file
";
const MEMORY: &str = "current int min=16 default";
const AGENT: &str = r"
    enabled bool default
    freeze-fs? bool v9
    freeze-fs-on-backup alias:freeze-fs v9
    guest-fsfreeze alias:freeze-fs v9
    freeze-fs-on-backup? bool v8
    fstrim_cloned_disks? bool
    type? enum:virtio|isa
";
const MACHINE: &str = r"
    type? text default len=40 pat=(pc|pc(-i440fx)?-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?|q35|pc-q35-\d+(\.\d+)+(\+pve\d+)?(\.pxe)?|virt(?:-\d+(\.\d+)+)?(\+pve\d+)?)
    viommu? enum:intel|virtio
    enable-s3? bool
    enable-s4? bool
    aw-bits? num min=32 max=64 v9
";
const VGA: &str = r"
    type? enum:cirrus|qxl|qxl2|qxl3|qxl4|none|serial0|serial1|serial2|serial3|std|virtio|virtio-gl|vmware default
    memory? int min=4 max=512
    clipboard? enum:vnc
";
const NUMA: &str = r"
    cpus text pat=\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*
    memory? num
    hostnodes? text pat=\d+(?:-\d+)?(?:;\d+(?:-\d+)?)*
    policy? enum:preferred|bind|interleave
";
const IPCONFIG: &str = r"
    ip? text fmt=ipv4-config
    gw? text fmt=ipv4 requires=ip
    ip6? text fmt=ipv6-config
    gw6? text fmt=ipv6 requires=ip6
";
const HOSTPCI: &str = r"
    host? text default pat=(?:(?:[a-f0-9]{4,}:)?[a-f0-9]{2}:[a-f0-9]{2}(?:\.[a-f0-9])?)(?:;(?:(?:[a-f0-9]{4,}:)?[a-f0-9]{2}:[a-f0-9]{2}(?:\.[a-f0-9])?))*
    mapping? text fmt=pve-configid
    rombar? bool
    romfile? text pat=[^,;]+
    pcie? bool
    x-vga? bool
    legacy-igd? bool
    mdev? text pat=[^/.:]+
    vendor-id? text pat=0x[0-9a-fA-F]{4}
    device-id? text pat=0x[0-9a-fA-F]{4}
    sub-vendor-id? text pat=0x[0-9a-fA-F]{4}
    sub-device-id? text pat=0x[0-9a-fA-F]{4}
    driver? enum:vfio|keep v9
";
const SMBIOS1: &str = r"
    uuid? text pat=[a-fA-F0-9]{8}(?:-[a-fA-F0-9]{4}){3}-[a-fA-F0-9]{12}
    version? text pat=[A-Za-z0-9+/]+={0,2}
    serial? text pat=[A-Za-z0-9+/]+={0,2}
    manufacturer? text pat=[A-Za-z0-9+/]+={0,2}
    product? text pat=[A-Za-z0-9+/]+={0,2}
    sku? text pat=[A-Za-z0-9+/]+={0,2}
    family? text pat=[A-Za-z0-9+/]+={0,2}
    base64? bool
";
const CPU: &str = r"
    cputype? text default
    reported-model? text
    hidden? bool
    hv-vendor-id? text pat=[a-zA-Z0-9]{1,12}
    flags? text
    phys-bits? text
    guest-phys-bits? int min=32 max=64
";
const BOOT: &str = r"
    legacy? text default pat=[acdn]{1,4}
    order? text fmt=bootdev-list
";
const RNG: &str = r"
    source enum:/dev/urandom|/dev/random|/dev/hwrng default
    max_bytes? int
    period? int
";
const WATCHDOG: &str = r"
    model? enum:i6300esb|ib700 default
    action? enum:reset|shutdown|poweroff|pause|debug|none
";
const AUDIO: &str = r"
    device enum:ich9-intel-hda|intel-hda|AC97
    driver? enum:spice|none
";
const USB: &str = r"
    host? text default pat=(?:(?:0x)?[0-9A-Fa-f]{4}:(?:0x)?[0-9A-Fa-f]{4}|\d+-\d+(?:\.\d+)*|[Ss][Pp][Ii][Cc][Ee])
    mapping? text fmt=pve-configid
    usb3? bool
";
const IVSHMEM: &str = r"
    size int min=1
    name? text pat=[a-zA-Z0-9\-]+
";
const SPICE: &str = r"
    foldersharing? bool
    videostreaming? enum:off|all|filter
";
const VIRTIOFS: &str = r"
    dirid text fmt=pve-configid default
    cache? enum:auto|always|metadata|never
    direct-io? bool
    expose-acl? bool
    expose-xattr? bool
";
const CICUSTOM: &str = r"
    meta? text fmt=pve-volume-id
    network? text fmt=pve-volume-id
    user? text fmt=pve-volume-id
    vendor? text fmt=pve-volume-id
";
const SEV: &str = r"
    type enum:std|es|snp default
    no-debug? bool
    no-key-sharing? bool
    allow-smt? bool
    kernel-hashes? bool
";
const TDX: &str = r"
    type enum:tdx default
    attestation? bool
    vsock-cid? int min=2
    vsock-port? int min=0
";
const PCI_MAP: &str = r"
    node text fmt=pve-node
    id text pat=[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}
    path text pat=(?:[a-f0-9]{4,}:[a-f0-9]{2}:[a-f0-9]{2}(?:\.[a-f0-9])?;)*[a-f0-9]{4,}:[a-f0-9]{2}:[a-f0-9]{2}(?:\.[a-f0-9])?
    subsystem-id? text pat=[0-9A-Fa-f]{4}:[0-9A-Fa-f]{4}
    iommugroup? int
    description? text len=4096
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_can_be_read() {
        let broken: Vec<String> = SOURCES
            .iter()
            .filter_map(|(_, text)| parse_table(text).err())
            .collect();
        assert_eq!(broken, Vec::<String>::new());
    }
}
