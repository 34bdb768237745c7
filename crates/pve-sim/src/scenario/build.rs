//! From a checked scenario file to a world.

use std::time::Duration;

use serde_json::json;
use toml::Value;

use super::file::{self, Document};
use crate::clock::SimTime;
use crate::convert::parse_size;
use crate::roles;
use crate::world::{
    Agent, Bridge, Guest, PciDevice, PciMapping, Process, PveVersion, Storage, StorageKind, Token,
    User, World, parse_volid,
};

/// When scenarios start that do not say it: 2026-01-01T00:00:00Z.
const START: u64 = 1_767_225_600;

impl Document {
    pub(super) fn into_world(self) -> World {
        let version = self.version().unwrap_or(PveVersion::V9_2);
        let now = SimTime::from_secs(self.start.unwrap_or(START));
        let mut world = World::new(version, &self.node, now, self.seed);
        self.build_host(&mut world);
        self.build_storages(&mut world);
        self.build_access(&mut world);
        self.build_machines(&mut world);
        world
    }

    fn build_host(&self, world: &mut World) {
        let host = &self.host;
        world.host.cpus = host.cpus.unwrap_or(world.host.cpus);
        world.host.iommu = host.iommu.unwrap_or(world.host.iommu);
        world.host.memory = size_or(host.memory.as_ref(), world.host.memory);
        let pace = &mut world.pace;
        pace.copy_rate = size_or(self.pace.copy_rate.as_ref(), pace.copy_rate).max(1);
        pace.start = millis_or(self.pace.start, pace.start);
        pace.stop = millis_or(self.pace.stop, pace.stop);
        pace.shutdown = millis_or(self.pace.shutdown, pace.shutdown);
        world.datacenter.clone_from(&self.datacenter);
        for bridge in &self.bridges {
            world.put_bridge(Bridge {
                iface: bridge.iface.clone(),
                cidr: bridge.cidr.clone(),
                vlan_aware: bridge.vlan_aware,
            });
        }
        self.pci_devices
            .iter()
            .for_each(|device| world.put_pci_device(device.build()));
        for mapping in &self.pci_mappings {
            let built = PciMapping {
                map: mapping.map.clone(),
                description: mapping.description.clone(),
                ..PciMapping::default()
            };
            world.put_pci_mapping(&mapping.id, built);
        }
    }

    fn build_storages(&self, world: &mut World) {
        for storage in &self.storages {
            world.put_storage(&storage.name, storage.build());
        }
        for volume in &self.volumes {
            let Ok((name, volname)) = parse_volid(&volume.volid) else {
                continue;
            };
            let Some(storage) = world.storage_mut(name) else {
                continue;
            };
            let by_name = volname
                .rsplit_once('.')
                .map_or("raw", |(_, extension)| extension);
            let format = volume.format.as_deref().unwrap_or(by_name);
            storage.put_volume(volname, format, size_or(Some(&volume.size), 0));
            if let (Some(used), Some(made)) = (&volume.used, storage.volume_mut(volname)) {
                made.used = size_or(Some(used), 0);
            }
        }
    }

    fn build_access(&self, world: &mut World) {
        world.put_user("root@pam", User::default());
        for user in &self.users {
            let built = User {
                password: user.password.clone(),
                enable: user.enable,
                expire: user.expire,
                ..User::default()
            };
            world.put_user(&user.id, built);
        }
        self.tokens.iter().for_each(|token| token.build(world));
        self.groups
            .iter()
            .for_each(|group| world.put_group(&group.id, &group.users));
        let known = roles::privileges(world.version);
        for role in &self.roles {
            // A file serves both releases: what one of them does not know is left out there.
            let kept: Vec<&String> = role
                .privileges
                .iter()
                .filter(|p| known.contains(&p.as_str()))
                .collect();
            world.put_role(&role.id, &kept);
        }
        for acl in &self.acls {
            acl.to
                .iter()
                .for_each(|to| world.grant(&acl.path, to, &acl.role, acl.propagate));
        }
        for pool in &self.pools {
            let storages: Vec<&str> = pool.storages.iter().map(String::as_str).collect();
            world.put_pool(&pool.id, &pool.vms, &storages);
        }
    }

    fn build_machines(&self, world: &mut World) {
        self.containers
            .iter()
            .for_each(|vmid| world.put_container(*vmid));
        for vm in &self.vms {
            world.put_vm(
                vm.vmid,
                vm.options.iter().map(|(k, v)| (k.as_str(), plain(v))),
            );
            let (pid, started) = (world.ids.pid(), world.booted);
            let Some(built) = world.vm_mut(vm.vmid) else {
                continue;
            };
            built.guest = vm
                .guest
                .as_ref()
                .map(file::Guest::build)
                .unwrap_or_default();
            built.snapshots = vm.snapshots.iter().cloned().collect();
            if vm.running {
                built.process = Some(Process {
                    pid,
                    started,
                    pci: Vec::new(),
                });
            }
        }
    }
}

impl file::Storage {
    fn build(&self) -> Storage {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        let kind = match self.kind.as_str() {
            "lvmthin" => StorageKind::LvmThin { vg: part(&self.vg) },
            "zfspool" => StorageKind::ZfsPool {
                pool: part(&self.pool),
            },
            _ => StorageKind::Dir {
                path: part(&self.path),
            },
        };
        let mut storage = Storage::new(kind, &self.content);
        storage.total = size_or(self.size.as_ref(), storage.total);
        storage.disabled = self.disable;
        storage
    }
}

impl file::Token {
    fn build(&self, world: &mut World) {
        let Some((user, name)) = self.id.split_once('!') else {
            return;
        };
        let Some(user) = world.access.users.get_mut(user) else {
            return;
        };
        let token = Token {
            secret: self.secret.clone(),
            privsep: self.privsep,
            expire: self.expire,
            comment: None,
        };
        user.tokens.insert(name.to_owned(), token);
    }
}

impl file::PciDevice {
    fn build(&self) -> PciDevice {
        PciDevice {
            id: self.id.clone(),
            class: self.class.clone(),
            vendor: self.vendor.clone(),
            device: self.device.clone(),
            subsystem_vendor: self.subsystem_vendor.clone(),
            subsystem_device: self.subsystem_device.clone(),
            iommugroup: self.iommugroup,
        }
    }
}

impl file::Guest {
    fn build(&self) -> Guest {
        let interfaces: Vec<_> = self.interfaces.iter().map(file::Interface::build).collect();
        Guest {
            agent: if self.agent {
                Agent::Answering
            } else {
                Agent::Silent
            },
            interfaces: Some(json!(interfaces)),
            error: None,
            ignores_shutdown: self.ignores_shutdown,
        }
    }
}

impl file::Interface {
    fn build(&self) -> serde_json::Value {
        let addresses: Vec<_> = self
            .addresses
            .iter()
            .filter_map(|text| text.split_once('/'))
            .map(|(address, prefix)| {
                let kind = if address.contains(':') {
                    "ipv6"
                } else {
                    "ipv4"
                };
                let prefix: u8 = prefix.parse().unwrap_or_default();
                json!({ "ip-address": address, "ip-address-type": kind, "prefix": prefix })
            })
            .collect();
        json!({ "name": self.name, "hardware-address": self.mac, "ip-addresses": addresses })
    }
}

fn size_or(text: Option<&String>, otherwise: u64) -> u64 {
    text.and_then(|text| parse_size(text)).unwrap_or(otherwise)
}

fn millis_or(millis: Option<u64>, otherwise: Duration) -> Duration {
    millis.map_or(otherwise, Duration::from_millis)
}

/// A TOML scalar as a configuration file holds it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Boolean(flag) => u8::from(*flag).to_string(),
        other => other.to_string(),
    }
}
