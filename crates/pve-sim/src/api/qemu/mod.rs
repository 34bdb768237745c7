//! `/nodes/{node}/qemu` and everything below it.

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
mod options;
mod permission;
mod power;

pub(crate) use agent::{is_configured as agent_is_configured, responds as agent_responds};
pub(crate) use bootorder::{default_order, print as print_order};
pub(crate) use change::print_net;
pub(crate) use clone::{check as check_clone, is_plain_cdrom};
pub(crate) use create::{print_sorted, with_uuid};
pub(crate) use disk::{DiskMaker, Made, copy_log, formatting};
pub(crate) use hotplug::apply_pending;
pub(crate) use listing::{brief, shown_name, vcpus};

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
