//! The boot order of a machine.

use crate::schema::split_list;
use crate::world::{Drive, Options, is_disk_key};

/// The devices of `order=a;b`, or `None` for the legacy form.
pub(crate) fn devices(boot: &str) -> Option<Vec<String>> {
    let order = boot
        .split(',')
        .find_map(|part| part.strip_prefix("order="))?;
    Some(split_list(order).map(str::to_owned).collect())
}

/// A boot order as it is stored.
pub(crate) fn print(devices: &[String]) -> String {
    if devices.is_empty() {
        // An empty value reads back as one blank.
        return " ".to_owned();
    }
    format!("order={}", devices.join(";"))
}

/// What a new machine boots from: its first disk, first CD and first network card.
pub(crate) fn default_order(options: &Options) -> Vec<String> {
    let mut order: Vec<String> = disks(options).take(1).collect();
    order.extend(drives(options).find(|key| is_cdrom(options, key)));
    order.extend(
        options
            .keys()
            .filter(|key| is_net(key))
            .min()
            .map(str::to_owned),
    );
    order
}

fn is_net(key: &str) -> bool {
    key.strip_prefix("net")
        .is_some_and(|number| number.parse::<u8>().is_ok())
}

/// Drives in the order in which Proxmox looks for one to boot from.
fn drives(options: &Options) -> impl Iterator<Item = String> {
    let slots = [("ide", 4), ("scsi", 31), ("virtio", 16), ("sata", 6)];
    slots
        .into_iter()
        .flat_map(|(bus, count)| (0..count).map(move |number| format!("{bus}{number}")))
        .filter(|key| options.has(key))
}

fn disks(options: &Options) -> impl Iterator<Item = String> {
    drives(options).filter(|key| !is_cdrom(options, key))
}

fn is_cdrom(options: &Options, key: &str) -> bool {
    options.get(key).is_some_and(|value| {
        let drive = Drive::parse(value);
        drive.is_cdrom() || drive.is_empty()
    })
}

/// The disk whose size is the machine's.
pub(crate) fn first_disk(options: &Options) -> Option<String> {
    match options.get("boot") {
        Some(boot) if !boot.contains("order=") && !boot.trim().is_empty() => options
            .get("bootdisk")
            .map(str::to_owned)
            .or_else(|| disks(options).next()),
        None => disks(options).next(),
        Some(boot) => devices(boot)?
            .into_iter()
            .find(|key| is_disk_key(key) && options.has(key) && !is_cdrom(options, key)),
    }
}
