//! Who may set which option of a machine, by name and by value.

use super::options::{Needs, needs};
use crate::auth::Principal;
use crate::fail::{Fail, Result, bad_param, die, forbidden};
use crate::schema::{Properties, property_properties};
use crate::world::{Drive, World};

/// The machine whose options are at stake, and the pool it is to join.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) vmid: u32,
    pub(crate) pool: Option<&'a str>,
}

impl World {
    /// 403 unless the privileges are there on the machine, or on the pool it is to join.
    pub(crate) fn check_vm(
        &self,
        who: &Principal,
        target: Target<'_>,
        wanted: &[&str],
    ) -> Result<()> {
        if let Some(pool) = target.pool
            && self.check(who, &format!("/pool/{pool}"), wanted).is_ok()
        {
            return Ok(());
        }
        self.check(who, &format!("/vms/{}", target.vmid), wanted)
    }

    /// Checks what the names of options alone decide.
    pub(crate) fn check_options<'a>(
        &self,
        who: &Principal,
        target: Target<'_>,
        keys: impl IntoIterator<Item = &'a str>,
    ) -> Result<()> {
        if who.is_root() {
            return Ok(());
        }
        keys.into_iter().try_for_each(|key| match needs(key) {
            Needs::ByValue => Ok(()),
            Needs::All(wanted) => self.check_vm(who, target, wanted),
            Needs::Any(wanted) => self.check_vm_any(who, target, wanted),
            Needs::Startup => {
                self.check_vm(who, target, &["VM.Config.Options"])?;
                self.check(who, "/", &["Sys.Modify"])
            }
            Needs::Root => Err(die(format!("only root can set '{key}' config"))),
        })
    }

    fn check_vm_any(&self, who: &Principal, target: Target<'_>, wanted: &[&str]) -> Result<()> {
        if let Some(pool) = target.pool
            && self.may_any(who, &format!("/pool/{pool}"), wanted)
        {
            return Ok(());
        }
        self.check_any(who, &format!("/vms/{}", target.vmid), wanted)
    }

    /// Checks the right to a drive by its value.
    pub(crate) fn check_drive(
        &self,
        who: &Principal,
        target: Target<'_>,
        drive: &Drive,
    ) -> Result<()> {
        if drive.is_cloudinit() {
            self.check_vm(who, target, &["VM.Config.Cloudinit", "VM.Config.CDROM"])
        } else if drive.is_cdrom() || drive.is_empty() {
            self.check_vm(who, target, &["VM.Config.CDROM"])
        } else {
            self.check_vm(who, target, &["VM.Config.Disk"])
        }
    }

    /// Checks the right to a PCI device by its value.
    pub(crate) fn check_hostpci(
        &self,
        who: &Principal,
        target: Target<'_>,
        key: &str,
        value: &str,
    ) -> Result<()> {
        if who.is_root() {
            return Ok(());
        }
        let device = self.properties("hostpci", value);
        if device.contains_key("host") {
            return Err(die(format!(
                "only root can set '{key}' config for non-mapped devices"
            )));
        }
        let Some(mapping) = device.get("mapping") else {
            return Err(die("either 'host' or 'mapping' must be set."));
        };
        self.check_vm(who, target, &["VM.Config.HWType"])?;
        self.check(who, &format!("/mapping/pci/{mapping}"), &["Mapping.Use"])?;
        if device.contains_key("romfile") {
            return Err(bad_param(key, "only root@pam can set 'romfile' option"));
        }
        Ok(())
    }

    /// Checks the right to a USB device by its value.
    pub(crate) fn check_usb(
        &self,
        who: &Principal,
        target: Target<'_>,
        key: &str,
        value: &str,
    ) -> Result<()> {
        if who.is_root() {
            return Ok(());
        }
        let device = self.properties("usb", value);
        let is_spice = device
            .get("host")
            .is_some_and(|host| host.eq_ignore_ascii_case("spice"));
        match device.get("mapping") {
            _ if is_spice => self.check_vm(who, target, &["VM.Config.HWType"]),
            Some(mapping) => {
                self.check_vm(who, target, &["VM.Config.HWType"])?;
                self.check(who, &format!("/mapping/usb/{mapping}"), &["Mapping.Use"])
            }
            None if device.contains_key("host") => Err(die(format!(
                "only root can set '{key}' config for real devices"
            ))),
            None => Err(die("either 'host' or 'mapping' must be set.")),
        }
    }

    /// Checks the right to a serial port; `old` is what it was.
    pub(crate) fn check_serial(
        &self,
        who: &Principal,
        target: Target<'_>,
        verb: &str,
        key: &str,
        values: [Option<&str>; 2],
    ) -> Result<()> {
        if values.into_iter().flatten().all(|value| value == "socket") {
            self.check_vm(who, target, &["VM.Config.HWType"])
        } else if who.is_root() {
            Ok(())
        } else {
            Err(die(format!(
                "only root can {verb} '{key}' config for real devices"
            )))
        }
    }

    /// Checks the right to the bridge (and VLAN) of a network card.
    pub(crate) fn check_net(&self, who: &Principal, value: &str) -> Result<()> {
        let net = self.properties("net", value);
        let Some(bridge) = net.get("bridge") else {
            // 8.4 asks for the rights on a bridge of no name and fails on that.
            return if self.version.is_9() {
                Ok(())
            } else {
                Err(die("no sdn vnet ID specified"))
            };
        };
        if who.is_root() {
            return Ok(());
        }
        let zone = format!("/sdn/zones/localnetwork/{bridge}");
        match net.get("tag") {
            Some(tag) => self.check(who, &format!("{zone}/{tag}"), &["SDN.Use"]),
            None => self.check(who, &zone, &["SDN.Use"]),
        }
    }

    /// Checks the right to use a volume that is there, or a path.
    pub(crate) fn check_volume(&self, who: &Principal, vmid: u32, volid: &str) -> Result<()> {
        if who.is_root() {
            return Ok(());
        }
        if volid.starts_with('/') {
            let text = "Only root can pass arbitrary filesystem paths. \
                        at /usr/share/perl5/PVE/Storage.pm line 651.";
            return Err(die(text));
        }
        let (name, volname) = crate::world::parse_volid(volid)?;
        let storage = self.require_storage(name)?;
        let owner = storage.owner(volname)?;
        let path = format!("/storage/{name}");
        if self.may(who, &path, "Datastore.Allocate") || owner == Some(vmid) {
            return Ok(());
        }
        match owner {
            Some(owner) => {
                self.check(who, &path, &["Datastore.Audit"])?;
                self.check(who, &format!("/vms/{owner}"), &["VM.Config.Disk"])
            }
            None => self.check_any(who, &path, &["Datastore.AllocateSpace", "Datastore.Audit"]),
        }
    }

    /// Checks the tags a caller adds or removes against the datacenter's rules.
    pub(crate) fn check_tags(
        &self,
        who: &Principal,
        target: Target<'_>,
        changed: &[String],
    ) -> Result<()> {
        if changed.is_empty() {
            return Ok(());
        }
        self.check_vm(who, target, &["VM.Config.Options"])?;
        let privileged = self
            .datacenter
            .get("registered-tags")
            .map_or("", String::as_str);
        let access = self
            .datacenter
            .get("user-tag-access")
            .map_or("", String::as_str);
        let setting = |key: &str| {
            access
                .split(',')
                .find_map(|part| part.strip_prefix(key)?.strip_prefix('='))
        };
        let mode = setting("user-allow").unwrap_or("free");
        let listed: Vec<&str> = setting("user-allow-list")
            .unwrap_or("")
            .split(';')
            .collect();
        for tag in changed {
            let allowed = match mode {
                _ if privileged.split(';').any(|known| known == tag) => false,
                "none" => false,
                "list" => listed.contains(&tag.as_str()),
                "existing" => listed.contains(&tag.as_str()) || self.has_tag(tag),
                _ => true,
            };
            if !allowed && !self.may(who, "/", "Sys.Modify") {
                return Err(forbidden(&format!(
                    "/, Sys.Modify for modifying tag '{tag}'"
                )));
            }
        }
        Ok(())
    }

    fn has_tag(&self, tag: &str) -> bool {
        self.vms
            .values()
            .filter_map(|vm| vm.config.get("tags"))
            .any(|tags| tags.split(';').any(|known| known == tag))
    }

    /// A property string the schema has accepted, taken apart.
    pub(crate) fn properties(&self, set: &str, value: &str) -> Properties {
        property_properties(self.version, set, value)
    }

    /// `VM is locked (…)` unless the machine is free or the lock is to be ignored.
    pub(crate) fn check_config_lock(&self, vmid: u32, skiplock: bool) -> Result<()> {
        let vm = self.require_vm(vmid)?;
        match vm.lock() {
            Some(lock) if !skiplock => Err(locked(lock)),
            _ => Ok(()),
        }
    }
}

/// The root-only flag that lets a request ignore the configuration's lock.
pub(crate) fn check_skiplock(who: &Principal, skiplock: bool) -> Result<()> {
    if skiplock && !who.is_root() {
        return Err(bad_param("skiplock", "Only root may use this option."));
    }
    Ok(())
}

/// The error of a machine whose configuration carries a lock.
pub(crate) fn locked(lock: &str) -> Fail {
    die(format!("VM is locked ({lock})"))
}
