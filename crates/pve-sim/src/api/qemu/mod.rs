//! `/nodes/{node}/qemu` and everything below it.

/// The parameter that names a drive, under the name it has there.
macro_rules! disk_param {
    ($name:literal) => {
        concat!(
            $name,
            " enum:ide0|ide1|ide2|ide3|scsi0|scsi1|scsi2|scsi3|scsi4|scsi5|scsi6|scsi7|scsi8|scsi9|scsi10|scsi11|scsi12|scsi13|scsi14|scsi15|scsi16|scsi17|scsi18|scsi19|scsi20|scsi21|scsi22|scsi23|scsi24|scsi25|scsi26|scsi27|scsi28|scsi29|scsi30|virtio0|virtio1|virtio2|virtio3|virtio4|virtio5|virtio6|virtio7|virtio8|virtio9|virtio10|virtio11|virtio12|virtio13|virtio14|virtio15|sata0|sata1|sata2|sata3|sata4|sata5|efidisk0|tpmstate0"
        )
    };
}
use disk_param;

mod access;
mod agent;
mod bootorder;
mod change;
mod clone;
mod cloudinit;
mod config;
mod create;
mod destroy;
mod disk;
mod hotplug;
mod listing;
mod normalise;
mod options;
mod permission;
mod power;
mod tags;

pub(crate) use agent::{is_configured as agent_is_configured, responds as agent_responds};
pub(crate) use bootorder::{default_order, print as print_order};
pub(crate) use change::Change;
pub(crate) use clone::{check as check_clone, is_plain_cdrom};
pub(crate) use create::{print_sorted, with_uuid};
pub(crate) use disk::{DiskMaker, Made, copy_log, formatting};
pub(crate) use hotplug::{Applying, apply_pending};
pub(crate) use listing::{brief, shown_name, vcpus};
pub(crate) use normalise::print_net;

use super::Endpoint;

pub(super) const TABLES: &[&[Endpoint]] = &[
    listing::TABLE,
    config::TABLE,
    power::TABLE,
    clone::TABLE,
    create::TABLE,
    destroy::TABLE,
    agent::TABLE,
    cloudinit::TABLE,
];
